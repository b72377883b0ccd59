import msgspec
import pytest

from radius.tallied import Definition, Increment

DEFINITIONS = [Definition("calls", "Calls.", ("who",)), Definition("wait", "Waits.", ("kind",), (0.1, 1.0))]


@pytest.mark.parametrize(
    "told",
    [
        Increment(),
        Increment({"calls": [(("a",), 2)]}, {"wait": [(("b",), [0.0, 1.0, 0.0, 0.5])]}),
    ],
)
def test_what_was_counted_arrives_as_it_was_told(told):
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(told), type=Increment) == told


def test_metrics_are_known_on_the_other_side():
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(DEFINITIONS), type=list[Definition]) == DEFINITIONS
