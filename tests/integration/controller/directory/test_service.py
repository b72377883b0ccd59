"""The directory on both databases."""

import asyncio
from datetime import timedelta

import msgspec
import pytest
import sqlalchemy as sa

from controller.core import outbox
from controller.core.errors import DeniedError, InvalidInputError, NotFoundError
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.models import Identity, Voucher
from tests.factories.people import MAC, PHONE, make_citizen, make_plan

OTHER_MAC = "02:00:00:00:00:02"


@pytest.fixture
def directory(tmp_path):
    return Directory(SecretStore(tmp_path / "secrets"))


async def test_a_phone_number_keeps_its_account_over_devices(database, directory, clock):
    first = await make_citizen(database, directory, now=clock.now())
    second = await make_citizen(database, directory, now=clock.now(), mac=OTHER_MAC)
    assert first.account_id == second.account_id
    assert first.device_id != second.device_id


async def test_no_number_stands_readable_in_the_database(database, directory, clock):
    await make_citizen(database, directory, now=clock.now())
    async with database.reading() as tx:
        identity = (await tx.scalars(sa.select(Identity))).one()
        accounts = await directory.list_accounts(tx, phone=PHONE)
    assert PHONE[-7:].encode() not in identity.digest + identity.sealed
    assert accounts[0].identities == ("phone +79•••••••67",)
    assert accounts[0].devices == 1


async def test_a_device_is_remembered_until_forgotten_or_blocked(database, directory, clock):
    login = await make_citizen(database, directory, now=clock.now())
    async with database.transaction() as tx:
        assert (await directory.find_known_device(tx, mac=MAC, now=clock.now())).device_id == login.device_id
        await directory.set_account_status(tx, account_id=login.account_id, status="blocked")
    async with database.reading() as tx:
        assert await directory.find_known_device(tx, mac=MAC, now=clock.now()) is None
    with pytest.raises(DeniedError):
        await make_citizen(database, directory, now=clock.now())
    clock.advance(86_401)
    async with database.transaction() as tx:
        await directory.set_account_status(tx, account_id=login.account_id, status="active")
        assert await directory.find_known_device(tx, mac=MAC, now=clock.now()) is None


async def test_a_voucher_works_until_it_expires_and_is_stored_as_a_digest(database, directory, clock):
    async with database.transaction() as tx:
        await directory.save_plan(tx, make_plan(id="guest"))
        codes = await directory.create_vouchers(
            tx, plan_id="guest", count=3, valid_s=100, batch="desk", now=clock.now()
        )
    assert len(set(codes)) == 3
    async with database.transaction() as tx:
        login = await directory.redeem_voucher(tx, code=f" {codes[0].lower()} ", mac=MAC, now=clock.now())
        again = await directory.redeem_voucher(tx, code=codes[0], mac=OTHER_MAC, now=clock.now())
    assert login.plan.id == "guest"
    assert login.account_id == again.account_id
    async with database.reading() as tx:
        listed = await directory.list_vouchers(tx, batch="desk")
        stored = list(await tx.scalars(sa.select(Voucher.digest)))
    assert sorted(voucher.redeemed_at is not None for voucher in listed) == [False, False, True]
    assert all(code.encode() not in digest for code in codes for digest in stored)
    clock.advance(101)
    for code in (codes[1], "NONE-SUCH"):
        with pytest.raises(InvalidInputError, match="this voucher is not valid"):
            async with database.transaction() as tx:
                await directory.redeem_voucher(tx, code=code, mac=MAC, now=clock.now())


async def test_a_credential_opens_only_with_its_password_and_until_it_expires(database, directory, clock):
    login = await make_citizen(database, directory, now=clock.now())
    async with database.transaction() as tx:
        issued = await directory.issue_credential(tx, device_id=login.device_id, now=clock.now(), valid_s=50)

    async def check(password):
        async with database.reading() as tx:
            return await directory.check_credential(
                tx, username=issued.username, password=password, now=clock.now()
            )

    assert (await check(issued.password)).device_id == login.device_id
    assert await check("wrong") is None
    clock.advance(51)
    assert await check(issued.password) is None


