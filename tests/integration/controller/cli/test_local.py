import getpass

import pytest

from controller.audit import service as audit
from controller.cli.local import opened, operator, record
from controller.core.errors import KolcoError


@pytest.fixture
def here(runtime, monkeypatch):
    """The settings of this machine are the runtime's."""
    monkeypatch.setenv("KOLCO_DATA_DIR", str(runtime.data_dir))
    monkeypatch.setenv("KOLCO_DATABASE_URL", runtime.db.url)
    return runtime


async def test_who_did_what_is_in_the_audit_log_of_this_machines_database(here):
    async with opened(write=True) as (tx, secrets):
        record(tx, "created", "nas", "lo", vendor="generic")
    assert secrets.get("any") == here.secrets.get("any")
    async with opened(write=False) as (tx, _):
        (entry,), _ = await audit.list_entries(tx, object_type="nas")
    assert (entry.action, entry.object_id, entry.detail) == ("created", "lo", {"vendor": "generic"})
    assert entry.operator == operator() == f"{getpass.getuser()} (this machine)"


async def test_what_fails_is_not_written(here):
    async def fail():
        async with opened(write=True) as (tx, _):
            record(tx, "created", "nas", "lo")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    async with opened(write=False) as (tx, _):
        assert await audit.list_entries(tx, object_type="nas") == ([], 0)


async def test_a_database_without_tables_is_explained(tmp_path, monkeypatch):
    monkeypatch.setenv("KOLCO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("KOLCO_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}")

    async def look():
        async with opened(write=False) as (tx, _):
            await audit.list_entries(tx)

    with pytest.raises(KolcoError) as raised:
        await look()
    assert "kolco db upgrade" in raised.value.hint
