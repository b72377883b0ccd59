import pytest

from radius.eap.sessions import EapSessions
from radius.protocol.errors import DropReason, UntrustedError
from tests.factories.eap import open_conversation


def table(most=2):
    lost = []
    return EapSessions(most=most, lifetime_s=60, abandoned=lost.append), lost


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
    with pytest.raises(UntrustedError) as caught:
        sessions.check_room(59)
    assert caught.value.reason is DropReason.EAP_OVERLOAD
    sessions.check_room(60)
    assert len(lost) == 1
