"""Keeps the desired configuration of every access point up to date. Never commits.

It does not talk to access points: the channel asks what is desired and tells what came of it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from controller.core.db import Tx
from controller.provisioning import repository
from controller.provisioning.diff import Change, diff
from controller.provisioning.merge import merge
from controller.provisioning.render.ucentral import render
from controller.provisioning.types import ApFacts, DesiredConfig, Fault, Outcome, Refreshed
from controller.provisioning.validate import validate
from controller.provisioning.version import LAST_UUID, digest, next_uuid, stamp
from controller.wlans import service as wlans
from controller.wlans.types import WlanView

_HIGHEST_CLAIM = LAST_UUID - 2**25
"""Above it are uuids for millions of changes."""


async def refresh(tx: Tx, *, serials: Collection[str] | None, now: datetime) -> Refreshed:
    """Render ``serials`` (None: all) afresh; store those whose content changed under a new uuid.

    A configuration that validation refuses is not sent: the access point keeps running what it has,
    and its record says what is wrong, with path and reason.
    """
    offered = await wlans.list_wlans(tx)
    facts = await repository.list_facts(tx, serials)
    versions = await repository.list_versions(tx, serials)
    changed: list[dict[str, Any]] = []
    refused: dict[str, tuple[Fault, ...]] = {}
    for ap in facts:
        uuid, old_digest = versions.get(ap.serial, (0, ""))
        config, faults = _build(ap, offered)
        if faults:
            refused[ap.serial] = faults
            continue
        new_digest = digest(config)
        if new_digest != old_digest:
            changed.append(_row(ap.serial, config, new_digest, uuid, now))
    await repository.save_desired(tx, changed)
    await repository.save_refusals(
        tx,
        {serial: "; ".join(f"{f.path}: {f.reason}" for f in faults) for serial, faults in refused.items()},
        now,
    )
    unchanged = len(facts) - len(changed) - len(refused)
    return Refreshed(tuple(row["serial"] for row in changed), unchanged, refused)


async def preview(tx: Tx, *, serials: Collection[str] | None) -> dict[str, tuple[Change, ...]]:
    """What a refresh would change, by serial; access points without a difference are left out."""
    offered = await wlans.list_wlans(tx)
    facts = await repository.list_facts(tx, serials)
    stored = await repository.list_desired(tx, [ap.serial for ap in facts])
    desired = {item.serial: msgspec.json.decode(item.config) for item in stored}
    changes = {ap.serial: diff(desired.get(ap.serial, {}), _build(ap, offered)[0]) for ap in facts}
    return {serial: found for serial, found in changes.items() if found}


async def list_desired(tx: Tx, serials: Collection[str]) -> list[DesiredConfig]:
    """What ``serials`` shall run; those without a good configuration are left out."""
    return await repository.list_desired(tx, serials)


async def list_serials(tx: Tx) -> list[str]:
    """Serials of the access points that shall have a configuration: all but the retired."""
    return await repository.list_serials(tx)


async def list_desired_uuids(tx: Tx) -> dict[str, int]:
    """The uuid that each access point shall run."""
    return await repository.list_stored_uuids(tx)


async def raise_above(tx: Tx, running: Mapping[str, int], now: datetime) -> list[DesiredConfig]:
    """Restamp the configurations of access points that hold a higher uuid than ours.

    Such an access point was configured elsewhere; after its next restart it would load the highest
    file again, so ours must be higher. Returns the restamped configurations. A claim near
    the end of all uuids is not outbid: one broken access point would use them up and stop all others.
    """
    raised: list[DesiredConfig] = []
    rows: list[dict[str, Any]] = []
    for item in await repository.list_desired(tx, list(running)):
        if not item.uuid < running[item.serial] <= _HIGHEST_CLAIM:
            continue
        config = msgspec.json.decode(item.config)
        above = max(item.uuid, running[item.serial])
        row = _row(item.serial, config, digest(config), above, now)
        rows.append(row)
        raised.append(DesiredConfig(item.serial, row["desired_uuid"], row["desired"], "pending"))
    await repository.save_desired(tx, rows)
    return raised


async def mark_sent(tx: Tx, versions: Sequence[tuple[str, int]], now: datetime) -> None:
    """(serial, uuid) pairs are on their way to the access points."""
    await repository.mark_sent(tx, versions, now)


async def reset_sent(tx: Tx) -> None:
    """At start no answer is awaited: what the last run had sent is pending until its access point is back."""
    await repository.reset_sent(tx)


async def record(tx: Tx, outcomes: Sequence[Outcome], now: datetime) -> None:
    """Store what the access points answered; an answer to an older uuid changes nothing."""
    await repository.save_outcomes(tx, outcomes, now)


def _build(ap: ApFacts, offered: Sequence[WlanView]) -> tuple[dict[str, Any], tuple[Fault, ...]]:
    config = render(merge(ap, offered))
    return config, validate(config)


def _row(serial: str, config: Mapping[str, Any], content: str, above: int, now: datetime) -> dict[str, Any]:
    uuid = next_uuid(above, now_s=int(now.timestamp()))
    return {
        "serial": serial,
        "desired_uuid": uuid,
        "desired": stamp(config, uuid),
        "desired_digest": content,
        "desired_at": now,
    }
