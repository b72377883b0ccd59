from radius.protocol.eap.resumption import Resumptions


def test_known_by_any_of_its_names_until_it_is_forgotten():
    sessions = Resumptions()
    sessions.remember([b"one", b"two"], "d-1")
    assert (sessions.find(b"one"), sessions.find(b"two")) == ("d-1", "d-1")
    assert sessions.find(b"three") is None
    assert sessions.find(None) is None
    sessions.forget(b"one")
    sessions.forget(b"one")
    sessions.forget(None)
    assert sessions.find(b"one") is None
    assert len(sessions) == 1


def test_those_remembered_longest_ago_go_first():
    sessions = Resumptions(most=2)
    sessions.remember([b"one"], "d-1")
    sessions.remember([b"two"], "d-2")
    sessions.remember([b"one"], "d-1")
    sessions.remember([b"three"], "d-3")
    assert [sessions.find(name) for name in (b"one", b"two", b"three")] == ["d-1", None, "d-3"]
