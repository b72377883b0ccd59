from radius.protocol.dictionary.definitions import load_dictionary
from radius.served.identify import Served, event_timestamp, identify


def ways(**values):
    served = Served(
        **{"nas_id": "lo", "address": "10.0.0.1", "acct_session_id": "A1", "session_id": "s1"}
        | {"mac": "02:00:00:00:00:ab"}
        | values
    )
    return [dict(load_dictionary().describe(way)) for way in identify(served)]


DASHES, COLONS = {"Calling-Station-Id": "02-00-00-00-00-AB"}, {"Calling-Station-Id": "02:00:00:00:00:ab"}


def test_the_most_exact_way_comes_first():
    session = {"Acct-Session-Id": "A1"}
    assert ways() == [session | DASHES, session, DASHES, COLONS]


def test_a_digest_is_no_name_that_the_nas_knows():
    assert ways(acct_session_id="sha256:00") == [DASHES, COLONS]


def test_more_ways_where_more_is_known():
    assert ways(ip="10.9.9.9")[-1] == {"Framed-IP-Address": "10.9.9.9"}
    assert ways(ip="10.9.9.9", username="d-1")[-1] == {"User-Name": "d-1", "Framed-IP-Address": "10.9.9.9"}
    assert ways(username="d-1")[-1] == {"User-Name": "d-1"}


def test_addresses_that_are_none_or_ipv6_are_left_out():
    assert len(ways(ip="2001:db8::1")) == len(ways(ip="?")) == len(ways())


def test_the_moment():
    assert event_timestamp(1_800_000_000) == (55, (1_800_000_000).to_bytes(4, "big"))
