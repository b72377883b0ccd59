"""What home servers and realms are to the rest of kolco, and the check of what is given."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final, Literal

from controller.core.errors import InvalidInputError

HOME_SECRET: Final = "home-secret"  # noqa: S105 - the name of a purpose, no secret
"""Purpose under which a home server's shared secret is sealed (`SecretStore.seal`)."""
DEFAULT: Final = "DEFAULT"
"""The pattern of every realm that no other pattern names."""
NULL: Final = "NULL"
"""The pattern of user names without a realm."""
RADSEC_PORT: Final = 2083
AUTH_PORT: Final = 1812
ACCT_PORT: Final = 1813

Protocol = Literal["udp", "radsec"]

_MIN_SECRET_LENGTH: Final = 16
_MAX_PORT: Final = 65_535
_MAX_REALM_LENGTH: Final = 253
_SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_HOST = re.compile(r"(?=.{1,253}\Z)[A-Za-z0-9](?:[A-Za-z0-9-]*)(?:\.[A-Za-z0-9-]+)*")
_LABEL = re.compile(r"[\w](?:[\w-]{0,61}[\w])?")


@dataclass(frozen=True)
class NewHome:
    """A home server to add.

    Attributes:
        id: slug; a metric label.
        protocol: udp or radsec.
        host: IP address or host name.
        auth_port: port of authentication; 0 is the usual one. With radsec, of everything.
        acct_port: UDP port of accounting; 0 is the usual one.
        secret: shared secret of at least 16 octets; empty with radsec.
        server_name: name that a radsec server's certificate must hold; empty: the host.
        require_message_authenticator: drop its Access-* answers that have none (CVE-2024-3596).
        trusted: it may also set VLAN, filter and any vendor's attributes.
        status_server: it answers Status-Server.
    """

    id: str
    protocol: Protocol
    host: str
    auth_port: int = 0
    acct_port: int = 0
    secret: str = ""
    server_name: str = ""
    require_message_authenticator: bool = True
    trusted: bool = False
    status_server: bool = True


@dataclass(frozen=True)
class HomeView:
    """A home server as people see it; the secret is not shown."""

    id: str
    protocol: str
    host: str
    auth_port: int
    acct_port: int
    server_name: str
    require_message_authenticator: bool
    trusted: bool
    status_server: bool
    enabled: bool


@dataclass(frozen=True)
class RealmView:
    """A realm and who answers for it; no homes: this server."""

    pattern: str
    homes: tuple[str, ...]
    balance: bool


def check_home(new: NewHome) -> None:
    """Check a home server.

    Raises:
        InvalidInputError: something given is wrong.
    """
    if not _SLUG.fullmatch(new.id):
        raise InvalidInputError(
            f"{new.id!r} is no identifier", hint="use lower-case letters, digits and hyphens", field="id"
        )
    if not _is_host(new.host):
        raise InvalidInputError(f"{new.host!r} is neither an address nor a host name", field="host")
    if not all(0 <= port <= _MAX_PORT for port in (new.auth_port, new.acct_port)):
        raise InvalidInputError("a port is 1 to 65535", field="port")
    if new.protocol == "udp" and len(new.secret.encode()) < _MIN_SECRET_LENGTH:
        raise InvalidInputError(
            f"the shared secret is shorter than {_MIN_SECRET_LENGTH} octets",
            hint="agree on a longer one with the other operator, or better use radsec",
            field="secret",
        )
    if new.protocol == "radsec" and new.secret:
        raise InvalidInputError("radsec has no shared secret of its own (RFC 6614 §2.3)", field="secret")


def check_pattern(text: str) -> str:
    """Return a realm's pattern in the form it is stored.

    Raises:
        InvalidInputError: it is none.
    """
    if text.upper() in {DEFAULT, NULL}:
        return text.upper()
    pattern = text.lower()
    labels = pattern.removeprefix("*.").split(".")
    if len(pattern) > _MAX_REALM_LENGTH or not all(_LABEL.fullmatch(label) for label in labels):
        raise InvalidInputError(
            f"{text!r} is no realm",
            hint="write example.net, *.3gppnetwork.org, DEFAULT or NULL",
            field="pattern",
        )
    return pattern


def _is_host(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return bool(_HOST.fullmatch(text))
    return True
