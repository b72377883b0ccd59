"""Vouchers below the service: the limit is per device and forgets."""

from captive_portal.portal.methods.voucher import VoucherMethod
from captive_portal.portal.types import Fault
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from tests.factories.portal import client, seed


async def test_a_device_that_guesses_does_not_lock_out_another(database, clock, tmp_path) -> None:
    directory = Directory(SecretStore(tmp_path))
    await seed(database, directory, now=clock.now())
    method = VoucherMethod(directory=directory, wrong_per_device_hour=2)
    guesser, guest = client("10.77.0.8", "02:00:00:00:00:08"), client()
    async with database.transaction() as tx:
        [code] = await directory.create_vouchers(
            tx, plan_id="city", count=1, valid_s=600, batch="", now=clock.now()
        )

        async def check(who, typed):
            return await method.check(tx, who, typed, now=clock.now(), monotonic=clock.monotonic())

        assert await check(guesser, "") == Fault("voucher-wrong", "fault-voucher")
        assert await check(guesser, "AAAAA-BBBBB-CCCCC") == Fault("voucher-wrong", "fault-voucher")
        assert (await check(guesser, code)).reason == "voucher-tries"
        assert (await check(guest, code)).plan.id == "city"
