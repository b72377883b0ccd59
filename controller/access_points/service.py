"""The inventory of access points: takes them in, changes and retires them, and passes commands on.

Every change writes `AccessPointChanged` and an audit entry in the same transaction. Does not talk to
APs: commands go out as `ApCommandRequested`, configurations are provisioning's part.
"""

import uuid
from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal

from controller.access_points import repository
from controller.access_points.events import AccessPointChanged, ApCommandRequested
from controller.access_points.import_rows import MODEL_MAX, find_place_fault
from controller.access_points.types import (
    ApChanges,
    ApConfigView,
    ApDetails,
    ApFilter,
    ApView,
    ConfigCounts,
    NewAccessPoint,
)
from controller.audit import service as audit
from controller.core import outbox
from controller.core.db import Tx
from controller.core.errors import ConflictError, InvalidInputError, NotFoundError, UnavailableError
from controller.core.mac import parse_mac
from controller.operators.types import Actor
from controller.sites import service as sites
from controller.sites.rules import check_name, check_place, check_text
from controller.zones import service as zones
from controller.zones.geometry import ZoneMap

EVENTS_SHOWN = 20

Command = Literal["reboot", "leds", "request"]


async def list_aps(
    tx: Tx, wanted: ApFilter, *, limit: int = 100, after: str | None = None
) -> tuple[list[ApView], int]:
    """Return up to `limit` APs by name, past the one with serial `after`; and how many match in all."""
    return await repository.find_page(tx, wanted, limit=limit, after=after)


async def get(tx: Tx, reference: str) -> ApView:
    """Return an AP by its serial, in any notation, or by its exact name.

    Raises:
        NotFoundError: there is no such AP.
        ConflictError: several have that name.
    """
    serial = find_serial(reference)
    if serial is not None:
        ap = await repository.find_by_serial(tx, serial)
        if ap is not None:
            return ap
    named = await repository.find_by_name(tx, reference)
    if len(named) > 1:
        raise ConflictError(f"several APs are named {reference!r}", hint="give the serial")
    if not named:
        raise NotFoundError(f"there is no AP {reference}", hint="kolco ap list")
    return named[0]


def find_serial(reference: str) -> str | None:
    """Return the serial that a text names, in any notation of MAC addresses; None if it names none."""
    try:
        return parse_mac(reference).replace(":", "")
    except InvalidInputError:
        return None


async def get_details(tx: Tx, reference: str) -> ApDetails:
    """Return everything kept about an AP. Raises as `get`."""
    ap = await get(tx, reference)
    status = await repository.find_status(tx, ap.serial)
    return ApDetails(
        ap=ap,
        summary=dict(status.summary or {}) if status else {},
        state_at=status.state_at if status else None,
        last_reboot_reason=status.last_reboot_reason if status else "",
        config=await repository.find_config(tx, ap.serial),
        events=tuple(await repository.list_events(tx, ap.serial, limit=EVENTS_SHOWN)),
    )


async def get_config(tx: Tx, reference: str) -> ApConfigView:
    """Return what an AP should run. Raises as `get`, and NotFoundError before the first configuration."""
    ap = await get(tx, reference)
    config = await repository.find_config(tx, ap.serial)
    if config is None:
        raise NotFoundError(
            f"no configuration was made for {ap.name} yet",
            hint="it is made once the AP is adopted and the controller runs",
        )
    return config


async def count_configs(tx: Tx) -> ConfigCounts:
    """Count adopted APs by how far their configuration is."""
    return await repository.count_configs(tx)


async def create(tx: Tx, new: NewAccessPoint, *, actor: Actor, now: datetime) -> ApView:
    """Take an AP into the inventory.

    Raises:
        InvalidInputError: a field is wrong, or there is no such site.
        ConflictError: the serial or the MAC is in the inventory already.
    """
    name = check_name(new.name, "the name")
    check_text(new.model, "the model", MODEL_MAX)
    zone_map = await zones.read_map(tx)
    await _check_where(tx, new.site_id, new.latitude, new.longitude, zone_map)
    if await repository.find_by_serial(tx, new.serial) is not None:
        raise ConflictError(
            f"{new.serial} is in the inventory already", hint=f"kolco ap adopt {new.serial} lets it connect"
        )
    if await repository.find_by_mac(tx, new.mac) is not None:
        raise ConflictError(f"{new.mac} belongs to another AP")
    await store(tx, [(new, zone_map.find_zone(new.latitude, new.longitude))], now)
    _record(tx, "created", new.serial, actor, now, name=name, site=new.site_id, state=new.state)
    return await get(tx, new.serial)


async def store(tx: Tx, placed: Sequence[tuple[NewAccessPoint, str | None]], now: datetime) -> None:
    """Store checked APs, each with the zone of its coordinates, and say that they changed."""
    rows = [{**asdict(ap), "zone_id": zone_id, "created_at": now} for ap, zone_id in placed]
    await repository.add_all(tx, rows)
    for ap, _ in placed:
        await outbox.add(tx, AccessPointChanged(ap.serial))


