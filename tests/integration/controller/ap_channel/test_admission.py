import sqlalchemy as sa

from controller.ap_channel.admission import Admission
from controller.models import AccessPoint
from tests.integration.controller.ap_channel.conftest import PLANNED, READY, RETIRED


async def test_the_inventory_decides(database, inventory):
    for admission in (Admission(database), Admission(database)):
        assert await admission.refusal(READY) is None
        assert await admission.refusal(PLANNED) is None
        assert await admission.refusal(RETIRED) == "retired"
        assert await admission.refusal("ffffffffffff") == "unknown-serial"
        await admission.load()


async def test_a_change_is_seen_after_refresh(database, inventory):
    admission = Admission(database)
    await admission.load()
    async with database.transaction() as tx:
        await tx.execute(sa.update(AccessPoint).where(AccessPoint.serial == READY).values(state="retired"))
        await tx.execute(sa.delete(AccessPoint).where(AccessPoint.serial == PLANNED))
    assert await admission.refusal(READY) is None
    assert await admission.refresh(READY) == "retired"
    assert await admission.refusal(READY) == "retired"
    assert await admission.refresh(PLANNED) is None
    assert await admission.refusal(PLANNED) == "unknown-serial"


async def test_planned_ones_are_adopted(database, inventory):
    admission = Admission(database)
    await admission.load()
    await admission.adopt([READY, PLANNED])
    await admission.adopt([READY, PLANNED])
    async with database.reading() as tx:
        states = dict((await tx.execute(sa.select(AccessPoint.serial, AccessPoint.state))).all())
    assert states[PLANNED] == states[READY] == "adopted"
    assert states[RETIRED] == "retired"
