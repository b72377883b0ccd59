"""Rows of the database as entries of the index. A pure module.

Finding them, and the order of their columns, is the matter of `repository`.
"""

from typing import Any, Final

from radius.index.entries import (
    ACCOUNTS,
    CREDENTIALS,
    DEVICES,
    SESSIONS,
    AccountEntry,
    CredentialEntry,
    DeviceEntry,
    SessionEntry,
    encode,
)
from radius.index.keys import Keys

Item = tuple[bytes, bytes]
"""A key and its encoded entry."""


def credential_entry(row: Any, station: bytes) -> CredentialEntry:
    """Return a credential as it stands in the index; `station` is the key of its device."""
    # Taken apart as a tuple, because asking a row for each column by name takes longer than the rest.
    _, _, digest, sealed, expires_at, account_id, device_id, _, plan_id = row
    return CredentialEntry(
        bytes(digest),
        None if sealed is None else bytes(sealed),
        expires_at.timestamp(),
        account_id,
        device_id,
        station,
        plan_id,
    )


def device_entry(row: Any) -> DeviceEntry:
    """Return a remembered device as it stands in the index."""
    device_id, _, remembered_until, account_id, plan_id = row
    return DeviceEntry(remembered_until.timestamp(), account_id, device_id, plan_id)


def account_entry(row: Any, keys: Keys) -> AccountEntry:
    """Return who of an account is online."""
    return AccountEntry([(keys.station(mac), over.timestamp()) for mac, over in row.online])


def session_entry(row: Any) -> SessionEntry:
    """Return an open session as it stands in the index."""
    session_id, _, account_id, expires_at = row
    return SessionEntry(session_id, account_id, expires_at.timestamp())


def _credential(row: Any, keys: Keys) -> Item:
    return keys.username(row[1]), encode(credential_entry(row, keys.station(row[7])))


def _device(row: Any, keys: Keys) -> Item:
    return keys.station(row[1]), encode(device_entry(row))


def _session(row: Any, keys: Keys) -> Item:
    return keys.station(row[1]), encode(session_entry(row))


def _account(row: Any, keys: Keys) -> Item:
    return keys.account(row.id), encode(account_entry(row, keys))


TO_ITEM: Final = {CREDENTIALS: _credential, DEVICES: _device, SESSIONS: _session, ACCOUNTS: _account}
"""By table, what makes an item of a row."""
