from array import array
from collections import Counter

import pytest

from radius.load.report import Part, Report


def part(**given):
    return Part(sent=10, packets=10, sending_s=2.0, elapsed_s=4.0, **given)


def test_parts_add_up():
    one = part(codes=Counter({2: 6, 3: 2}), lost=2, seconds=array("d", [0.1] * 8), faults=Counter(x=1))
    other = part(codes=Counter({2: 8}), strays=3, seconds=array("d", [0.3] * 8), faults=Counter(x=2))
    report = Report("pap", [one, other])
    shown = report.to_json()
    assert (shown["sent"], shown["answered"], shown["accepted"], shown["rejected"]) == (20, 16, 14, 2)
    assert (shown["lost"], shown["strays"], shown["faults"]) == (2, 3, {"x": 3})
    assert (shown["offered_per_second"], shown["per_second"]) == (10.0, 4.0)
    assert (shown["p50_ms"], shown["max_ms"]) == (300.0, 300.0)
    assert report.goodput(0.2) == pytest.approx(8 / 4.0)


def test_acknowledged_accounting_is_accepted():
    assert Report("accounting", [part(codes=Counter({5: 4}))]).accepted == 4


def test_nothing_was_sent():
    shown = Report("pap", [Part()]).to_json()
    assert shown["per_second"] == shown["offered_per_second"] == 0
    assert Report("pap", [Part()]).goodput(1.0) == 0.0
