from hypothesis import given
from hypothesis import strategies as st

from controller.core.ids import new_id
from radius.session_class import ClassCodec, SessionClass

CODEC = ClassCodec(bytes(32))


def session(method="radius-pap"):
    return SessionClass(new_id(), new_id(), method)


def test_it_comes_back():
    for method in ("radius-pap", "radius-mab", "radius-chap"):
        promised = session(method)
        value = CODEC.encode(promised)
        assert len(value) <= 253
        assert CODEC.find([b"somebody else's", value]) == promised


def test_another_key_or_a_changed_octet_is_not_believed():
    value = CODEC.encode(session())
    assert ClassCodec(b"\1" * 32).find([value]) is None
    for position in range(len(value)):
        changed = bytearray(value)
        changed[position] ^= 1
        assert CODEC.find([bytes(changed)]) is None


@given(st.lists(st.binary(max_size=253)))
def test_any_values_are_ignored(values):
    assert CODEC.find(values) is None
