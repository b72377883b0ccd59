import pytest

from controller.core.errors import UnavailableError
from controller.directory.types import PlanView
from radius.index.entries import CREDENTIALS, DEVICES, SETTLED, SETTLED_KEY, Settled, decode_settled
from radius.index.writer import IndexWriter

PLAN = PlanView("city", "City", 86_400, 3_600, 86_400, 300, None, None, None, 5)


@pytest.fixture
def writer(tmp_path):
    writer = IndexWriter(tmp_path / "index", b"check", map_bytes=2**24)
    writer.open()
    yield writer
    writer.abandon()


def entries(writer, table=CREDENTIALS):
    with writer.environment.lmdb.begin(db=writer.environment.tables[table]) as tx:
        return dict(tx.cursor())


def key(number):
    return number.to_bytes(16, "big")


def test_changes_are_written_and_removed(writer):
    writer.apply([(CREDENTIALS, key(2), b"b"), (DEVICES, key(1), b"d"), (CREDENTIALS, key(1), b"a")])
    assert entries(writer) == {key(1): b"a", key(2): b"b"}
    assert writer.count(CREDENTIALS) == 2
    writer.apply([(CREDENTIALS, key(1), None), (CREDENTIALS, key(2), b"c"), (CREDENTIALS, key(9), None)])
    assert entries(writer) == {key(2): b"c"}
    assert entries(writer, DEVICES) == {key(1): b"d"}
    for number in (5, 3, 7):  # behind the last, and in between
        writer.apply([(CREDENTIALS, key(number), b"x"), (CREDENTIALS, key(number + 20), b"y")])
    assert sorted(entries(writer)) == [key(number) for number in (2, 3, 5, 7, 23, 25, 27)]


def test_what_an_event_has_touched_is_left_alone(writer):
    writer.apply([(CREDENTIALS, key(1), b"new")])
    writer.apply([(CREDENTIALS, key(1), b"old"), (CREDENTIALS, key(2), b"b")], but={(CREDENTIALS, key(1))})
    assert entries(writer) == {key(1): b"new", key(2): b"b"}


def test_the_state_stays_and_foreign_keys_empty_it(writer, tmp_path):
    writer.apply(
        [(CREDENTIALS, key(1), b"a")], settled=Settled([PLAN]), hits=True, misses=True, synced_at=7.0
    )
    assert writer.state.settled == 1
    writer.close()
    again = IndexWriter(tmp_path / "index", b"check", map_bytes=2**24)
    again.open()
    assert (again.state.misses, again.state.synced_at, again.count(CREDENTIALS)) == (True, 7.0, 1)
    with again.environment.lmdb.begin() as tx:
        stored = tx.get(SETTLED_KEY, None, again.environment.tables[SETTLED])
    assert decode_settled(stored).plans == [PLAN]
    again.close()
    foreign = IndexWriter(tmp_path / "index", b"other", map_bytes=2**24)
    foreign.open()
    assert (foreign.state.misses, foreign.state.hits, foreign.count(CREDENTIALS)) == (False, True, 0)
    foreign.close()


def test_a_failed_change_changes_nothing(writer):
    with pytest.raises(UnavailableError):
        writer.apply([(CREDENTIALS, key(number), bytes(1_000)) for number in range(40_000)], misses=True)
    assert not writer.state.misses
    assert entries(writer) == {}


def test_what_is_discarded_is_gone_or_moved_aside(writer, tmp_path):
    writer.discard(damaged=False)
    assert list(tmp_path.iterdir()) == []
    assert writer.count(CREDENTIALS) == 0
    with pytest.raises(UnavailableError):
        writer.apply([])
    writer.open()
    writer.discard(damaged=True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["index.damaged"]
