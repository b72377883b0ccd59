from radius.workers.link import AloneLink
from tests.factories.radius import request


def test_who_is_alone_hands_nothing_over():
    link = AloneLink()
    assert not link.hand_over(request(), b"\1state")
    assert (link.number, link.reuse_port) == (0, False)
