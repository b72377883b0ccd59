"""Imports APs from a file, all or nothing, and tells every bad row.

The caller's transaction is the "all or nothing": with a problem nothing is written at all. Does not
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
from controller.audit import service as audit
from controller.core.db import Tx
from controller.core.errors import InvalidInputError
from controller.operators.types import Actor
from controller.sites import service as sites
from controller.zones import service as zones

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
class Imported:
    """What an import took in."""

    serials: tuple[str, ...]
    """In the order of the file."""
    outside: int
    """How many of them lie in no zone."""


async def import_aps(tx: Tx, content: bytes, kind: Format, *, actor: Actor, now: datetime) -> Imported:
    """Take every AP of a CSV or GeoJSON file into the inventory.

    Raises:
        ImportRejectedError: a row is wrong; nothing is written.
        ConflictError: an AP was added by somebody else at the same moment.
    """
    parsed = parse_csv(content) if kind == "csv" else parse_geojson(content)
    zone_map = await zones.read_map(tx)
    serials, macs = await repository.find_known(tx)
    known = Known(serials, macs, await sites.find_ids(tx), zone_map.area)
    new, problems = check_rows(parsed.rows, known)
    problems = sorted([*parsed.problems, *problems], key=lambda problem: problem.line)
    if not problems and not new:
        problems = [RowProblem(0, "", "holds no access points")]
    if problems:
        raise ImportRejectedError(problems)
    await service.store(tx, new, zone_map, now)
    audit.record(
        tx,
        operator=actor.name,
        action="imported",
        object_type="access-point",
        object_id="*",
        now=now,
        count=len(new),
        format=kind,
    )
    outside = sum(zone_map.find_zone(ap.latitude, ap.longitude) is None for ap in new)
    return Imported(tuple(ap.serial for ap in new), outside)
