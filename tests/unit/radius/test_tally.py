import msgspec
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest

from radius.tallied import Increment
from radius.tally import Tally


def make(registry=None):
    tally = Tally(registry)
    return (
        tally,
        tally.counter("calls", "Calls.", "who"),
        tally.histogram("wait_seconds", "Waits.", "kind", bounds=(0.1, 1)),
    )


def over_the_wire(increment):
    return msgspec.msgpack.decode(msgspec.msgpack.encode(increment), type=Increment)


def test_a_histogram_is_shown_cumulated():
    registry = CollectorRegistry()
    _, _, wait = make(registry)
    for value in (0.1, 0.5, 7):
        wait.observe(value, ("a",))
    text = generate_latest(registry).decode()
    for line in (
        'wait_seconds_bucket{kind="a",le="0.1"} 1.0',
        'wait_seconds_bucket{kind="a",le="1.0"} 2.0',
        'wait_seconds_bucket{kind="a",le="+Inf"} 3.0',
        'wait_seconds_count{kind="a"} 3.0',
        'wait_seconds_sum{kind="a"} 7.6',
    ):
        assert line in text


def test_what_was_taken_is_not_taken_again_and_counting_goes_on():
    tally, calls, wait = make()
    by = calls.by
    by["x",] += 2
    wait.observe(1, ("a",))
    first = tally.take()
    assert first == Increment({"calls": [(("x",), 2)]}, {"wait_seconds": [(("a",), [0, 1, 0, 1])]})
    assert tally.take() == Increment({}, {"wait_seconds": []})
    by["x",] += 1
    assert tally.take().counters == {"calls": [(("x",), 1)]}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.floats(0, 5), st.booleans())))
def test_sums_of_the_parts_are_the_whole(events):
    _, whole_calls, whole_wait = make()
    parent, calls, wait = make()
    worker, worker_calls, worker_wait = make()
    for who, value, take in events:
        whole_calls.inc(who)
        worker_calls.inc(who)
        whole_wait.observe(value, (who,))
        worker_wait.observe(value, (who,))
        if take:
            parent.add(over_the_wire(worker.take()))
    parent.add(over_the_wire(worker.take()))
    assert calls.by == whole_calls.by
    assert {key: row[:-1] for key, row in wait.by.items()} == {
        key: row[:-1] for key, row in whole_wait.by.items()
    }


def test_metrics_of_another_version_are_left_out():
    tally, calls, _ = make()
    tally.add(Increment({"gone": [(("x",), 1)]}, {"gone": [((), [1.0])]}))
    assert not calls.by
