"""Network keys of single devices (MPSK): a WPA2 passphrase that only one household or thing has.

A key is a device credential in another form: who it lets in, until when, and whether still, says the
credential of its name, so that one revocation ends both.
"""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.db import Base
from controller.models.columns import MacAddress, Moment


class NetworkKey(Base):
    """A passphrase for one SSID."""

    __tablename__ = "network_keys"

    username: Mapped[str] = mapped_column(
        sa.String(64), sa.ForeignKey("device_credentials.username", ondelete="CASCADE"), primary_key=True
    )
    ssid: Mapped[str] = mapped_column(sa.String(32), index=True)
    mac: Mapped[MacAddress | None] = mapped_column(index=True)
    """The only device it is good for; None: whichever device knows it, where the access point lets us see."""
    sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """The passphrase."""
    pmk_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    """The pairwise master key of passphrase and SSID, in hex: it takes 4,096 hashes, so once is enough."""
    created_at: Mapped[Moment]
