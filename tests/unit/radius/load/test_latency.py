from hypothesis import given
from hypothesis import strategies as st

from radius.load.latency import Latencies


def test_nothing_answered():
    latencies = Latencies([])
    assert len(latencies) == 0
    assert latencies.percentiles().max_ms == latencies.percentiles().p50_ms == 0.0
    assert latencies.within(1.0) == 0


def test_percentiles_of_parts_together():
    latencies = Latencies([[second / 1000 for second in range(100, 0, -1)], [], [0.5]])
    shown = latencies.percentiles()
    assert (shown.p50_ms, shown.p90_ms, shown.p99_ms, shown.max_ms) == (51.0, 91.0, 100.0, 500.0)
    assert latencies.within(0.1) == 100


@given(st.lists(st.floats(0, 10), min_size=1), st.floats(0, 1))
def test_a_percentile_is_one_of_them_and_bounds_its_share(seconds, share):
    latencies = Latencies([seconds])
    bound = latencies.percentile(share)
    assert bound in seconds
    assert latencies.within(bound) >= share * len(seconds)
