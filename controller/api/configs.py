"""HTTP route that tells what provisioning would change: the controller's own plan, before it acts."""

from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, Field

from controller.access_points import service as access_points
from controller.operators.context import Viewer
from controller.provisioning import service
from controller.provisioning.diff import ABSENT, Change

router = APIRouter(tags=["access points"])


class ChangeOut(BaseModel):
    """One difference between what an AP should run and what it would be given now."""

    path: str
    old: Any = Field(None, description="null with `added`: it was not there.")
    new: Any = Field(None, description="null with `removed`: it goes.")
    kind: str = Field(description="added, removed or changed.")


class ConfigDiffOut(BaseModel):
    """What differs for one AP."""

    serial: str
    changes: list[ChangeOut]


@router.get("/access-points/{reference}/config/diff")
async def show_diff(ctx: Viewer, reference: str) -> ConfigDiffOut:
    """Compare the stored configuration of an AP with what its WLANs and site ask for now."""
    async with ctx.db.reading() as tx:
        ap = await access_points.get(tx, reference)
        changes = (await service.preview(tx, serials=[ap.serial])).get(ap.serial, ())
    return ConfigDiffOut(serial=ap.serial, changes=[_out(change) for change in changes])


def _out(change: Change) -> ChangeOut:
    kind = "added" if change.old is ABSENT else "removed" if change.new is ABSENT else "changed"
    old = None if change.old is ABSENT else change.old
    new = None if change.new is ABSENT else change.new
    return ChangeOut(path=change.path, old=old, new=new, kind=kind)
