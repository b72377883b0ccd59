"""Where RADIUS requests of other realms go: home servers, and which realm belongs to which."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.db import Base
from controller.models.columns import JsonList, Slug


class RadiusHome(Base):
    """A home server: a RADIUS server of somebody else to which requests are handed on."""

    __tablename__ = "radius_homes"

    id: Mapped[Slug] = mapped_column(primary_key=True)
    protocol: Mapped[str] = mapped_column(sa.String(6))
    """udp or radsec."""
    host: Mapped[str] = mapped_column(sa.String(253))
    auth_port: Mapped[int]
    acct_port: Mapped[int]
    """With radsec both ports are the same."""
    secret_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    """None with radsec, whose shared secret is fixed (RFC 6614 §2.3)."""
    server_name: Mapped[str] = mapped_column(sa.String(253), default="")
    """Name that a radsec server's certificate must hold; empty: the host."""
    require_message_authenticator: Mapped[bool] = mapped_column(default=True)
    trusted: Mapped[bool] = mapped_column(default=False)
    """True: it may also set VLAN, filter and any vendor's attributes."""
    status_server: Mapped[bool] = mapped_column(default=True)
    """It answers Status-Server (RFC 5997), so it is asked whether it is alive."""
    enabled: Mapped[bool] = mapped_column(default=True)


class RadiusRealm(Base):
    """A realm, or a wildcard of them, and the home servers that answer for it."""

    __tablename__ = "radius_realms"

    pattern: Mapped[str] = mapped_column(sa.String(253), primary_key=True)
    """`example.net`, `*.example.net`, `DEFAULT` or `NULL` (no realm at all)."""
    homes: Mapped[JsonList] = mapped_column(default=list)
    """Identifiers of home servers, the first choice first; empty: answered here."""
    balance: Mapped[bool] = mapped_column(default=False)
    """Share users among the home servers; else the first that is alive serves all."""
