"""RADIUS's SQL that the other tests do not reach."""

from datetime import timedelta

from controller.models import Nas
from radius import repository
from radius.repository import NasRow
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
