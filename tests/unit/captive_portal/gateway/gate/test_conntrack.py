from captive_portal.gateway.gate.conntrack import encode_delete, fallback_arguments
from captive_portal.gateway.gate.netlink import parse_attributes, parse_messages


def test_asks_the_kernel_to_filter_by_the_client():
    (message,) = parse_messages(encode_delete("10.77.1.5", 3, only_redirected=True))
    assert (message.kind, message.payload[1]) == (0x102, 1)
    attributes = dict(parse_attributes(message.payload[4:]))
    assert bytes((10, 77, 1, 5)) in attributes[1]
    assert attributes[3] == attributes[26] == bytes((0, 0, 0, 32))


def test_at_the_end_all_connections_go():
    (message,) = parse_messages(encode_delete("10.77.1.5", 3, only_redirected=False))
    assert set(dict(parse_attributes(message.payload[4:]))) == {1, 25}


def test_the_program_does_the_same():
    assert fallback_arguments("10.77.1.5", only_redirected=False) == ["--delete", "--orig-src", "10.77.1.5"]
    assert fallback_arguments("10.77.1.5", only_redirected=True)[-1] == "--dst-nat"