async def test_wrong_requests_are_refused_with_a_reason(database, directory, clock):
    async with database.transaction() as tx:
        with pytest.raises(NotFoundError, match="no plan 'none'"):
            await directory.create_vouchers(tx, plan_id="none", count=1, valid_s=1, batch="", now=clock.now())
        with pytest.raises(InvalidInputError, match="count"):
            await directory.create_vouchers(tx, plan_id="x", count=0, valid_s=1, batch="", now=clock.now())
        with pytest.raises(InvalidInputError, match="phone"):
            await directory.login_phone(tx, phone="12", mac=MAC, now=clock.now())
        with pytest.raises(InvalidInputError, match="active or blocked"):
            await directory.set_account_status(tx, account_id="x", status="odd")


async def test_two_devices_that_prove_the_same_new_number_at_once_share_an_account(
    database, directory, clock
):
    async with database.transaction() as tx:
        await directory.save_plan(tx, make_plan())

    async def login(mac):
        async with database.transaction() as tx:
            return await directory.login_phone(tx, phone=PHONE, mac=mac, now=clock.now())

    logins = await asyncio.gather(*(login(f"02:00:00:00:02:{number:02}") for number in range(8)))
    assert len({login.account_id for login in logins}) == 1
    assert len({login.device_id for login in logins}) == 8


async def test_what_was_issued_to_a_device_is_void_when_its_address_passes_to_somebody_else(
    database, directory, clock
):
    login = await make_citizen(database, directory, now=clock.now())
    async with database.transaction() as tx:
        issued = await directory.issue_credential(tx, device_id=login.device_id, now=clock.now(), valid_s=50)
    await make_citizen(database, directory, now=clock.now(), phone="+79997654321")
    async with database.reading() as tx:
        assert not await directory.check_credential(
            tx, username=issued.username, password=issued.password, now=clock.now()
        )


async def test_nobody_is_online_longer_than_their_voucher(database, directory, clock):
    async with database.transaction() as tx:
        await directory.save_plan(tx, make_plan(id="guest"))
        (code,) = await directory.create_vouchers(
            tx, plan_id="guest", count=1, valid_s=100, batch="", now=clock.now()
        )
        login = await directory.redeem_voucher(tx, code=code, mac=MAC, now=clock.now())
        known = await directory.find_known_device(tx, mac=MAC, now=clock.now())
    assert login.not_after == known.remembered_until == clock.now() + timedelta(seconds=100)


async def test_each_change_of_who_may_in_is_told(database, directory, clock):
    async def told():
        async with database.transaction() as tx:
            rows = await outbox.newer(tx, 0, 100)
            await tx.execute(sa.delete(outbox.OutboxRow))
        return {(row.topic.partition(".")[2], *msgspec.json.decode(row.payload).values()) for row in rows}

    login = await make_citizen(database, directory, now=clock.now())
    assert await told() == {("plan_changed", "city"), ("device_changed", MAC)}
    async with database.transaction() as tx:
        issued = await directory.issue_credential(tx, device_id=login.device_id, now=clock.now(), valid_s=9)
    assert await told() == {("credential_changed", issued.username)}
    await make_citizen(database, directory, now=clock.now(), phone="+79160000000")
    assert await told() == {
        ("plan_changed", "city"), ("device_changed", MAC), ("credential_changed", issued.username)
    }  # fmt: skip
    async with database.transaction() as tx:
        await directory.remember(tx, device_id=login.device_id, until=clock.now())
    assert await told() == {("device_changed", MAC)}
    async with database.transaction() as tx:
        await directory.forget(tx, MAC)
        await directory.forget(tx, OTHER_MAC)
    assert await told() == {("device_changed", MAC)}
    async with database.transaction() as tx:
        await directory.set_account_status(tx, account_id=login.account_id, status="blocked")
    assert await told() == {("account_changed", login.account_id)}
