"""The portal's questions to the database, on both kinds."""

import asyncio
from datetime import timedelta

import sqlalchemy as sa

from captive_portal.portal import repository
from captive_portal.portal.types import CodeCounts
from controller.core.ids import new_id
from controller.models import Lease, SmsChallenge
from tests.eventually import eventually
from tests.factories.portal import GATEWAY, MAC, OTHER_MAC, client, lease

DIGEST = b"d" * 32


async def add(
    tx, now, *, mac: str = MAC, prefix: str = "+79161", phone: bytes = DIGEST, valid_s: int = 300
) -> str:
    challenge_id = new_id()
    await repository.add_challenge(
        tx,
        challenge_id=challenge_id,
        phone_digest=phone,
        phone_sealed=b"sealed",
        prefix=prefix,
        code_digest=b"c" * 32,
        client=client("10.77.0.9", mac),
        now=now,
        valid_s=valid_s,
    )
    return challenge_id


async def test_leases_that_ran_out_name_nobody(bench) -> None:
    now = bench.clock.now()
    async with bench.db.transaction() as tx:
        tx.add(Lease(gateway_id=GATEWAY, ip="10.77.0.5", mac=MAC, seen_at=now, expires_at=now))
    async with bench.db.reading() as tx:
        earlier = now - timedelta(seconds=1)
        assert (await repository.find_client(tx, gateway_id=GATEWAY, ip="10.77.0.5", now=earlier)).mac == MAC
        assert await repository.find_client(tx, gateway_id=GATEWAY, ip="10.77.0.5", now=now) is None
        assert await repository.find_clients_at(tx, ip="10.77.0.5", now=now) == []


async def test_gateways_and_their_sites(bench) -> None:
    await lease(bench.db, ip="10.77.0.9", now=bench.clock.now())
    async with bench.db.reading() as tx:
        assert await repository.is_gateway(tx, gateway_id=GATEWAY)
        assert not await repository.is_gateway(tx, gateway_id="none")
        assert await repository.find_site(tx, gateway_id=GATEWAY) is None
        found = await repository.find_clients_at(tx, ip="10.77.0.9", now=bench.clock.now())
        assert found == [client()]


async def test_counts_are_by_number_device_block_and_time(bench) -> None:
    now = bench.clock.now()
    async with bench.db.transaction() as tx:
        await add(tx, now - timedelta(hours=2))
        await add(tx, now, mac=OTHER_MAC)
        await add(tx, now, phone=b"e" * 32, prefix="+79162")
    asked = {"day": now - timedelta(days=1), "hour": now - timedelta(hours=1)}
    async with bench.db.reading() as tx:
        most = CodeCounts(9, 9, 9, 9)
        counted = await repository.count_codes(
            tx, phone_digest=DIGEST, mac=MAC, prefix="+79161", most=most, **asked
        )
        assert counted == CodeCounts(of_number=2, of_device=2, of_block=1, of_all=2)
        most = CodeCounts(1, 1, 1, 1)  # stops counting there
        counted = await repository.count_codes(
            tx, phone_digest=DIGEST, mac=MAC, prefix="+79161", most=most, **asked
        )
        assert counted == most


async def test_a_new_code_ends_the_devices_old_one_only(bench) -> None:
    now = bench.clock.now()
    async with bench.db.transaction() as tx:
        old = await add(tx, now)
        other = await add(tx, now, mac=OTHER_MAC)
        new = await add(tx, now + timedelta(seconds=1))
        later = now + timedelta(seconds=2)
        assert await repository.take_try(tx, challenge_id=old, now=later, max_tries=5) is None
        assert await repository.take_try(tx, challenge_id=other, now=later, max_tries=5) is not None
        assert (await repository.find_latest(tx, mac=MAC)).id == new
        assert (await repository.find_latest(tx, mac=OTHER_MAC)).id == other
        assert await repository.find_latest(tx, mac="02:00:00:00:00:99") is None


async def test_tries_run_out(bench) -> None:
    now = bench.clock.now()
    async with bench.db.transaction() as tx:
        challenge = await add(tx, now)
        taken = [
            await repository.take_try(tx, challenge_id=challenge, now=now, max_tries=2) for _ in range(3)
        ]
        assert taken == [(b"c" * 32, b"sealed")] * 2 + [None]
        assert await repository.count_tries(tx, mac=MAC, since=now - timedelta(hours=1)) == 2
        assert (await repository.find_latest(tx, mac=MAC)).tries == 2


async def test_what_becomes_of_a_code(bench) -> None:
    now = bench.clock.now()
    async with bench.db.transaction() as tx:
        challenge = await add(tx, now)
        assert not (await repository.find_latest(tx, mac=MAC)).is_sent
        await repository.mark_sent(tx, challenge_id=challenge, now=now)
        assert (await repository.find_latest(tx, mac=MAC)).is_sent
        await repository.mark_used(tx, challenge_id=challenge, now=now)
        assert (await repository.find_latest(tx, mac=MAC)).is_used
        lost = await add(tx, now + timedelta(seconds=1))
        await repository.mark_lost(tx, challenge_id=lost)
        found = await repository.find_latest(tx, mac=MAC)
        assert found.expires_at == found.created_at


async def test_the_caps_lock_can_be_taken(bench) -> None:
    async with bench.db.transaction() as tx:
        await repository.lock_caps(tx)
        await repository.lock_caps(tx)


async def test_old_codes_are_deleted(bench) -> None:
    now = bench.clock.now()
    async with bench.db.transaction() as tx:
        await add(tx, now - timedelta(days=3))
        young = await add(tx, now - timedelta(hours=23))
    purging = asyncio.create_task(bench.service.purge())

    async def only_the_young_is_left() -> bool:
        async with bench.db.reading() as tx:
            return list(await tx.scalars(sa.select(SmsChallenge.id))) == [young]

    await eventually(only_the_young_is_left)
    purging.cancel()
    await asyncio.gather(purging, return_exceptions=True)
