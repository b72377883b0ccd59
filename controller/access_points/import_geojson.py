"""Reads APs out of a GeoJSON file (RFC 7946): bytes in, raw rows and problems out.

Each AP is a Feature with a Point; `serial`, `site`, `name`, `mac`, `model` and `state` are its
properties. The line of a row is the one on which its Feature begins. Pure; what the fields mean is
checked in `import_rows`.
"""

import json
from collections.abc import Iterator
from typing import Any, NoReturn

from controller.access_points.import_rows import (
    MAX_ROWS,
    Column,
    ParsedFile,
    RawRow,
    RowProblem,
    find_column,
    shown,
)

_SPACE = " \t\r\n"
_POSITION_SIZES = (2, 3)
"""Longitude, latitude and maybe a height, which is not kept."""


def parse_geojson(content: bytes) -> ParsedFile:
    """Read a FeatureCollection of Points.

    Never raises: whatever is wrong is in `problems`, with the 1-based line of the Feature.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        return ParsedFile(problems=[RowProblem(line, "", f"byte {content[error.start]:#04x} is not UTF-8")])
    features = _read_features(text)
    if isinstance(features, RowProblem):
        return ParsedFile(problems=[features])
    rows: list[RawRow] = []
    problems: list[RowProblem] = []
    for line, feature in zip(_feature_lines(text), features, strict=True):
        _read_feature(line, feature, rows, problems)
    return ParsedFile(rows, problems)


def _read_features(text: str) -> list[Any] | RowProblem:
    try:
        document = json.loads(text, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        return RowProblem(error.lineno, "", f"is not JSON: {error.msg}")
    except (ValueError, RecursionError) as error:
        # A number of thousands of digits, NaN, or nesting no map needs.
        return RowProblem(0, "", f"cannot be read: {error}")
    if not isinstance(document, dict) or document.get("type") != "FeatureCollection":
        return RowProblem(1, "", "is not a GeoJSON FeatureCollection")
    features = document.get("features")
    if not isinstance(features, list) or not features:
        return RowProblem(1, "features", "is not a list, or an empty one")
    if len(features) > MAX_ROWS:
        return RowProblem(1, "features", f"more than {MAX_ROWS} rows: split the file")
    return features


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _read_feature(line: int, feature: Any, rows: list[RawRow], problems: list[RowProblem]) -> None:
    faults: list[tuple[str, str]] = []
    if not isinstance(feature, dict) or feature.get("type") != "Feature":
        problems.append(RowProblem(line, "", "is not a GeoJSON Feature"))
        return
    fields: dict[Column, str] = {}
    properties = feature.get("properties")
    if not isinstance(properties, dict):
        faults.append(("properties", "are missing"))
        properties = {}
    for title, value in properties.items():
        column = find_column(title)
        # Maps carry many properties of their own; only ours are read, and the place is the geometry's.
        if column is None or column in ("latitude", "longitude") or value is None:
            continue
        if not isinstance(value, str | int) or isinstance(value, bool):
            faults.append((column, f"{shown(json.dumps(value))} is not text"))
        elif column in fields:
            faults.append((column, "stands there twice"))
        elif str(value).strip():
            fields[column] = str(value).strip()
    place = _find_place(feature.get("geometry"))
    if isinstance(place, str):
        faults.append(("geometry", place))
    else:
        fields["longitude"], fields["latitude"] = place
    if faults:
        problems += [RowProblem(line, column, reason) for column, reason in faults]
    else:
        rows.append(RawRow(line, fields))


def _find_place(geometry: Any) -> tuple[str, str] | str:
    """Return (longitude, latitude) as text, or what is wrong."""
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        return "is not a Point"
    position = geometry.get("coordinates")
    if not isinstance(position, list) or len(position) not in _POSITION_SIZES:
        return "its coordinates are not [longitude, latitude]"
    if any(not isinstance(number, int | float) or isinstance(number, bool) for number in position):
        return "its coordinates are not numbers"
    try:
        return f"{float(position[0]):.9f}", f"{float(position[1]):.9f}"
    except OverflowError:
        return "its coordinates are not numbers of degrees"


def _feature_lines(text: str) -> Iterator[int]:
    """Yield the line on which each Feature begins; `text` is known to be a FeatureCollection."""
    decoder = json.JSONDecoder()
    at = _skip(text, _skip(text, 0) + 1)
    start: int | None = None
    while text[at] != "}":
        key, at = decoder.raw_decode(text, at)
        at = _skip(text, _skip(text, at) + 1)
        if key == "features":
            start = at  # of a key that stands there twice, JSON readers take the last
        _, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)
    if start is None:
        return
    line, counted = 1, 0
    at = _skip(text, start + 1)
    while text[at] != "]":
        line += text.count("\n", counted, at)
        counted = at
        yield line
        _, at = decoder.raw_decode(text, at)
        at = _skip(text, at)
        if text[at] == ",":
            at = _skip(text, at + 1)


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at
