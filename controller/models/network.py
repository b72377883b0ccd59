"""What the city offers and where it is enforced: WLANs, gateways, leases, NAS clients."""

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from controller.core.db import Base
from controller.models.columns import JsonList, MacAddress, Moment, Name, Serial, Slug


class Wlan(Base):
    """A network name on the air and how it is secured."""

    __tablename__ = "wlans"

    id: Mapped[Slug] = mapped_column(primary_key=True)
    ssid: Mapped[str] = mapped_column(sa.String(32))
    """At most 32 bytes in UTF-8 (IEEE 802.11-2020 §9.4.2.2)."""
    security: Mapped[str] = mapped_column(sa.String(20), default="open")
    """open, owe or owe-transition."""
    bands: Mapped[JsonList] = mapped_column(default=lambda: ["2.4", "5"])
    vlan: Mapped[int | None]
    isolate: Mapped[bool] = mapped_column(default=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    all_sites: Mapped[bool] = mapped_column(default=True)
    """False: only at the sites listed in `wlan_sites`."""


class WlanSite(Base):
    """A site at which a WLAN is on the air."""

    __tablename__ = "wlan_sites"

    wlan_id: Mapped[Slug] = mapped_column(sa.ForeignKey("wlans.id", ondelete="CASCADE"), primary_key=True)
    site_id: Mapped[Slug] = mapped_column(sa.ForeignKey("sites.id", ondelete="CASCADE"), primary_key=True)


class Gateway(Base):
    """A gateway: routes clients to the Internet and holds the gate."""

    __tablename__ = "gateways"

    id: Mapped[Slug] = mapped_column(primary_key=True)
    name: Mapped[Name]
    site_id: Mapped[Slug | None] = mapped_column(sa.ForeignKey("sites.id"))
    lan_cidr: Mapped[str] = mapped_column(sa.String(43))
    last_seen_at: Mapped[Moment | None]
    clients: Mapped[int] = mapped_column(default=0)


class Lease(Base):
    """Which client has which address behind a gateway."""

    __tablename__ = "leases"

    gateway_id: Mapped[Slug] = mapped_column(
        sa.ForeignKey("gateways.id", ondelete="CASCADE"), primary_key=True
    )
    ip: Mapped[str] = mapped_column(sa.String(45), primary_key=True)
    mac: Mapped[MacAddress] = mapped_column(index=True)
    seen_at: Mapped[Moment]
    expires_at: Mapped[Moment | None]
    ap_serial: Mapped[Serial | None]


class Nas(Base):
    """A RADIUS client (RFC 2865 §1.2): an access point or gateway, or a network of them."""

    __tablename__ = "nas"

    id: Mapped[Slug] = mapped_column(primary_key=True)
    name: Mapped[Name]
    cidr: Mapped[str | None] = mapped_column(sa.String(43), unique=True)
    """Where its packets come from over UDP; None: it only comes by RadSec."""
    radsec_name: Mapped[str | None] = mapped_column(sa.String(253), unique=True)
    """Name in the certificate with which it comes by RadSec (RFC 6614); None: it does not."""
    secret_sealed: Mapped[bytes] = mapped_column(sa.LargeBinary)
    previous_secret_sealed: Mapped[bytes | None] = mapped_column(sa.LargeBinary)
    """The secret before the last rotation, good until `previous_until`."""
    previous_until: Mapped[Moment | None]
    require_message_authenticator: Mapped[bool] = mapped_column(default=True)
    enabled: Mapped[bool] = mapped_column(default=True)
    site_id: Mapped[Slug | None] = mapped_column(sa.ForeignKey("sites.id"))
    last_seen_at: Mapped[Moment | None]
    signed_at: Mapped[Moment | None]
    """When it last sent an Access-Request with Message-Authenticator unforced, that is without EAP."""
    unsigned_at: Mapped[Moment | None]
    """When it last sent one without; such are dropped where Message-Authenticator is required."""
    vendor: Mapped[str] = mapped_column(sa.String(16), default="generic", server_default="generic")
    """Whose attributes it understands: generic (WISPr), aruba, cisco, mikrotik, ruckus, …"""
    cui: Mapped[str] = mapped_column(sa.String(8), default="asked", server_default="asked")
    """When it gets a Chargeable-User-Identity (RFC 4372): asked, always or never."""
