from hypothesis import given
from hypothesis import strategies as st

from captive_portal.gateway.gate.element_dump import parse_elements
from captive_portal.gateway.gate.elements import Batch, Counter, Element, Limit, SetName
from captive_portal.gateway.gate.netlink import NetlinkFormatError, parse_messages

TARGET = SetName("kolco", "up")
u64 = st.integers(0, 2**64 - 1)
elements = st.builds(
    Element,
    key=st.sampled_from([4, 12]).flatmap(lambda size: st.binary(min_size=size, max_size=size)),
    timeout_ms=st.none() | u64,
    expires_ms=st.none(),  # told by the kernel, never written
    limit=st.none() | st.builds(Limit, u64, st.integers(0, 2**32 - 1)),
    counter=st.none() | st.builds(Counter, u64, u64),
    comment=st.none() | st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30),
)


def payload(some):
    batch = Batch(1)
    batch.add(TARGET, some)
    data, _ = batch.encode()
    return list(parse_messages(data))[1].payload


@given(st.lists(elements, min_size=1, max_size=12))
def test_what_is_written_is_read(some):
    assert parse_elements(payload(some)) == some


@given(st.lists(st.sampled_from([(4, True), (12, False), (12, True)]), min_size=1, max_size=20), st.data())
def test_repeated_layouts_read_the_same(shapes, data):
    some = [
        Element(
            data.draw(st.binary(min_size=size, max_size=size)),
            limit=Limit(data.draw(u64), 7) if limited else None,
            counter=Counter(data.draw(u64), data.draw(u64)),
            comment="01J00000000000000000000000",
        )
        for size, limited in shapes
    ]
    assert parse_elements(payload(some)) == some


@given(st.binary(max_size=300))
def test_any_payload_is_read_or_refused(data):
    try:
        parse_elements(data)
    except NetlinkFormatError:
        return


@given(st.data(), st.lists(elements, min_size=1, max_size=4))
def test_a_damaged_message_is_read_or_refused(data, some):
    damaged = bytearray(payload(some))
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    try:
        parse_elements(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]))
    except NetlinkFormatError:
        return


def test_an_element_of_the_same_length_with_another_shape_is_walked():
    counted = Element(b"a" * 12, counter=Counter(1, 2), comment="four")
    other = Element(b"b" * 12, counter=Counter(3, 4), comment="five")
    assert parse_elements(payload([counted, other, counted])) == [counted, other, counted]
    long_key = Element(b"c" * 16, timeout_ms=1)
    short_key = Element(b"d" * 4, timeout_ms=1, comment="123456789")  # as long as the other on the wire
    assert parse_elements(payload([long_key, short_key])) == [long_key, short_key]
