from hypothesis import given
from hypothesis import strategies as st

from radius.protocol.errors import DropReason
from radius.protocol.packet import encode_packet
from radius.storm.queue import StormQueue


def login(number=0):
    return encode_packet(1, number, bytes(16), [])


def going_on(number=0):
    return encode_packet(1, number, bytes(16), [(24, b"s")])


def accounting(status, number=0):
    return encode_packet(4, number, bytes(16), [(40, bytes((0, 0, 0, status)))])


class Queue:
    """A queue under test, and what it dropped."""

    def __init__(self, most=10, patience_s=1.0):
        self.shed = []
        self.queue = StormQueue(
            most, patience_s, lambda source, reason: self.shed.append((source[1], reason))
        )

    def put(self, *datagrams, at=0.0):
        for number, data in enumerate(datagrams):
            self.queue.put(data, ("192.0.2.1", number), at)

    def take_all(self, now=0.0):
        taken = []
        while (waiting := self.queue.take(now)) is not None:
            taken.append(waiting[0])
        assert self.queue.waiting == 0
        return taken


def test_the_most_urgent_goes_first():
    tried = Queue()
    tried.put(accounting(3), accounting(2), login(), going_on())
    assert tried.take_all() == [going_on(), login(), accounting(2), accounting(3)]
    assert tried.shed == []


def test_after_a_short_wait_all_go_in_order():
    tried = Queue(patience_s=1.0)
    tried.put(login(1), login(2), login(3))
    assert tried.take_all(now=0.2) == [login(1), login(2), login(3)]


def test_after_a_long_wait_the_newest_login_goes_first_and_all_else_in_order():
    tried = Queue(patience_s=1.0)
    tried.put(login(1), login(2), going_on(1), going_on(2), accounting(1, 1), accounting(2, 2))
    assert tried.take_all(now=0.3) == [
        going_on(1), going_on(2), login(2), login(1), accounting(1, 1), accounting(2, 2),
    ]  # fmt: skip


def test_what_waited_too_long_is_dropped():
    tried = Queue(patience_s=1.0)
    tried.put(login(1), accounting(1))
    tried.queue.put(login(2), ("192.0.2.1", 9), 1.5)
    assert tried.take_all(now=2.0) == [login(2)]
    assert tried.shed == [(0, DropReason.WAITED_TOO_LONG), (1, DropReason.WAITED_TOO_LONG)]


def test_with_no_room_the_oldest_of_the_least_urgent_goes():
    tried = Queue(most=2)
    tried.put(accounting(3, 1), accounting(3, 2), going_on(3), accounting(3, 4), login(5))
    assert tried.shed == [
        (0, DropReason.QUEUE_FULL),
        (1, DropReason.QUEUE_FULL),
        (3, DropReason.QUEUE_FULL),
    ]
    assert tried.take_all() == [going_on(3), login(5)]


def test_nothing_more_urgent_is_dropped_for_the_less_urgent():
    tried = Queue(most=1)
    tried.put(going_on(), login())
    assert tried.shed == [(1, DropReason.QUEUE_FULL)]
    assert tried.take_all() == [going_on()]


@given(
    st.lists(
        st.tuples(st.sampled_from([login(), going_on(), accounting(1), accounting(3)]), st.floats(0, 5))
    ),
    st.integers(1, 5),
)
def test_each_datagram_is_taken_or_dropped_once(datagrams, most):
    tried = Queue(most=most)
    moments = sorted(moment for _, moment in datagrams)
    for (data, _), moment in zip(datagrams, moments, strict=True):
        tried.queue.put(data, ("192.0.2.1", 1), moment)
        assert tried.queue.waiting <= most
    taken = tried.take_all(now=5.0)
    assert len(taken) + len(tried.shed) == len(datagrams)
