"""RADIUS's SQL that the other tests do not reach."""

from datetime import timedelta

from controller.models import AccessPoint, District, Nas, Site
from radius import repository
from radius.repository import NasRow, Place
from tests.fakes.clock import START


async def test_only_enabled_nas_are_listed_and_marked(database):
    async with database.transaction() as tx:
        for number, enabled in (("1", True), ("2", False)):
            tx.add(
                Nas(
                    id=f"nas-{number}", name="N", cidr=f"192.0.2.{number}/32", secret_sealed=b"x",
                    require_message_authenticator=True, enabled=enabled,
                )
            )  # fmt: skip
    async with database.transaction() as tx:
        assert await repository.list_nas(tx) == [NasRow("nas-1", "192.0.2.1/32", b"x", True)]
        await repository.mark_heard(tx, ["nas-1"], [], ["nas-1", "gone"], START + timedelta(seconds=1))
    async with database.reading() as tx:
        assert (await tx.get(Nas, "nas-1")).last_seen_at == START + timedelta(seconds=1)
        assert (await tx.get(Nas, "nas-1")).unsigned_at == START + timedelta(seconds=1)
        assert (await tx.get(Nas, "nas-1")).signed_at is None
        assert (await tx.get(Nas, "nas-2")).last_seen_at is None


async def test_an_access_point_is_found_by_its_mac(database):
    async with database.transaction() as tx:
        tx.add(District(id="arbat", name="Арбат"))
        await tx.flush()
        tx.add(Site(id="arbat-1", name="Арбат, 1", district_id="arbat", latitude=55.75, longitude=37.6))
        await tx.flush()
        tx.add(
            AccessPoint(
                serial="0010a42319c0", name="ap", mac="00:10:a4:23:19:c0", model="sim", site_id="arbat-1",
                latitude=55.75, longitude=37.6, state="adopted", created_at=START,
            )
        )  # fmt: skip
    async with database.reading() as tx:
        assert await repository.find_place(tx, "00:10:a4:23:19:c0") == Place("0010a42319c0", "arbat-1")
        assert await repository.find_place(tx, "00:10:a4:23:19:c1") is None


async def test_an_unknown_device_is_none(database):
    async with database.reading() as tx:
        assert await repository.find_device(tx, "01M835DGNN10MY2SGGB6V84DQD") is None
        assert await repository.list_sessions_to_disconnect(tx) == []
