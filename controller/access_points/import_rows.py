"""One row of an import, whatever file it came from: its raw fields, and what is wrong with it.

Pure. Reads no file and no database: `import_csv` and `import_geojson` make the rows,
`import_service` stores what passes.
"""

import math
import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, cast, get_args

from controller.access_points.types import ApState, NewAccessPoint
from controller.core.errors import InvalidInputError
from controller.core.mac import parse_mac
from controller.sites.rules import check_text
from controller.zones.geometry import Box

Column = Literal["serial", "name", "mac", "model", "site", "latitude", "longitude", "state"]
COLUMNS: tuple[Column, ...] = get_args(Column)
REQUIRED: tuple[Column, ...] = ("serial", "site", "latitude", "longitude")

MAX_ROWS = 100_000
NAME_MAX = 200
MODEL_MAX = 80
_SHOWN = 40
"""Characters of a wrong value that a message repeats."""

_ALIASES: Mapping[str, Column] = {
    "lat": "latitude",
    "lon": "longitude",
    "lng": "longitude",
    "long": "longitude",
    "site_id": "site",
    "серийный номер": "serial",
    "серийный_номер": "serial",
    "название": "name",
    "имя": "name",
    "модель": "model",
    "площадка": "site",
    "объект": "site",
    "широта": "latitude",
    "долгота": "longitude",
    "состояние": "state",
}
_DECIMAL = re.compile(r"[+-]?\d{1,6}(?:[.,]\d{1,18})?")


@dataclass(frozen=True)
class RowProblem:
    """One thing wrong with one row."""

    line: int
    """1-based line of the file where the row begins; 0 for the file as a whole."""
    column: str
    """The column at fault; empty when it is the row as a whole."""
    reason: str


@dataclass(frozen=True)
class RawRow:
    """Fields as they stand in the file, stripped; a missing or empty one is not in `fields`."""

    line: int
    fields: Mapping[Column, str]


@dataclass(frozen=True)
class ParsedFile:
    """What a parser got out of a file; rows that could not be read at all are only in `problems`."""

    rows: Sequence[RawRow] = ()
    problems: Sequence[RowProblem] = ()


@dataclass(frozen=True)
class Known:
    """What the inventory holds already, to check rows against."""

    serials: Collection[str] = field(default_factory=frozenset)
    macs: Collection[str] = field(default_factory=frozenset)
    sites: Collection[str] = field(default_factory=frozenset)
    area: Box | None = None
    """The city; tells swapped coordinates."""


def find_column(title: str) -> Column | None:
    """Return the column a title in a file names, or None; case and surrounding space do not count."""
    name = unicodedata.normalize("NFC", title).strip().casefold()
    if name in COLUMNS:
        return name
    return _ALIASES.get(name)


def check_rows(rows: Sequence[RawRow], known: Known) -> tuple[list[NewAccessPoint], list[RowProblem]]:
    """Check every row; returns the APs of rows without a fault, and every fault of the others.

    An import is all or nothing: when there are problems, the caller stores none of the APs.
    """
    good: list[NewAccessPoint] = []
    problems: list[RowProblem] = []
    serials: dict[str, int] = {}
    macs: dict[str, int] = {}
    for row in rows:
        check = _RowCheck(row, known)
        ap = check.run()
        problems += check.problems
        repeated = _find_repeated(row.line, "serial", check.serial, serials)
        # A repeated serial repeats its MAC: one fault is told, not two.
        repeated = repeated or _find_repeated(row.line, "mac", check.mac, macs)
        if repeated is not None:
            problems.append(repeated)
        if ap is not None:
            good.append(ap)
    problems.sort(key=lambda problem: problem.line)
    return good, problems


def _find_repeated(line: int, column: Column, value: str | None, seen: dict[str, int]) -> RowProblem | None:
    if value is None:
        return None
    first = seen.setdefault(value, line)
    return None if first == line else RowProblem(line, column, f"{value} stands on line {first} already")


