"""The counters only rise, and count each session once whatever the looks overlap."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from monitoring.collectors.sessions import PAGES_AT_ZERO, SessionCounters
from monitoring.snapshot import ChangedSession, OpenSessions, Place, SessionsSnapshot

PLACE = Place("park", "tverskoy")
ROW = ChangedSession(
    session_id="01",
    place=PLACE,
    gateway="gw-1",
    method="sms",
    ended=False,
    end_reason="",
    up_bytes=100,
    down_bytes=1000,
)
KEY = ("park", "tverskoy", "gw-1")


def values(counters: SessionCounters):
    for _ in range(PAGES_AT_ZERO):
        counters.families()
    return {family.metric.name: dict(family.samples) for family in counters.families()}


def look(*rows: ChangedSession) -> SessionsSnapshot:
    return SessionsSnapshot(changed=rows)


def test_what_is_open_at_the_start_is_no_new_session():
    counters = SessionCounters()
    counters.advance(look(ROW))
    assert values(counters)["wlan_session_starts_total"] == {(*KEY, "sms"): 0}
    assert values(counters)["wlan_session_bytes_total"] == {(*KEY, "up"): 0, (*KEY, "down"): 0}
    counters.advance(look(replace(ROW, up_bytes=150)))
    assert values(counters)["wlan_session_bytes_total"] == {(*KEY, "up"): 50, (*KEY, "down"): 0}


def test_a_session_from_start_to_end():
    counters = SessionCounters()
    counters.advance(look())
    counters.advance(look(ROW))
    counters.advance(look(replace(ROW, ended=True, end_reason="user-request", up_bytes=300)))
    counters.advance(look(replace(ROW, ended=True, end_reason="user-request", up_bytes=300)))
    got = values(counters)
    assert got["wlan_session_starts_total"] == {(*KEY, "sms"): 1}
    assert got["wlan_session_ends_total"] == {(*KEY, "user-request"): 1}
    assert got["wlan_session_bytes_total"] == {(*KEY, "up"): 300, (*KEY, "down"): 1000}


def test_a_session_shorter_than_a_look_counts_whole():
    counters = SessionCounters()
    counters.advance(look())
    counters.advance(look(replace(ROW, ended=True, end_reason="quota")))
    got = values(counters)
    assert got["wlan_session_starts_total"] == {(*KEY, "sms"): 1}
    assert got["wlan_session_ends_total"] == {(*KEY, "quota"): 1}


def test_ended_sessions_are_forgotten_open_ones_kept():
    counters = SessionCounters()
    counters.advance(look(ROW, replace(ROW, session_id="02", ended=True)))
    assert counters.tracked == 2
    counters.advance(look())
    assert counters.tracked == 1


def test_reasons_and_methods_come_from_closed_lists():
    counters = SessionCounters()
    counters.advance(look())
    counters.advance(look(replace(ROW, method="'; drop", ended=True, end_reason="whatever a NAS wrote")))
    got = values(counters)
    assert got["wlan_session_starts_total"] == {(*KEY, "other"): 1}
    assert got["wlan_session_ends_total"] == {(*KEY, "other"): 1}


@given(
    st.lists(
        st.lists(
            st.builds(
                ChangedSession,
                session_id=st.sampled_from(["a", "b", "c"]),
                place=st.just(PLACE),
                gateway=st.just("gw"),
                method=st.just("sms"),
                ended=st.booleans(),
                end_reason=st.just("quota"),
                up_bytes=st.integers(0, 1000),
                down_bytes=st.integers(0, 1000),
            ),
            max_size=4,
        ),
        max_size=8,
    )
)
def test_no_counter_ever_falls(looks):
    counters = SessionCounters()
    before = {}
    for rows in looks:
        counters.advance(look(*rows))
        after = {
            (name, key): value
            for name, series in values(counters).items()
            if name != "wlan_sessions_open"
            for key, value in series.items()
        }
        assert all(after[key] >= value for key, value in before.items())
        before = after


def test_open_sessions_fall_to_zero_and_stay():
    counters = SessionCounters()
    counters.advance(
        SessionsSnapshot(open=[OpenSessions(PLACE, "gw-1", "sms", 3), OpenSessions(PLACE, "gw-1", "x", 1)])
    )
    assert values(counters)["wlan_sessions_open"] == {(*KEY, "sms"): 3, (*KEY, "other"): 1}
    counters.advance(look())
    assert values(counters)["wlan_sessions_open"] == {(*KEY, "sms"): 0, (*KEY, "other"): 0}


def test_a_new_series_is_shown_as_zero_first():
    counters = SessionCounters()
    counters.advance(look())
    counters.advance(look(ROW))
    shown = [dict(counters.families()[1].samples)[(*KEY, "sms")] for _ in range(4)]
    assert shown == [0, 0, 1, 1]
