import os
import subprocess
import sys

import lmdb
import pytest

from controller.core.errors import UnavailableError
from radius.index import environment as e
from radius.index.entries import CREDENTIALS


@pytest.fixture
def path(tmp_path):
    return tmp_path / "radius" / "accounts.lmdb"


def write(opened, count=1):
    with opened.lmdb.begin(write=True, db=opened.tables[CREDENTIALS]) as tx:
        for number in range(count):
            tx.put(number.to_bytes(16, "big"), bytes(200))


def test_it_is_made_its_owners_only_and_kept(path):
    assert e.open_reader(path) is None
    opened = e.open_writer(path, map_bytes=2**24)
    write(opened)
    opened.close()
    assert (path / "data.mdb").stat().st_mode & 0o777 == 0o600
    assert e.is_readable(path)
    reader = e.open_reader(path)
    with reader.lmdb.begin() as tx:
        assert tx.get(bytes(16), None, reader.tables[CREDENTIALS]) == bytes(200)
    reader.close()


@pytest.mark.parametrize("size", [0, 100, 8_192, 50_000])
def test_a_file_that_was_cut_off_is_moved_aside(path, size):
    opened = e.open_writer(path, map_bytes=2**24)
    write(opened, 1_000)
    opened.close()
    e.note_closed(path)
    os.truncate(path / "data.mdb", size)
    opened = e.open_writer(path, map_bytes=2**24)
    write(opened)
    opened.close()
    assert e.is_readable(path)
    assert path.with_name("accounts.lmdb.damaged").exists()


def test_what_is_no_environment_is_moved_aside_unread(path):
    e.open_writer(path, map_bytes=2**24).close()
    (path / "data.mdb").write_bytes(bytes(50_000))
    e.open_writer(path, map_bytes=2**24).close()  # as after a kill: nothing speaks for damage
    assert path.with_name("accounts.lmdb.damaged").exists()


def test_it_is_read_through_only_when_it_may_be_damaged(path, monkeypatch):
    asked = []
    monkeypatch.setattr(e, "is_readable", lambda path: asked.append(path) or True)

    def start(*, orderly):
        asked.clear()
        opened = e.open_writer(path, map_bytes=2**24)
        write(opened)
        opened.close()
        if orderly:
            e.note_closed(path)
        return len(asked)

    assert start(orderly=True) == 0  # there was nothing yet
    assert start(orderly=True) == 0
    write(opened := e.open_writer(path, map_bytes=2**24), 5)  # by another hand, after it was closed
    opened.close()
    (path / "writer").write_text("closed 1 1")
    assert start(orderly=False) == 1
    assert [start(orderly=False) for _ in range(4)] == [0, 0, 1, 1]  # killed again and again
    assert start(orderly=True) == 1
    (path / "writer").write_text("another-boot 1")
    assert start(orderly=True) == 1
    (path / "writer").write_text("")
    assert start(orderly=True) == 1


def test_a_reader_reads_on_when_the_file_outgrows_what_it_opened(path):
    def write_elsewhere(map_bytes, count):
        code = (
            "import sys, pathlib; from tests.integration.radius.index import test_environment as t;"
            "opened = t.e.open_writer(pathlib.Path(sys.argv[1]), map_bytes=int(sys.argv[2]));"
            "t.write(opened, int(sys.argv[3])); opened.close()"
        )
        arguments = (str(path), str(map_bytes), str(count))
        subprocess.run([sys.executable, "-c", code, *arguments], check=True, timeout=60)

    write_elsewhere(2**20, 1)
    reader = e.open_reader(path)
    write_elsewhere(2**26, 60_000)  # more than the 10 MiB that LMDB takes by itself
    with reader.read(CREDENTIALS) as tx:
        assert tx.stat(reader.tables[CREDENTIALS])["entries"] == 60_000
    reader.close()


def test_a_reader_can_have_it_made_anew(path):
    e.open_writer(path, map_bytes=2**24).close()
    identity = e.identity_of(path)
    e.mark_damaged(path)
    assert e.is_marked_damaged(path)
    e.open_writer(path, map_bytes=2**24).close()
    assert not e.is_marked_damaged(path)
    assert e.identity_of(path) != identity


def test_what_is_in_the_way_is_told(path):
    path.parent.mkdir()
    path.write_bytes(b"a file")
    with pytest.raises(UnavailableError) as error:
        e.open_writer(path, map_bytes=2**24)
    assert str(path) in error.value.hint


def test_a_failure_says_what_to_do(path):
    assert "INDEX_MAP_BYTES" in e.explain_failure(lmdb.MapFullError("full"), path).hint
    assert "free space" in e.explain_failure(OSError(28, "No space left on device"), path).hint
    assert "deleted" in e.explain_failure(OSError(5, "Input/output error"), path).hint
