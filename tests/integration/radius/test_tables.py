"""Small tables, read from the database and kept on the disk."""

import asyncio
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from controller.core.errors import UnavailableError
from controller.core.secrets import SecretStore
from controller.directory.network_keys import OpenNetworkKey
from controller.nas.events import NasChanged
from radius import tables as t
from radius.policy.repository import InForce, Revision
from radius.proxy.realms import Route
from radius.proxy.repository import HomeRow, Roaming
from radius.radsec.repository import Known, NameRow
from radius.repository import NasRow
from tests.eventually import eventually

MOMENT = datetime(2026, 11, 23, 12, tzinfo=UTC)
READINGS = {
    "nas": (list[NasRow], [NasRow("a", "10.0.0.0/8", b"\x00\xff", True, None, MOMENT, None, MOMENT)]),
    "policy": (InForce, InForce(Revision(3, "rule x\n deny no\n", MOMENT, "me"), {"account": 2})),
    "no policy": (InForce, InForce(None, {})),
    "spent": (dict[str, datetime], {"account": MOMENT}),
    "keys": (list[OpenNetworkKey], [OpenNetworkKey("d-1", "Dom", None, "secret words", bytes(32), MOMENT)]),
    "routes": (
        Roaming,
        Roaming(
            [HomeRow("h", "udp", "192.0.2.1", 1812, 1813, b"s", "", True, False, True)],
            [Route("*.x", ("h",))],
        ),
    ),
    "peers": (Known, Known([NameRow("ap.x", "a", "generic", "asked")], frozenset({"0010a42319c0"}))),
}


@pytest.fixture
def files(tmp_path):
    return t.TableFiles(tmp_path / "tables", SecretStore(tmp_path / "secrets"), lambda: 1_000_000.0)


@pytest.mark.parametrize("name", READINGS)
def test_what_is_kept_is_found(files, name):
    kind, reading = READINGS[name]
    assert files.find(name, kind) is None
    files.keep(name, reading)
    assert files.find(name, kind) == (reading, 0.0)


def test_it_is_sealed_and_its_owners_only(files, tmp_path):
    files.keep("keys", READINGS["keys"][1])
    (path,) = (tmp_path / "tables").iterdir()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    content = path.read_bytes()
    assert b"secret words" not in content
    assert b"Dom" not in content
    stranger = t.TableFiles(path.parent, SecretStore(tmp_path / "others"))
    assert stranger.find("keys", READINGS["keys"][0]) is None


def test_the_same_is_not_written_again_but_is_as_of_now(files, tmp_path):
    files.keep("spent", {"account": MOMENT})
    path = tmp_path / "tables" / "spent"
    before = path.read_bytes()
    files._now = lambda: 1_000_100.0
    assert files.find("spent", dict[str, datetime])[1] == 100.0
    files.keep("spent", {"account": MOMENT})
    assert path.read_bytes() == before
    assert files.find("spent", dict[str, datetime])[1] == 0.0
    files.keep("spent", {})
    assert files.find("spent", dict[str, datetime]) == ({}, 0.0)
    assert [one.name for one in path.parent.iterdir()] == ["spent"]


@pytest.mark.parametrize("damage", [b"", bytes(31), bytes(200)])
def test_what_is_damaged_or_of_another_form_counts_as_nothing(files, tmp_path, damage):
    files.keep("spent", {"account": MOMENT})
    assert files.find("spent", list[NasRow]) is None
    (tmp_path / "tables" / "spent").write_bytes(damage)
    assert files.find("spent", dict[str, datetime]) is None
    files.keep("spent", {"account": MOMENT})
    assert files.find("spent", dict[str, datetime]) is not None


@dataclass
class Source:
    """A table of which the database has a reading, unless it is away or silent."""

    reading: dict[str, int]
    error: Exception | None = None
    silent: bool = False
    taken: dict[str, int] | None = None

    async def read(self):
        if self.silent:
            await asyncio.Event().wait()
        if self.error:
            raise self.error
        return self.reading

    def take(self, reading):
        self.taken = reading

    @property
    def table(self):
        return t.Table("few", dict[str, int], self.read, self.take)


@pytest.fixture
def make(runtime):
    def one():
        return t.Tables(replace(runtime, registry=CollectorRegistry()))

    return one


def shown(tables, name):
    return tables._runtime.registry.get_sample_value(f"kolco_radius_table_{name}", {"table": "few"})


async def test_a_start_while_the_database_is_away_goes_by_the_disk_until_it_is_back(make):
    source = Source({"a": 1})
    await make().follow(source.table, NasChanged, every_s=60)
    assert source.taken == {"a": 1}
    source.error, source.taken = ConnectionRefusedError("refused"), None
    tables = make()
    with capture_logs() as logs:
        await tables.follow(source.table, NasChanged, every_s=60)
    assert source.taken == {"a": 1}
    (told,) = [log for log in logs if log["event"] == "radius.table_from_disk"]
    assert (told["table"], told["log_level"]) == ("few", "warning")
    assert shown(tables, "from_disk") == 1
    assert tables.away
    source.error, source.reading = None, {"b": 2}

    async def read():
        return source.taken == {"b": 2} and shown(tables, "from_disk") == 0

    await eventually(read)


async def test_one_that_says_nothing_is_not_waited_for_long_nor_twice(make, monkeypatch):
    monkeypatch.setattr(t, "_PATIENCE_S", 0.05)
    source = Source({"a": 1})
    await make().follow(source.table, every_s=60)
    source.silent, source.taken = True, None
    tables = make()
    async with asyncio.timeout(10):
        await tables.follow(source.table, every_s=60)
    assert source.taken == {"a": 1}
    monkeypatch.setattr(t, "_PATIENCE_S", 3_600)
    source.taken = None
    async with asyncio.timeout(10):
        await t.Tables(replace(tables._runtime, registry=CollectorRegistry()), away=True).follow(
            source.table, every_s=60
        )
    assert source.taken == {"a": 1}


async def test_what_was_never_read_cannot_be_made_do_with(make):
    source = Source({"a": 1}, ConnectionRefusedError("refused"))
    with pytest.raises(UnavailableError, match="was never read"):
        await make().follow(source.table, every_s=60)


async def test_a_fault_is_no_reason_to_go_by_the_disk(make):
    source = Source({"a": 1})
    await make().follow(source.table, every_s=60)
    source.error = ValueError("a fault")
    with pytest.raises(ValueError, match="a fault"):
        await make().follow(source.table, every_s=60)


async def test_a_disk_that_takes_nothing_is_told_of_and_no_reason_to_stop(make, runtime):
    (runtime.data_dir / "radius").mkdir(exist_ok=True)
    (runtime.data_dir / "radius" / "tables").write_text("in the way")
    source = Source({"a": 1})
    with capture_logs() as logs:
        await make().follow(source.table, every_s=60)
    assert source.taken == {"a": 1}
    assert [log["table"] for log in logs if log["event"] == "radius.table_not_kept"] == ["few"]
