from hypothesis import given
from hypothesis import strategies as st

from radius.proxy.route_class import RouteClassCodec, Routed

CODEC = RouteClassCodec(b"k" * 32)
ATTRIBUTES = st.lists(st.tuples(st.integers(1, 255), st.binary(max_size=253)), max_size=4)


@given(st.text("abc.*-", min_size=1, max_size=60), ATTRIBUTES, st.lists(st.binary(max_size=253), max_size=4))
def test_ours_is_found_among_others_in_their_order(pattern, kept, others):
    value = CODEC.encode(Routed(pattern, tuple(kept)))
    assert len(value) <= 253
    middle = len(others) // 2
    routed, rest = CODEC.split([*others[:middle], value, *others[middle:]])
    assert rest == others
    assert routed.pattern == pattern
    assert routed.kept == tuple(kept)[: len(routed.kept)]
    if sum(len(value) + 2 for _, value in kept) < 150:
        assert routed.kept == tuple(kept)


@given(st.binary(max_size=253))
def test_what_others_make_up_is_theirs(value):
    assert CODEC.split([value, b"kr" + value]) == (None, [value, b"kr" + value])


def test_another_citys_class_is_not_ours():
    value = RouteClassCodec(b"x" * 32).encode(Routed("a.example"))
    assert CODEC.split([value]) == (None, [value])


def test_a_pattern_too_long_has_no_class():
    assert CODEC.encode(Routed("a" * 250)) is None
