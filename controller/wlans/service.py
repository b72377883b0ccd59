"""WLANs: what networks are on the air and where.

Every change writes `WlanChanged` and an audit entry in the same transaction; what APs make of it is
provisioning's part.
"""

from datetime import datetime

from controller.audit import service as audit
from controller.core import outbox
from controller.core.db import Tx
from controller.core.errors import ConflictError, InvalidInputError, NotFoundError
from controller.operators.types import Actor
from controller.sites import service as sites
from controller.wlans import repository
from controller.wlans.events import WlanChanged
from controller.wlans.rules import apply_changes, changed_fields, check_wlan, find_clash
from controller.wlans.types import WlanChanges, WlanView


async def list_wlans(tx: Tx) -> list[WlanView]:
    """Return every WLAN, by id."""
    return await repository.list_all(tx)


async def get(tx: Tx, wlan_id: str) -> WlanView:
    """Return a WLAN or raise NotFoundError."""
    for wlan in await repository.list_all(tx):
        if wlan.id == wlan_id:
            return wlan
    raise NotFoundError(f"there is no WLAN {wlan_id}", hint="kolco wlan list")


async def create(tx: Tx, wlan: WlanView, *, actor: Actor, now: datetime) -> WlanView:
    """Put a new WLAN on the air.

    Raises:
        InvalidInputError: a field is wrong, or a site does not exist.
        ConflictError: the id is taken, or the SSID is on the air there already.
    """
    wlan = check_wlan(wlan)
    others = await repository.list_all(tx)
    if any(other.id == wlan.id for other in others):
        raise ConflictError(f"there is a WLAN {wlan.id} already", hint="kolco wlan set changes it")
    await _check_surroundings(tx, wlan, others)
    await _save(tx, wlan, "created", changed_fields(_nothing(wlan), wlan), actor=actor, now=now)
    return wlan


async def change(tx: Tx, wlan_id: str, changes: WlanChanges, *, actor: Actor, now: datetime) -> WlanView:
    """Change a WLAN; no difference writes nothing. Raises as `create` and NotFoundError."""
    before = await get(tx, wlan_id)
    after = apply_changes(before, changes)
    changed = changed_fields(before, after)
    if changed:
        await _check_surroundings(tx, after, await repository.list_all(tx))
        await _save(tx, after, "changed", changed, actor=actor, now=now)
    return after


async def remove(tx: Tx, wlan_id: str, *, actor: Actor, now: datetime) -> WlanView:
    """Take a WLAN off the air for good; NotFoundError without such a one."""
    wlan = await get(tx, wlan_id)
    await repository.remove(tx, wlan_id)
    await outbox.add(tx, WlanChanged(wlan_id))
    audit.record(
        tx,
        operator=actor.name,
        action="removed",
        object_type="wlan",
        object_id=wlan_id,
        now=now,
        ssid=wlan.ssid,
    )
    return wlan


async def _check_surroundings(tx: Tx, wlan: WlanView, others: list[WlanView]) -> None:
    missing = sorted(set(wlan.sites) - await sites.find_ids(tx, wlan.sites))
    if missing:
        raise InvalidInputError(
            f"there is no site {', '.join(missing)}", hint="kolco site list", sites=missing
        )
    clash = find_clash(wlan, others)
    if clash is not None:
        raise ConflictError(
            f"the SSID {wlan.ssid!r} is on the air there already, from the WLAN {clash.id}",
            hint="choose other bands, other sites or another SSID",
            wlan=clash.id,
        )


async def _save(
    tx: Tx, wlan: WlanView, action: str, changed: dict[str, list[object]], *, actor: Actor, now: datetime
) -> None:
    await repository.save(tx, wlan)
    await outbox.add(tx, WlanChanged(wlan.id))
    audit.record(
        tx, operator=actor.name, action=action, object_type="wlan", object_id=wlan.id, now=now, **changed
    )


def _nothing(wlan: WlanView) -> WlanView:
    """The WLAN before it was: what an audit entry of its creation compares with."""
    return WlanView(
        id=wlan.id,
        ssid="",
        security="open",
        bands=(),
        vlan=None,
        isolate=False,
        enabled=False,
        all_sites=False,
        sites=(),
    )
