from radius.journal.errors import HINTS, NotStored, NotStoredError


def test_every_reason_says_what_to_do():
    assert set(HINTS) == set(NotStored)
    assert "make room" in str(NotStoredError(NotStored.DISK_FULL))
