from radius.storm.delay import Delayed


def test_each_waits_its_time_and_leaves_in_order():
    delayed = Delayed(1.0, 10)
    assert delayed.due_at is None
    assert delayed.keep("a", 0.0) == delayed.keep("b", 0.5) == []
    assert (delayed.due_at, len(delayed)) == (1.0, 2)
    assert delayed.take_due(0.9) == []
    assert delayed.take_due(1.4) == ["a"]
    assert delayed.take_due(2.0) == ["b"]
    assert delayed.take_due(9.0) == []


def test_one_too_many_and_the_oldest_leaves_early():
    delayed = Delayed(1.0, 2)
    assert [delayed.keep(item, 0.0) for item in "abc"] == [[], [], ["a"]]
    assert delayed.take_due(1.0) == ["b", "c"]


def test_nothing_is_lost_at_the_end():
    delayed = Delayed(1.0, 2)
    delayed.keep("a", 0.0)
    assert delayed.take_all() == ["a"]
    assert len(delayed) == 0
