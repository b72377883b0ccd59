import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.access_points.import_geojson import parse_geojson


def feature(coordinates=(37.592, 55.752), **properties) -> dict:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Point", "coordinates": list(coordinates)},
    }


def collection(*features, **more) -> bytes:
    return json.dumps({"type": "FeatureCollection", **more, "features": list(features)}, indent=1).encode()


def test_longitude_comes_first():
    [row] = parse_geojson(collection(feature(serial="02c0de000001", site="arbat", name="Арбат"))).rows
    assert dict(row.fields) == {
        "serial": "02c0de000001", "site": "arbat", "name": "Арбат",
        "latitude": "55.752000000", "longitude": "37.592000000",
    }  # fmt: skip


def test_the_line_is_where_the_feature_begins():
    text = (
        '{"name": "карта",\n "features": [\n\n'
        + json.dumps(feature(serial="a"))
        + ",\n  "
        + json.dumps(feature(serial="b"), indent=1)
        + ",\n{}]\n,"
        + '"type": "FeatureCollection"}'
    )
    parsed = parse_geojson(text.encode())
    assert [row.line for row in parsed.rows] == [4, 5]
    assert [(p.line, p.reason) for p in parsed.problems] == [(18, "is not a GeoJSON Feature")]


def test_a_height_and_foreign_properties_are_left_out():
    [row] = parse_geojson(
        collection(feature((37.5, 55.7, 150), serial="a", colour="red", latitude=1, x=None))
    ).rows
    assert set(row.fields) == {"serial", "latitude", "longitude"}
    assert row.fields["latitude"] == "55.700000000"


@pytest.mark.parametrize(
    ("broken", "column"),
    [
        ({"type": "Feature", "properties": {}}, "geometry"),
        ({"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}, "properties"),
        (feature(["1", "2"]), "geometry"),
        (feature([1]), "geometry"),
        (feature([True, 2]), "geometry"),
        (feature([10**400, 2]), "geometry"),
        (feature(serial=["a"]), "serial"),
        (feature(serial=True), "serial"),
        (feature(site="a", площадка="b"), "site"),
        (5, ""),
    ],
)
def test_faults_of_one_feature(broken, column):
    parsed = parse_geojson(collection(feature(serial="good"), broken))
    assert len(parsed.rows) == 1
    assert [problem.column for problem in parsed.problems] == [column]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("[]", 1),
        ("{}", 1),
        ('{"type":"FeatureCollection"}', 1),
        ('{"type":"FeatureCollection","features":{}}', 1),
        ('{"type":"FeatureCollection","features":[]}', 1),
        ('{\n"type":\n}', 3),
        ('{"type":"FeatureCollection","features":[NaN]}', 0),
        ("[" * 100_000, 0),
        ("9" * 5000, 0),
    ],
)
def test_faults_of_the_file(text, line):
    parsed = parse_geojson(text.encode())
    assert not parsed.rows
    assert [problem.line for problem in parsed.problems] == [line]


def test_not_utf8():
    [problem] = parse_geojson(b'{\n"\xff"}').problems
    assert problem.line == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "features", "geometry", "properties", "coordinates", "serial"])
            | st.text(),
            inner | st.sampled_from(["Feature", "FeatureCollection", "Point"]),
            max_size=5,
        )
    ),
    max_leaves=20,
)


@given(
    st.lists(JSON, min_size=1, max_size=5), st.dictionaries(st.text(), JSON, max_size=3), st.integers(0, 4)
)
def test_any_features_give_one_answer_each(features, more, indent):
    more.pop("features", None)
    more.pop("type", None)
    text = json.dumps({"type": "FeatureCollection", **more, "features": features}, indent=indent or None)
    parsed = parse_geojson(text.encode())
    assert len({item.line for item in [*parsed.rows, *parsed.problems]}) <= len(features)
    assert len(parsed.rows) + len({p.line for p in parsed.problems}) >= 1
    assert all(1 <= item.line <= text.count("\n") + 1 for item in [*parsed.rows, *parsed.problems])


@given(st.binary(max_size=200))
def test_any_bytes(content):
    parsed = parse_geojson(content)
    assert parsed.problems
