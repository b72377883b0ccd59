"""The portal's questions to the database, on both kinds."""

from datetime import timedelta

import pytest

from captive_portal.portal import repository
from controller.core.ids import new_id
from controller.models import Lease
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
    async with bench.db.reading() as tx:
        hour = now - timedelta(hours=1)
        count = repository.count_codes
        assert await count(tx, since=hour, limit=10) == 2
        assert await count(tx, since=now - timedelta(days=1), limit=2) == 2  # stops counting there
        assert await count(tx, since=now - timedelta(days=1), limit=9, phone_digest=DIGEST) == 2
        assert await count(tx, since=hour, limit=9, mac=MAC) == 1
        assert await count(tx, since=hour, limit=9, prefix="+79161") == 1


async def test_a_new_code_replaces_the_devices_old_one_only(bench) -> None:
    now = bench.clock.now()
    async with bench.db.transaction() as tx:
        old = await add(tx, now)
        other = await add(tx, now, mac=OTHER_MAC)
        new = await add(tx, now + timedelta(seconds=1))
        assert (
            await repository.take_try(tx, challenge_id=old, now=now + timedelta(seconds=2), max_tries=5)
            is None
        )
        pending = await repository.find_pending(tx, mac=MAC, now=now + timedelta(seconds=2), max_tries=5)
        assert pending.id == new
        assert (await repository.find_pending(tx, mac=OTHER_MAC, now=now, max_tries=5)).id == other


async def test_tries_run_out(bench) -> None:
    now = bench.clock.now()
    async with bench.db.transaction() as tx:
        challenge = await add(tx, now)
        taken = [
            await repository.take_try(tx, challenge_id=challenge, now=now, max_tries=2) for _ in range(3)
        ]
        assert taken == [(b"c" * 32, b"sealed")] * 2 + [None]
        assert await repository.count_tries(tx, mac=MAC, since=now - timedelta(hours=1)) == 2
        assert await repository.find_pending(tx, mac=MAC, now=now, max_tries=2) is None


@pytest.mark.parametrize("mark", ["used", "lost"])
async def test_what_is_used_or_lost_is_not_pending(bench, mark) -> None:
    now = bench.clock.now()
    async with bench.db.transaction() as tx:
        challenge = await add(tx, now)
        await repository.mark_sent(tx, challenge_id=challenge, now=now)
        assert (await repository.find_pending(tx, mac=MAC, now=now, max_tries=5)).is_sent
        if mark == "used":
            await repository.mark_used(tx, challenge_id=challenge, now=now)
        else:
            await repository.mark_lost(tx, challenge_id=challenge)
    async with bench.db.reading() as tx:
        assert await repository.find_pending(tx, mac=MAC, now=now, max_tries=5) is None
        asked = await repository.find_last_asked(tx, mac=MAC, since=now - timedelta(seconds=60))
        assert asked == (now if mark == "used" else None)


async def test_the_caps_lock_can_be_taken(bench) -> None:
    async with bench.db.transaction() as tx:
        await repository.lock_caps(tx)
        await repository.lock_caps(tx)
