"""Who is let in by RADIUS on which terms: the policy's revisions; and who asked for a new identity.

A policy is a document of a few dozen rules: it is stored whole, each change as a new revision, so a
decision of the past can be explained by the rules it was made with.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.db import Base
from controller.models.columns import Moment, Ulid


class PolicyRevision(Base):
    """The whole policy as it stood from a moment on; the newest one is in force."""

    __tablename__ = "policy_revisions"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    text: Mapped[str] = mapped_column(sa.Text)
    """The rules, as `kolco radius policy show` writes them."""
    made_at: Mapped[Moment]
    made_by: Mapped[str] = mapped_column(sa.String(200))


class CuiReset(Base):
    """An account whose Chargeable-User-Identity was changed on request, and how often."""

    __tablename__ = "cui_resets"

    account_id: Mapped[Ulid] = mapped_column(
        sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    generation: Mapped[int]
    reset_at: Mapped[Moment]


class SpentAccount(Base):
    """An account whose volume of the day or month is used up; RADIUS keeps these."""

    __tablename__ = "spent_accounts"

    account_id: Mapped[Ulid] = mapped_column(
        sa.ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True
    )
    until: Mapped[Moment]
    """When the day or month is over."""
