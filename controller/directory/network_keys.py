"""Network keys of single devices (MPSK): a WPA2 passphrase of one device, or of one household, in one SSID.

A key is issued as a device credential whose name it bears: that says until when it is good, and revoking it
ends the key. The pairwise master key is computed once, here, because that takes 4,096 hashes.
"""

import secrets as random
from dataclasses import dataclass
from datetime import datetime
from hashlib import pbkdf2_hmac
from typing import Final

from controller.core import outbox
from controller.core.db import Tx
from controller.core.errors import InvalidInputError, NotFoundError
from controller.core.mac import Mac
from controller.core.secrets import SecretStore
from controller.directory import credentials, repository
from controller.directory.events import NetworkKeyChanged
from controller.directory.service import Directory
from controller.models import NetworkKey

PMK_LENGTH: Final = 32
_ITERATIONS: Final = 4_096
_LONGEST_SSID: Final = 32
_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""31 characters that are not mistaken for each other, on a phone's first keyboard."""
_GROUPS: Final = 5
_GROUP: Final = 4
"""99 bits: who records a handshake must try them one by one, each at 4,096 hashes."""
_PURPOSE: Final = "network-key"


@dataclass(frozen=True)
class IssuedNetworkKey:
    """A key as it is told once; `username` is the name it is listed and revoked by."""

    username: str
    ssid: str
    passphrase: str
    expires_at: datetime


@dataclass(frozen=True)
class NetworkKeyView:
    """A key without its passphrase; `mac` is None if it is good for any device that knows it."""

    username: str
    ssid: str
    mac: Mac | None
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class OpenNetworkKey:
    """A key that was not revoked, as access points are told it."""

    username: str
    ssid: str
    mac: Mac | None
    passphrase: str
    pmk: bytes
    created_at: datetime


def derive_pmk(passphrase: str, ssid: str) -> bytes:
    """Return the pairwise master key (IEEE 802.11-2020 §J.4); takes about two milliseconds."""
    return pbkdf2_hmac("sha1", passphrase.encode(), ssid.encode(), _ITERATIONS, PMK_LENGTH)


async def issue(
    tx: Tx,
    directory: Directory,
    secrets: SecretStore,
    *,
    mac: Mac,
    ssid: str,
    any_device: bool,
    now: datetime,
    valid_s: int,
) -> IssuedNetworkKey:
    """Issue a key for a known device; with `any_device` others may use it too, and count as that device.

    Raises:
        NotFoundError: nobody has logged in with that device.
        InvalidInputError: no SSID is so long, or so short.
    """
    if not 1 <= len(ssid.encode()) <= _LONGEST_SSID:
        raise InvalidInputError(f"an SSID has 1 to {_LONGEST_SSID} octets", field="ssid")
    credential = await credentials.issue(tx, directory, mac=mac, now=now, valid_s=valid_s)
    passphrase = "-".join("".join(random.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(_GROUPS))
    tx.add(
        NetworkKey(
            username=credential.username,
            ssid=ssid,
            mac=None if any_device else mac,
            sealed=secrets.seal(_PURPOSE, passphrase),
            pmk_sealed=secrets.seal(_PURPOSE, derive_pmk(passphrase, ssid).hex()),
            created_at=now,
        )
    )
    await tx.flush()
    await outbox.add(tx, NetworkKeyChanged(credential.username))
    return IssuedNetworkKey(credential.username, ssid, passphrase, credential.expires_at)


async def list_of(tx: Tx, *, mac: Mac | None, ssid: str | None) -> list[NetworkKeyView]:
    """Return the keys issued for a device or in a network, the newest first."""
    return [NetworkKeyView(*row) for row in await repository.list_network_keys(tx, mac=mac, ssid=ssid)]


async def revoke(tx: Tx, *, username: str, now: datetime) -> None:
    """Make a key invalid; one that is stays as it was.

    Raises:
        NotFoundError: there is none of that name.
    """
    if not await repository.is_network_key(tx, username):
        raise NotFoundError(f"there is no network key {username}", hint="`kolco radius psk list` shows them")
    await credentials.revoke(tx, username=username, now=now)
    await outbox.add(tx, NetworkKeyChanged(username))


async def find(tx: Tx, secrets: SecretStore, *, username: str, now: datetime) -> OpenNetworkKey | None:
    """Return a key that is still good; None if it is not."""
    rows = await repository.page_network_keys(tx, after="", limit=1, now=now, username=username)
    return _open(rows[0], secrets) if rows else None


async def page(
    tx: Tx, secrets: SecretStore, *, after: str, limit: int, now: datetime
) -> list[OpenNetworkKey]:
    """Return the next good keys by name; fewer than `limit` if they are the last."""
    rows = await repository.page_network_keys(tx, after=after, limit=limit, now=now)
    return [_open(row, secrets) for row in rows]


def _open(row: NetworkKey, secrets: SecretStore) -> OpenNetworkKey:
    return OpenNetworkKey(
        row.username,
        row.ssid,
        None if row.mac is None else Mac(row.mac),
        secrets.unseal(_PURPOSE, row.sealed),
        bytes.fromhex(secrets.unseal(_PURPOSE, row.pmk_sealed)),
        row.created_at,
    )