async def change(tx: Tx, reference: str, changes: ApChanges, *, actor: Actor, now: datetime) -> ApView:
    """Change an AP's record; new coordinates give it a new zone. Raises as `create` and `get`."""
    ap = await get(tx, reference)
    given = {field: value for field, value in asdict(changes).items() if value is not None}
    if "name" in given:
        given["name"] = check_name(given["name"], "the name")
    if "model" in given:
        given["model"] = check_text(given["model"], "the model", MODEL_MAX)
    latitude, longitude = given.get("latitude", ap.latitude), given.get("longitude", ap.longitude)
    zone_map = await zones.read_map(tx)
    await _check_where(tx, given.get("site_id", ap.site_id), latitude, longitude, zone_map)
    if "latitude" in given or "longitude" in given:
        given["zone_id"] = zone_map.find_zone(latitude, longitude)
    changed = {key: [getattr(ap, key), new] for key, new in given.items() if getattr(ap, key) != new}
    if not changed:
        return ap
    await _write(tx, ap.serial, {key: new for key, (_, new) in changed.items()})
    _record(tx, "changed", ap.serial, actor, now, **changed)
    return await get(tx, ap.serial)


async def adopt(tx: Tx, reference: str, *, actor: Actor, now: datetime) -> ApView:
    """Let a planned or retired AP connect; an adopted one stays as it is. Raises as `get`."""
    return await _set_state(tx, reference, "adopted", actor, now)


async def retire(tx: Tx, reference: str, *, actor: Actor, now: datetime) -> ApView:
    """Refuse an AP from now on; its record and history stay. Raises as `get`."""
    return await _set_state(tx, reference, "retired", actor, now)


async def reboot(tx: Tx, reference: str, *, actor: Actor, now: datetime) -> ApView:
    """Have a connected AP restart: its clients drop for a minute or two. Raises as `command`."""
    return await command(tx, reference, "reboot", {}, actor=actor, now=now)


async def locate(tx: Tx, reference: str, *, duration_s: int, actor: Actor, now: datetime) -> ApView:
    """Have a connected AP blink, so that somebody on the street finds it. Raises as `command`."""
    return await command(
        tx, reference, "leds", {"pattern": "blink", "duration": duration_s}, actor=actor, now=now
    )


async def request(
    tx: Tx, reference: str, message: Literal["state", "healthcheck"], *, actor: Actor, now: datetime
) -> ApView:
    """Have a connected AP send a message now instead of at its time. Raises as `command`."""
    params = {"message": message, "request_uuid": str(uuid.uuid4())}
    return await command(tx, reference, "request", params, actor=actor, now=now)


async def command(
    tx: Tx, reference: str, method: Command, params: dict[str, Any], *, actor: Actor, now: datetime
) -> ApView:
    """Pass a command on to a connected AP; `params` without the serial.

    Raises:
        NotFoundError, ConflictError: as `get`.
        UnavailableError: the AP is not connected; commands are not kept for later.
    """
    ap = await get(tx, reference)
    if not ap.connected:
        raise UnavailableError(f"{ap.name} is not connected", hint=f"kolco ap show {ap.serial}")
    await outbox.add(tx, ApCommandRequested(ap.serial, method, params))
    _record(tx, f"asked-{method}", ap.serial, actor, now, params=params)
    return ap


async def _set_state(
    tx: Tx, reference: str, state: Literal["adopted", "retired"], actor: Actor, now: datetime
) -> ApView:
    ap = await get(tx, reference)
    if ap.state == state:
        return ap
    await _write(tx, ap.serial, {"state": state})
    _record(tx, state, ap.serial, actor, now, state=[ap.state, state])
    return await get(tx, ap.serial)


async def _write(tx: Tx, serial: str, fields: dict[str, Any]) -> None:
    await repository.set_fields(tx, serial, fields)
    await outbox.add(tx, AccessPointChanged(serial))


def _record(tx: Tx, action: str, serial: str, actor: Actor, now: datetime, **detail: Any) -> None:
    audit.record(
        tx,
        operator=actor.name,
        action=action,
        object_type="access-point",
        object_id=serial,
        now=now,
        **detail,
    )


async def _check_where(tx: Tx, site_id: str, latitude: float, longitude: float, zone_map: ZoneMap) -> None:
    check_place(latitude, longitude)
    fault = find_place_fault(latitude, longitude, zone_map.area)
    if fault is not None:
        raise InvalidInputError(fault[1], hint="latitude is degrees north, longitude degrees east")
    if not await sites.find_ids(tx, [site_id]):
        raise InvalidInputError(f"there is no site {site_id}", hint="kolco site list")
