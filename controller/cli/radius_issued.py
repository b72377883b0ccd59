"""How what is issued to a device, and expires or is revoked, is shown: credentials and network keys."""

from dataclasses import asdict
from datetime import datetime
from typing import Final

from controller.cli.output import Column, Row, age
from controller.core.clock import SystemClock
from controller.directory.credentials import CredentialView
from controller.directory.network_keys import IssuedNetworkKey, NetworkKeyView
from controller.directory.types import IssuedCredential

DAY_S: Final = 86_400


def issued_row(
    record: IssuedCredential | CredentialView | IssuedNetworkKey | NetworkKeyView,
) -> dict[str, object]:
    """Return a record as JSON writes it, moments in ISO 8601."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in asdict(record).items()
    }


def _state(row: Row) -> str:
    if row["revoked_at"] is not None:
        return "revoked"
    return "expired" if datetime.fromisoformat(row["expires_at"]) <= SystemClock().now() else "valid"


STATE_COLUMNS: Final = (
    Column("STATE", _state),
    Column("ISSUED", lambda row: age(row["created_at"])),
    Column("EXPIRES", lambda row: row["expires_at"][:10]),
)
