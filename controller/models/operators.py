"""Who runs the network, and what they did."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.db import Base
from controller.models.columns import JsonObject, Moment, Ulid


class Operator(Base):
    """An engineer, a help-desk clerk or a program that may use the API."""

    __tablename__ = "operators"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(sa.String(80), unique=True)
    role: Mapped[str] = mapped_column(sa.String(10))
    """viewer, engineer or admin."""
    token_digest: Mapped[bytes] = mapped_column(sa.LargeBinary(32), unique=True)
    created_at: Mapped[Moment]
    disabled_at: Mapped[Moment | None]


class AuditEntry(Base):
    """Who did what, and when; never changed, never holds personal data."""

    __tablename__ = "audit_log"

    id: Mapped[Ulid] = mapped_column(primary_key=True)
    at: Mapped[Moment] = mapped_column(index=True)
    operator: Mapped[str] = mapped_column(sa.String(80))
    action: Mapped[str] = mapped_column(sa.String(40))
    object_type: Mapped[str] = mapped_column(sa.String(20))
    object_id: Mapped[str] = mapped_column(sa.String(80))
    detail: Mapped[JsonObject] = mapped_column(default=dict)
