from datetime import UTC, datetime, timedelta

from controller.cli.radius_issued import STATE_COLUMNS, issued_row
from controller.directory.credentials import CredentialView

NOW = datetime.now(UTC)


def shown(**changes):
    values = {"username": "d-1", "created_at": NOW, "expires_at": NOW + timedelta(days=1), "revoked_at": None}
    row = issued_row(CredentialView(**values | changes))
    return [column.value(row) if callable(column.value) else row[column.value] for column in STATE_COLUMNS]


def test_a_row_is_as_json_writes_it():
    assert issued_row(CredentialView("d-1", NOW, NOW, None)) == {
        "username": "d-1", "created_at": NOW.isoformat(), "expires_at": NOW.isoformat(), "revoked_at": None,
    }  # fmt: skip


def test_the_state_is_revoked_before_it_is_expired():
    assert shown()[0] == "valid"
    assert shown()[2] == (NOW + timedelta(days=1)).date().isoformat()
    assert shown(expires_at=NOW - timedelta(days=1))[0] == "expired"
    assert shown(expires_at=NOW - timedelta(days=1), revoked_at=NOW)[0] == "revoked"
