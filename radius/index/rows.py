"""Rows of the database as entries of the index. A pure module; finding the rows is `repository`'s."""

from typing import Any, Final

from radius.index.entries import (
    ACCOUNTS,
    CREDENTIALS,
    DEVICES,
    SESSIONS,
    AccountEntry,
    CredentialEntry,
    DeviceEntry,
    Keys,
    SessionEntry,
    encode,
)

Item = tuple[bytes, bytes]
"""A key and its encoded entry."""


def credential_entry(row: Any, station: bytes) -> CredentialEntry:
    """Return a credential as it stands in the index; `station` is the key of its device."""
    return CredentialEntry(
        bytes(row.secret_digest),
        None if row.sealed is None else bytes(row.sealed),
        row.expires_at.timestamp(),
        row.account_id,
        row.device_id,
        station,
        row.plan_id,
    )


def device_entry(row: Any) -> DeviceEntry:
    """Return a remembered device as it stands in the index."""
    return DeviceEntry(row.remembered_until.timestamp(), row.account_id, row.id, row.plan_id)


def account_entry(row: Any, keys: Keys) -> AccountEntry:
    """Return who of an account is online."""
    return AccountEntry([(keys.station(mac), over.timestamp()) for mac, over in row.online])


def session_entry(row: Any) -> SessionEntry:
    """Return an open session as it stands in the index."""
    return SessionEntry(row.id, row.account_id, row.expires_at.timestamp())


def _credential(row: Any, keys: Keys) -> Item:
    return keys.username(row.username), encode(credential_entry(row, keys.station(row.mac)))


def _device(row: Any, keys: Keys) -> Item:
    return keys.station(row.mac), encode(device_entry(row))


def _session(row: Any, keys: Keys) -> Item:
    return keys.station(row.mac), encode(session_entry(row))


def _account(row: Any, keys: Keys) -> Item:
    return keys.account(row.id), encode(account_entry(row, keys))


TO_ITEM: Final = {CREDENTIALS: _credential, DEVICES: _device, SESSIONS: _session, ACCOUNTS: _account}
"""By table, what makes an item of a row."""