class _RowCheck:
    """Goes through the columns of one row and collects what is wrong."""

    def __init__(self, row: RawRow, known: Known) -> None:
        self._row = row
        self._known = known
        self.problems: list[RowProblem] = []
        self.serial: str | None = None
        self.mac: str | None = None

    def run(self) -> NewAccessPoint | None:
        """Return the AP, or None when `problems` is not empty."""
        for column in REQUIRED:
            if column not in self._row.fields:
                self._fault(column, "is missing")
        self.serial = self._check_serial()
        self.mac = self._check_mac()
        name = self._check_text("name", NAME_MAX) or self.serial
        model = self._check_text("model", MODEL_MAX) or ""
        state = self._check_state()
        site = self._check_site()
        latitude, longitude = self._check_place()
        if self.problems or None in (self.serial, self.mac, name, site, latitude, longitude):
            return None
        return NewAccessPoint(
            serial=cast("str", self.serial),
            name=cast("str", name),
            mac=cast("str", self.mac),
            model=model,
            site_id=cast("str", site),
            latitude=cast("float", latitude),
            longitude=cast("float", longitude),
            state=state,
        )

    def _fault(self, column: Column, reason: str) -> None:
        self.problems.append(RowProblem(self._row.line, column, reason))

    def _check_serial(self) -> str | None:
        text = self._row.fields.get("serial")
        if text is None:
            return None
        try:
            serial = parse_mac(text).replace(":", "")
        except InvalidInputError:
            self._fault("serial", f"{shown(text)} is not 12 hex digits")
            return None
        if serial in self._known.serials:
            self._fault("serial", f"{serial} is in the inventory already")
        return serial

    def _check_mac(self) -> str | None:
        text = self._row.fields.get("mac")
        if text is None and self.serial is None:
            return None
        try:
            mac = parse_mac(text or self.serial or "")
        except InvalidInputError:
            self._fault("mac", f"{shown(text or '')} is not a MAC address")
            return None
        if mac in self._known.macs and self.serial not in self._known.serials:
            self._fault("mac", f"{mac} belongs to an AP in the inventory already")
        return mac

    def _check_text(self, column: Column, limit: int) -> str | None:
        text = self._row.fields.get(column)
        if text is None:
            return None
        try:
            return check_text(text, "it", limit)
        except InvalidInputError as error:
            self._fault(column, error.message)
            return None

    def _check_state(self) -> ApState:
        text = self._row.fields.get("state", "adopted").casefold()
        if text in ("planned", "adopted"):
            return cast("ApState", text)
        self._fault("state", f"{shown(text)} is neither planned nor adopted")
        return "adopted"

    def _check_site(self) -> str | None:
        site = self._row.fields.get("site")
        if site is not None and site not in self._known.sites:
            self._fault("site", f"there is no site {shown(site)}")
            return None
        return site

    def _check_place(self) -> tuple[float | None, float | None]:
        latitude = self._check_degrees("latitude")
        longitude = self._check_degrees("longitude")
        if latitude is None or longitude is None:
            return latitude, longitude
        fault = find_place_fault(latitude, longitude, self._known.area)
        if fault is not None:
            self._fault(*fault)
        return latitude, longitude

    def _check_degrees(self, column: Column) -> float | None:
        text = self._row.fields.get(column)
        if text is None:
            return None
        if not _DECIMAL.fullmatch(text):
            self._fault(column, f"{shown(text)} is not a number of degrees like 55.7512")
            return None
        return float(text.replace(",", "."))


def find_place_fault(latitude: float, longitude: float, area: Box | None) -> tuple[Column, str] | None:
    """Find what is wrong with coordinates, if anything: (column, reason).

    Swapped coordinates are told from ones out of range, and, when the area of the city is given,
    from ones that only fall inside it the other way round.
    """
    turned = "latitude and longitude look swapped"
    if not (math.isfinite(latitude) and math.isfinite(longitude)):
        return "latitude", "is not a finite number"
    if area is not None and not area.holds(latitude, longitude) and area.holds(longitude, latitude):
        return "latitude", f"{latitude:g}, {longitude:g}: {turned}"
    if not -90 <= latitude <= 90:  # noqa: PLR2004  degrees
        return "latitude", f"{latitude:g} is not between -90 and 90"
    if not -180 <= longitude <= 180:  # noqa: PLR2004  degrees
        return "longitude", f"{longitude:g} is not between -180 and 180"
    if latitude == 0 and longitude == 0:
        return "latitude", "0, 0 is in the Atlantic: the coordinates were not filled in"
    return None


def shown(text: str) -> str:
    """Return a value as a message repeats it: quoted, printable, not too long."""
    cut = text if len(text) <= _SHOWN else text[:_SHOWN] + "…"
    return repr(cut)
