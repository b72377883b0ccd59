"""A device's credentials for RADIUS as operators handle them: issued for a MAC, listed, revoked.

A credential is a random user name and password; a certificate that names it (EAP-TLS) is good as long as
the credential is, because RADIUS looks the credential up at each login. Checking is `service`'s matter.
"""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Final

from controller.core import outbox
from controller.core.db import Tx
from controller.core.errors import NotFoundError
from controller.core.mac import Mac
from controller.directory import repository
from controller.directory.events import CredentialChanged
from controller.directory.service import Directory
from controller.directory.types import IssuedCredential

_SERIAL_LENGTH: Final = 20
"""RFC 5280 §4.1.2.2: at most so many octets, and positive."""


@dataclass(frozen=True)
class CredentialView:
    """A credential without its password."""

    username: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


async def issue(tx: Tx, directory: Directory, *, mac: Mac, now: datetime, valid_s: int) -> IssuedCredential:
    """Issue a credential for a known device; its others stay good.

    Raises:
        NotFoundError: nobody has logged in with that device.
    """
    device = await _get_device_id(tx, mac)
    return await directory.issue_credential(tx, device_id=device, now=now, valid_s=valid_s)


async def list_of(tx: Tx, *, mac: Mac) -> list[CredentialView]:
    """Return a device's credentials, the newest first.

    Raises:
        NotFoundError: nobody has logged in with that device.
    """
    rows = await repository.list_credentials(tx, await _get_device_id(tx, mac))
    return [CredentialView(row.username, row.created_at, row.expires_at, row.revoked_at) for row in rows]


async def revoke(tx: Tx, *, username: str, now: datetime) -> None:
    """Make a credential, and every certificate that names it, invalid; one that is stays as it was.

    Raises:
        NotFoundError: there is none of that name.
    """
    if not await repository.revoke_credential(tx, username, now):
        raise NotFoundError(
            f"there is no credential {username}", hint="`kolco radius credential list --mac …` shows them"
        )
    await outbox.add(tx, CredentialChanged(username))


def certificate_serial(username: str) -> int:
    """Return the serial number of the certificate that names a credential.

    It is made of the name, whose eighty random bits nobody can foresee, so that a revocation list can be made
    with no record of certificates.
    """
    return int.from_bytes(sha256(username.encode()).digest()[:_SERIAL_LENGTH], "big") >> 1


async def list_revoked(tx: Tx, *, now: datetime) -> list[tuple[int, datetime]]:
    """Return the certificate serials of revoked credentials that have not expired, and since when."""
    return [
        (certificate_serial(username), revoked_at)
        for username, revoked_at in await repository.list_revoked_credentials(tx, now)
    ]


async def _get_device_id(tx: Tx, mac: Mac) -> str:
    device = await repository.find_device(tx, mac)
    if device is None:
        raise NotFoundError(
            f"no device {mac} is known", hint="a citizen logs in on the portal with it first", mac=mac
        )
    return device.id
