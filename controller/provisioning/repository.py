"""SQL of provisioning: facts of access points in, desired configurations in and out."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

import sqlalchemy as sa

from controller.core.db import Tx, upsert
from controller.models import AccessPoint, ApConfig, Site
from controller.provisioning.types import ApFacts, DesiredConfig, Outcome, Status

_CHUNK = 5_000


async def list_facts(tx: Tx, serials: Collection[str] | None) -> list[ApFacts]:
    """Access points that are not retired, by serial; None means all of them."""
    query = (
        sa.select(AccessPoint.serial, AccessPoint.name, AccessPoint.model, Site.id, Site.name, Site.address)
        .join(Site, Site.id == AccessPoint.site_id)
        .where(AccessPoint.state != "retired")
        .order_by(AccessPoint.serial)
    )
    facts: list[ApFacts] = []
    for chunk in _chunks(serials):
        rows = await tx.execute(query if chunk is None else query.where(AccessPoint.serial.in_(chunk)))
        facts.extend(ApFacts(*row) for row in rows)
    return facts


async def list_serials(tx: Tx) -> list[str]:
    """Serials of access points that are not retired, in order."""
    query = sa.select(AccessPoint.serial).where(AccessPoint.state != "retired").order_by(AccessPoint.serial)
    return list(await tx.scalars(query))


async def list_versions(tx: Tx, serials: Collection[str] | None) -> dict[str, tuple[int, str]]:
    """(desired uuid, digest) by serial; the digest is empty where there is no good configuration."""
    query = sa.select(ApConfig.serial, ApConfig.desired_uuid, ApConfig.desired_digest)
    versions: dict[str, tuple[int, str]] = {}
    for chunk in _chunks(serials):
        rows = await tx.execute(query if chunk is None else query.where(ApConfig.serial.in_(chunk)))
        versions.update({serial: (uuid, digest) for serial, uuid, digest in rows})
    return versions


async def list_desired(tx: Tx, serials: Collection[str]) -> list[DesiredConfig]:
    """Good configurations of ``serials``."""
    query = sa.select(ApConfig.serial, ApConfig.desired_uuid, ApConfig.desired, ApConfig.status)
    found: list[DesiredConfig] = []
    for chunk in _chunks(serials):
        rows = await tx.execute(query.where(ApConfig.serial.in_(chunk or ()), ApConfig.desired_digest != ""))
        found.extend(
            DesiredConfig(serial, uuid, config, cast("Status", status))
            for serial, uuid, config, status in rows
        )
    return found


async def list_stored_uuids(tx: Tx) -> dict[str, int]:
    """Desired uuid of every access point that has a good configuration."""
    rows = await tx.execute(
        sa.select(ApConfig.serial, ApConfig.desired_uuid).where(ApConfig.desired_digest != "")
    )
    return {serial: uuid for serial, uuid in rows}  # noqa: C416 - rows are not tuples for dict()


async def save_desired(tx: Tx, rows: Sequence[Mapping[str, Any]]) -> None:
    """Store new desired configurations; keys: serial, desired_uuid, desired, desired_digest, desired_at."""
    await upsert(
        tx,
        ApConfig,
        [{**row, "status": "pending", "rejected": [], "error": ""} for row in rows],
        keys=["serial"],
        update=[
            "desired_uuid",
            "desired",
            "desired_digest",
            "desired_at",
            "status",
            "rejected",
            "error",
        ],
    )


async def save_refusals(tx: Tx, errors: Mapping[str, str], now: datetime) -> None:
    """Say why no new configuration could be made.

    The text of an older one stays for people to see, but without a digest it is not sent any more.
    """
    await upsert(
        tx,
        ApConfig,
        [
            {
                "serial": serial,
                "desired_uuid": 0,
                "desired": "{}",
                "desired_digest": "",
                "desired_at": now,
                "status": "failed",
                "rejected": [],
                "error": error,
            }
            for serial, error in errors.items()
        ],
        keys=["serial"],
        update=["desired_digest", "status", "error"],
    )


async def mark_sent(tx: Tx, versions: Sequence[tuple[str, int]], now: datetime) -> None:
    """(serial, uuid) pairs are on their way."""
    connection = await tx.connection()
    table = cast("sa.Table", ApConfig.__table__)
    statement = (
        sa.update(table)
        .where(table.c.serial == sa.bindparam("of_serial"), table.c.desired_uuid == sa.bindparam("of_uuid"))
        .values(status="sent", sent_at=now)
    )
    if versions:
        await connection.execute(
            statement, [{"of_serial": serial, "of_uuid": uuid} for serial, uuid in versions]
        )


async def reset_sent(tx: Tx) -> None:
    """What was on its way is pending again."""
    await tx.execute(sa.update(ApConfig).where(ApConfig.status == "sent").values(status="pending"))


async def save_outcomes(tx: Tx, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Store what access points answered; an answer to an older uuid changes nothing."""
    if not outcomes:
        return
    connection = await tx.connection()
    table = cast("sa.Table", ApConfig.__table__)
    where = (table.c.serial == sa.bindparam("of_serial"), table.c.desired_uuid == sa.bindparam("of_uuid"))
    good = (
        sa.update(table)
        .where(*where)
        .values(
            status=sa.bindparam("new_status"),
            rejected=sa.bindparam("new_rejected", type_=sa.JSON()),
            error=sa.bindparam("new_error"),
            acknowledged_uuid=sa.bindparam("new_uuid"),
            acknowledged_at=now,
        )
    )
    bad = (
        sa.update(table)
        .where(*where)
        .values(
            status=sa.bindparam("new_status"),
            rejected=sa.bindparam("new_rejected", type_=sa.JSON()),
            error=sa.bindparam("new_error"),
        )
    )
    taken = [outcome for outcome in outcomes if outcome.status != "failed"]
    failed = [outcome for outcome in outcomes if outcome.status == "failed"]
    if taken:
        await connection.execute(good, [{**_row(outcome), "new_uuid": outcome.uuid} for outcome in taken])
    if failed:
        await connection.execute(bad, [_row(outcome) for outcome in failed])


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "of_serial": outcome.serial,
        "of_uuid": outcome.uuid,
        "new_status": outcome.status,
        "new_rejected": list(outcome.rejected),
        "new_error": outcome.error,
    }


def _chunks(serials: Collection[str] | None) -> Iterator[list[str] | None]:
    """Pieces of ``serials`` that fit one statement; one None for all."""
    if serials is None:
        yield None
        return
    wanted = list(serials)
    for start in range(0, len(wanted), _CHUNK):
        yield wanted[start : start + _CHUNK]
