"""The fast renderer says what the library says, and the joined gzip is one plain gzip member."""

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from monitoring.collectors.fleet import FleetCollector, collect_fleet
from monitoring.exposition import Page, gzip_join, render_families
from monitoring.metrics import AP_UP, SITE_INFO, SNAPSHOT_AGE, Family
from tests.factories.monitoring import fleet


def samples(page: bytes) -> set[tuple]:
    return {
        (family.type, family.documentation, sample.name, tuple(sorted(sample.labels.items())), sample.value)
        for family in text_string_to_metric_families(page.decode())
        for sample in family.samples
    }


def test_the_page_parses_to_the_samples_of_the_library():
    snapshot = fleet(40)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(FleetCollector(lambda: snapshot, silent_after_s=200))
    ours = render_families(collect_fleet(snapshot, silent_after_s=200))
    assert samples(ours) == samples(generate_latest(registry))


@given(st.text(), st.floats(allow_nan=False) | st.integers(-(10**15), 10**15))
def test_any_label_and_value_survive(text, value):
    page = render_families([Family(SITE_INFO, [(("s", "d", text, text[::-1]), value)])])
    (sample,) = (
        sample for family in text_string_to_metric_families(page.decode()) for sample in family.samples
    )
    assert sample.labels == {"site": "s", "district": "d", "name": text, "district_name": text[::-1]}
    assert sample.value == value


def test_a_family_without_samples_or_labels():
    assert render_families([Family(AP_UP, [])]) == b""
    assert render_families([Family(SNAPSHOT_AGE, [((), 1.5)])]).endswith(
        b"\nkolco_monitor_snapshot_age_seconds 1.5\n"
    )


@given(st.binary(), st.binary())
def test_the_joined_gzip_is_one_member(body, tail):
    packed = gzip_join(Page.pack(body, samples=0), tail)
    assert gzip.decompress(packed) == body + tail
    reader = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert reader.decompress(packed) == body + tail
    assert reader.eof
    assert not reader.unused_data


def test_a_broken_text_does_not_break_the_page():
    page = render_families([Family(AP_UP, [(("\ud800", "s", "d", "z"), 1)])])
    assert b'ap="?"' in page
