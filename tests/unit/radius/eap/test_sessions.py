import pytest

from radius.eap.sessions import EapSessions
from radius.protocol.errors import DropReason, UntrustedError
from tests.factories.eap import open_conversation


def table(most=2):
    lost = []
    return EapSessions(most=most, lifetime_s=60, silent_s=6, abandoned=lost.append), lost


def test_found_by_state_and_only_by_its_own_nas():
    sessions, _ = table()
    session = sessions.add(b"one", "nas-1", open_conversation(), 0)
    assert sessions.find(b"one", "nas-1", 1) is session
    assert sessions.find(b"one", "nas-2", 1) is None
    assert sessions.find(b"two", "nas-1", 1) is None
    sessions.end(session)
    sessions.end(session)
    assert sessions.find(b"one", "nas-1", 1) is None


def test_the_late_are_given_up():
    sessions, lost = table()
    old = sessions.add(b"one", "nas-1", open_conversation(), 0)
    new = sessions.add(b"two", "nas-1", open_conversation(), 30)
    assert sessions.find(b"one", "nas-1", 59.9) is old
    assert sessions.find(b"one", "nas-1", 60) is None
    assert lost == [old]
    assert sessions.find(b"two", "nas-1", 60) is new
    assert len(sessions) == 1


def test_there_is_room_for_so_many():
    sessions, lost = table(most=1)
    sessions.check_room(0)
    sessions.add(b"one", "nas-1", open_conversation(), 0)
    assert sessions.find(b"one", "nas-1", 58) is not None
    with pytest.raises(UntrustedError) as caught:
        sessions.check_room(59)
    assert caught.value.reason is DropReason.EAP_OVERLOAD
    sessions.check_room(60)
    assert len(lost) == 1


def test_devices_that_only_say_a_name_keep_nobody_out_for_long():
    sessions, lost = table(most=2)
    at_work = sessions.add(b"one", "nas-1", open_conversation(), 0)
    made_up = sessions.add(b"two", "nas-2", open_conversation(), 1)
    sessions.find(b"one", "nas-1", 2)
    assert sessions.find(b"two", "nas-1", 2) is None  # another NAS's word keeps nothing alive
    with pytest.raises(UntrustedError):
        sessions.check_room(6.9)
    sessions.check_room(7)
    assert lost == [made_up]
    sessions.add(b"three", "nas-1", open_conversation(), 7)
    assert sessions.find(b"one", "nas-1", 7) is at_work
    with pytest.raises(UntrustedError):
        sessions.check_room(8)
    sessions.end(at_work)
    sessions.check_room(8)
