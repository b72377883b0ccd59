"""What a NAS is to the rest of kolco. Holds no behaviour but the check of what is given."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

from controller.core.errors import InvalidInputError

SECRET_PURPOSE: Final = "nas-secret"  # noqa: S105 - the name of a purpose, no secret
"""Purpose under which a NAS's shared secret is sealed (`SecretStore.seal`)."""
RADSEC_APS: Final = "radsec-aps"
"""Under this identifier access points are counted that come by RadSec and have no entry of their own."""
MIN_SECRET_LENGTH: Final = 16
"""Octets; a shorter secret falls to an offline search of one captured packet."""

_NAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.:-]{0,252})")
VENDORS: Final = ("generic", "aruba", "cambium", "chilli", "cisco", "huawei", "mikrotik", "ruckus")
"""Makers of NASes whose own attributes RADIUS can write; `generic`: those of WISPr and the RFCs."""
CUI_MODES: Final = ("asked", "always", "never")
"""When a NAS gets a Chargeable-User-Identity (RFC 4372): if its request asks, always, or never."""

_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")


@dataclass(frozen=True)
class NewNas:
    """A NAS to add.

    Attributes:
        id: slug; a metric label, so it must not name a person.
        name: for people.
        cidr: IPv4 or IPv6 address or network its packets come from; empty: it comes by RadSec only.
        secret: shared secret, at least 16 octets; empty: one is generated.
        require_message_authenticator: drop Access-Requests without it (CVE-2024-3596).
        site_id: where it stands; None if it serves many sites.
        radsec_name: name in the certificate with which it comes by RadSec; empty: it does not.
        vendor: whose attributes it understands, one of `VENDORS`.
        cui: when it gets a Chargeable-User-Identity, one of `CUI_MODES`.
    """

    id: str
    name: str
    cidr: str
    secret: str = ""
    require_message_authenticator: bool = True
    site_id: str | None = None
    radsec_name: str = ""
    vendor: str = "generic"
    cui: str = "asked"


@dataclass(frozen=True)
class NasChanges:
    """What is to be changed of a NAS, as of `NewNas`; None: it stays."""

    name: str | None = None
    cidr: str | None = None
    require_message_authenticator: bool | None = None
    enabled: bool | None = None
    site_id: str | None = None
    vendor: str | None = None
    cui: str | None = None


@dataclass(frozen=True)
class NasView:
    """A NAS as people see it; the secret is not shown."""

    id: str
    name: str
    cidr: str
    require_message_authenticator: bool
    enabled: bool
    site_id: str | None
    last_seen_at: str | None
    """ISO 8601, UTC; None if it was never heard."""
    radsec_name: str = ""
    signed_at: str | None = None
    """When it last sent a Message-Authenticator unforced (not in EAP); ISO 8601, UTC, as it was noted."""
    unsigned_at: str | None = None
    """When it last sent an Access-Request without one."""
    vendor: str = "generic"
    cui: str = "asked"


@dataclass(frozen=True)
class AddedNas:
    """A NAS just added, with its secret: shown this once."""

    nas: NasView
    secret: str


def check_new(new: NewNas) -> str:
    """Return the network in canonical form; empty if there is none, but a name for RadSec.

    Raises:
        InvalidInputError: the slug, the network or the secret is wrong.
    """
    if not _SLUG.fullmatch(new.id):
        raise InvalidInputError(
            f"{new.id!r} is no identifier", hint="use lower-case letters, digits and hyphens", field="id"
        )
    if new.id == RADSEC_APS:
        raise InvalidInputError(
            f"{new.id} stands for access points without an entry", hint="choose another", field="id"
        )
    check_secret(new.secret)
    check_manners(new.vendor, new.cui)
    if new.radsec_name and not _NAME.fullmatch(new.radsec_name):
        raise InvalidInputError(
            f"{new.radsec_name!r} is no name of a certificate",
            hint="write it as the certificate has it: ap-7.example.net",
            field="radsec_name",
        )
    if not new.cidr:
        if new.radsec_name:
            return ""
        raise InvalidInputError(
            "it is not said where its packets come from",
            hint="give an address or network, or --radsec-name if it comes by RadSec only",
            field="cidr",
        )
    return check_network(new.cidr)


def check_network(cidr: str) -> str:
    """Return an address or network in canonical form.

    Raises:
        InvalidInputError: it is none.
    """
    try:
        return str(ipaddress.ip_network(cidr))
    except ValueError as error:
        raise InvalidInputError(
            f"{cidr!r} is no address or network",
            hint="write it as 10.1.2.3, 10.1.0.0/16 or 2001:db8::/32, with no bits set beyond the prefix",
            field="cidr",
        ) from error


def check_manners(vendor: str, cui: str) -> None:
    """Check how a NAS is to be answered.

    Raises:
        InvalidInputError: there is no such vendor or mode.
    """
    for what, value, known in (("vendor", vendor, VENDORS), ("cui", cui, CUI_MODES)):
        if value not in known:
            raise InvalidInputError(
                f"there is no {what} {value!r}", hint=f"{what}: {', '.join(known)}", field=what
            )


def check_secret(secret: str) -> None:
    """Check a shared secret that was given; an empty one stands for one to be generated.

    Raises:
        InvalidInputError: it is too short.
    """
    if secret and len(secret.encode()) < MIN_SECRET_LENGTH:
        raise InvalidInputError(
            f"the secret is shorter than {MIN_SECRET_LENGTH} octets",
            hint="leave it out and a strong one is generated",
            field="secret",
        )
