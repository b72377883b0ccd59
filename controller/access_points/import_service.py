"""Imports APs from a file, all or nothing, and tells every bad row.

`check_file` is pure work that may take seconds for a large file: run it in a thread, and outside of
any transaction, so that neither the event loop nor the database's only writer waits for it. Does not
create sites: a row names one that exists.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import ClassVar, Literal

from controller.access_points import repository, service
from controller.access_points.import_csv import parse_csv
from controller.access_points.import_geojson import parse_geojson
from controller.access_points.import_rows import Known, RowProblem, check_rows
from controller.access_points.types import NewAccessPoint
from controller.audit import service as audit
from controller.core.db import Tx
from controller.core.errors import ConflictError, InvalidInputError
from controller.operators.types import Actor
from controller.sites import service as sites
from controller.zones import service as zones
from controller.zones.geometry import ZoneMap

Format = Literal["csv", "geojson"]


class ImportRejectedError(InvalidInputError):
    """Rows of the file are wrong; none was imported. `data["problems"]` lists {line, column, reason}."""

    code: ClassVar[str] = "import_rejected"

    def __init__(self, problems: Sequence[RowProblem]) -> None:
        rows = len({problem.line for problem in problems})
        super().__init__(
            f"{rows} bad {'row' if rows == 1 else 'rows'}; nothing was imported",
            hint="mend the rows and import the whole file again",
            problems=[asdict(problem) for problem in problems],
        )


@dataclass(frozen=True)
class Surroundings:
    """What the inventory holds when an import begins."""

    known: Known
    zone_map: ZoneMap


@dataclass(frozen=True)
class CheckedFile:
    """APs that passed every check, in the order of the file, each with its zone."""

    kind: Format
    placed: tuple[tuple[NewAccessPoint, str | None], ...]

    @property
    def serials(self) -> tuple[str, ...]:
        """Serials in the order of the file."""
        return tuple(ap.serial for ap, _ in self.placed)

    @property
    def outside(self) -> int:
        """How many APs lie in no zone."""
        return sum(zone is None for _, zone in self.placed)


async def read_surroundings(tx: Tx) -> Surroundings:
    """Read what rows are checked against."""
    zone_map = await zones.read_map(tx)
    serials, macs = await repository.find_known(tx)
    return Surroundings(Known(serials, macs, await sites.find_ids(tx), zone_map.area), zone_map)


def check_file(content: bytes, kind: Format, surroundings: Surroundings) -> CheckedFile:
    """Read and check every row of a CSV or GeoJSON file.

    Raises:
        ImportRejectedError: a row is wrong, or there is none.
    """
    parsed = parse_csv(content) if kind == "csv" else parse_geojson(content)
    new, problems = check_rows(parsed.rows, surroundings.known)
    problems = sorted([*parsed.problems, *problems], key=lambda problem: problem.line)
    if not problems and not new:
        problems = [RowProblem(0, "", "holds no access points")]
    if problems:
        raise ImportRejectedError(problems)
    find_zone = surroundings.zone_map.find_zone
    return CheckedFile(kind, tuple((ap, find_zone(ap.latitude, ap.longitude)) for ap in new))


async def store(tx: Tx, checked: CheckedFile, *, actor: Actor, now: datetime) -> None:
    """Take the APs of a checked file into the inventory, all of them.

    Raises:
        ConflictError: somebody added one of them since the file was checked; nothing is written.
    """
    serials, macs = await repository.find_known(tx)
    if any(ap.serial in serials or ap.mac in macs for ap, _ in checked.placed):
        raise ConflictError(
            "the inventory changed while the file was read; nothing was imported", hint="import it again"
        )
    await service.store(tx, checked.placed, now)
    audit.record(
        tx,
        operator=actor.name,
        action="imported",
        object_type="access-point",
        object_id="*",
        now=now,
        count=len(checked.placed),
        format=checked.kind,
    )
