import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.access_points.import_rows import (
    COLUMNS,
    Known,
    RawRow,
    check_rows,
    find_column,
    find_place_fault,
    shown,
)
from controller.zones.geometry import Box

MOSCOW = Box(south=55, west=37, north=56, east=38)
KNOWN = Known(serials={"02c0de000001"}, macs={"02:c0:de:00:00:01"}, sites={"arbat"}, area=MOSCOW)
GOOD = {"serial": "02C0DE000002", "site": "arbat", "latitude": "55.75", "longitude": "37.6"}


def check(*rows: dict):
    return check_rows([RawRow(number, row) for number, row in enumerate(rows, 2)], KNOWN)


def faults(*rows: dict) -> list[tuple[int, str]]:
    good, problems = check(*rows)
    assert len(good) + len({problem.line for problem in problems}) >= len(rows)
    return [(problem.line, problem.column) for problem in problems]


def test_defaults_of_a_short_row():
    [ap], problems = check(GOOD)
    assert not problems
    assert (ap.serial, ap.name, ap.mac) == ("02c0de000002", "02c0de000002", "02:c0:de:00:00:02")
    assert (ap.model, ap.state, ap.latitude, ap.longitude) == ("", "adopted", 55.75, 37.6)


def test_a_full_row():
    row = GOOD | {
        "name": "Арбат, 5",
        "mac": "02-C0-DE-00-00-03",
        "model": "x",
        "state": "Planned",
        "latitude": "55,7",
    }
    [ap], _ = check(row)
    assert (ap.name, ap.mac, ap.model, ap.state, ap.latitude) == (
        "Арбат, 5", "02:c0:de:00:00:03", "x", "planned", 55.7,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("fields", "column"),
    [
        ({"serial": "02c0de"}, "serial"),
        ({"serial": "02c0de000001"}, "serial"),
        ({"mac": "nope"}, "mac"),
        ({"mac": "02:c0:de:00:00:01"}, "mac"),
        ({"site": "presnya"}, "site"),
        ({"state": "retired"}, "state"),
        ({"name": "a\x07"}, "name"),
        ({"name": "я" * 201}, "name"),
        ({"model": "m" * 81}, "model"),
        ({"latitude": "north"}, "latitude"),
        ({"latitude": "1e5"}, "latitude"),
        ({"latitude": "95"}, "latitude"),
        ({"longitude": "181"}, "longitude"),
        ({"latitude": "37.6", "longitude": "55.75"}, "latitude"),
        ({"latitude": "0", "longitude": "0"}, "latitude"),
    ],
)
def test_one_fault(fields, column):
    assert faults(GOOD | fields) == [(2, column)]


def test_every_fault_of_a_row_is_told():
    assert faults({"name": "x"}) == [(2, "serial"), (2, "site"), (2, "latitude"), (2, "longitude")]


def test_repeated_in_the_file():
    other = GOOD | {"serial": "02c0de000005", "mac": "02:c0:de:00:00:02"}
    _, problems = check(GOOD, GOOD | {"serial": "02:c0:de:00:00:02"}, other)
    assert [(p.line, p.column) for p in problems] == [(3, "serial"), (4, "mac")]
    assert "line 2" in problems[0].reason


def test_swapped_coordinates_are_told_from_far_ones():
    assert "swapped" in find_place_fault(37.6, 55.75, MOSCOW)[1]
    assert find_place_fault(59.93, 30.31, MOSCOW) is None  # Saint Petersburg is far, not swapped
    assert find_place_fault(37.6, 55.75, None) is None
    assert "swapped" not in find_place_fault(137.6, 55.75, MOSCOW)[1]


@pytest.mark.parametrize(
    ("title", "column"),
    [("SERIAL", "serial"), (" Lat ", "latitude"), ("Долгота", "longitude"), ("site_id", "site"), ("x", None)],
)
def test_titles(title, column):
    assert find_column(title) == column


def test_shown_values_are_short_and_printable():
    assert shown("a\nb") == r"'a\nb'"
    assert len(shown("x" * 1000)) < 50


@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), st.text(max_size=30)), max_size=5))
def test_any_fields(rows):
    good, problems = check(*rows)
    assert {problem.line for problem in problems} <= set(range(2, 2 + len(rows)))
    assert len(good) <= len(rows)


@given(st.floats(-90, 90), st.floats(-180, 180))
def test_every_place_on_the_map_is_inside_the_map(latitude, longitude):
    row = GOOD | {"latitude": f"{latitude:.6f}", "longitude": f"{longitude:.6f}"}
    good, problems = check(row)
    assert bool(good) is not bool(problems)
