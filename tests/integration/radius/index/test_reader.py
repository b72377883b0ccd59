import asyncio
import subprocess
import sys

import pytest

from radius.index.entries import (
    CREDENTIALS,
    DEVICES,
    SESSIONS,
    CredentialEntry,
    DeviceEntry,
    SessionEntry,
    encode,
)
from radius.index.environment import is_marked_damaged
from radius.index.keys import Keys
from radius.index.reader import AccountIndex
from radius.index.writer import IndexWriter
from tests.integration.radius.index.conftest import until

KEYS = Keys(bytes(32))
MAC = "02:00:00:00:00:01"
CREDENTIAL = CredentialEntry(b"digest", None, 9e9, "a", "d", KEYS.station(MAC), "city")
DEVICE = DeviceEntry(9e9, "a", "d", "city")
SESSION = SessionEntry("s", "a", 9e9)
CHANGES = [
    (CREDENTIALS, KEYS.username("u"), encode(CREDENTIAL)),
    (DEVICES, KEYS.station(MAC), encode(DEVICE)),
    (SESSIONS, KEYS.station(MAC), encode(SESSION)),
]

WRITE = """
import sys
from pathlib import Path
from radius.index.keys import Keys
from radius.index.writer import IndexWriter
from tests.integration.radius.index.test_reader import CHANGES
writer = IndexWriter(Path(sys.argv[1]), Keys(bytes(32)).check, map_bytes=int(sys.argv[2]))
writer.open()
more = [(b"devices", bytes([number]) * 16, bytes(1000)) for number in range(200)]
writer.apply([*CHANGES, *more], misses=True)
writer.close()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "index"


@pytest.fixture
def index(path):
    index = AccountIndex(path, KEYS)
    yield index
    index.close()


def write(path, *, map_bytes=2**24):
    """As the daemon does for its workers: in another process."""
    command = [sys.executable, "-c", WRITE, str(path), str(map_bytes)]
    subprocess.run(command, check=True, timeout=60)


def test_nothing_is_found_and_nothing_is_said_without_an_index(index):
    index.open()
    assert index.find_credential("u", MAC) == (None, None)
    assert index.find_device(MAC) == (None, None)
    assert not index.state.misses


async def test_what_another_process_writes_is_found(index, path):
    task = asyncio.create_task(index.follow())
    await asyncio.to_thread(write, path)
    await until(lambda: index.state.misses)
    assert index.find_credential("u", None) == (CREDENTIAL, SESSION)
    assert index.find_credential("u", MAC) == (CREDENTIAL, SESSION)
    assert index.find_credential("u", "02:00:00:00:00:09") == (CREDENTIAL, None)
    assert index.find_credential("nobody", MAC) == (None, None)
    assert index.find_device(MAC) == (DEVICE, SESSION)
    assert AccountIndex(path, Keys(bytes([1] * 32))).state.misses is False
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def test_an_index_with_other_keys_proves_nothing(path):
    write(path)
    foreign = AccountIndex(path, Keys(bytes([1] * 32)))
    foreign.open()
    assert foreign.find_device(MAC) == (None, None)
    assert not foreign.state.misses
    foreign.close()


def test_one_that_is_made_anew_is_opened_anew(index, path):
    write(path)
    index.open()
    assert index.find_device(MAC) == (DEVICE, SESSION)
    for file in path.iterdir():
        file.unlink()
    path.rmdir()
    index.open()
    assert index.find_device(MAC) == (None, None)
    assert not index.state.misses
    write(path)
    index.open()
    assert index.find_device(MAC) == (DEVICE, SESSION)


def test_a_larger_map_is_taken_over(index, path):
    write(path, map_bytes=65_536 * 8)
    index.open()
    write(path, map_bytes=2**26)
    assert index.find_device(MAC) == (DEVICE, SESSION)


@pytest.mark.parametrize("table", [CREDENTIALS, DEVICES, SESSIONS])
def test_what_cannot_be_read_is_told_and_proves_nothing(index, path, table):
    writer = IndexWriter(path, KEYS.check, map_bytes=2**24)
    writer.open()
    name = KEYS.username("u") if table == CREDENTIALS else KEYS.station(MAC)
    changes = [change for change in CHANGES if change[0] != table]
    writer.apply([*changes, (table, name, b"\xc1")], misses=True)
    index.attach(writer.environment)
    assert index.state.misses
    find = index.find_device if table == DEVICES else lambda mac: index.find_credential("u", None)
    assert find(MAC) == (None, None)
    assert not index.state.misses
    assert is_marked_damaged(path)
    writer.abandon()
