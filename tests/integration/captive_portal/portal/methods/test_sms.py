"""Codes by SMS below the service: what is stored, what a digest is bound to."""

import sqlalchemy as sa

from captive_portal.portal.methods.sms import Issued, SmsLimits, SmsMethod
from captive_portal.portal.types import Fault
from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.models import SmsChallenge
from tests.factories.portal import MAC, PHONE, client, seed


def method(secrets: SecretStore, code: str = "000042", **limits) -> SmsMethod:
    return SmsMethod(
        secrets=secrets, directory=Directory(secrets), limits=SmsLimits(**limits), make_code=lambda: code
    )


async def test_issue_then_check(database, clock, tmp_path) -> None:
    secrets = SecretStore(tmp_path)
    sms = method(secrets)
    await seed(database, Directory(secrets), now=clock.now())
    async with database.transaction() as tx:
        issued = await sms.issue(tx, client(), "8 916 123 45 67", now=clock.now())
        assert isinstance(issued, Issued)
        assert (issued.phone, issued.code) == (PHONE, "000042")
        login = await sms.check(tx, client(), "000042", now=clock.now())
        assert not isinstance(login, Fault)
        assert login.plan.id == "city"
        assert not sms.is_pending(await sms.latest(tx, client()), now=clock.now())


async def test_a_code_digest_is_good_for_its_challenge_only(database, clock, tmp_path) -> None:
    """Equal codes give different digests, so a copied row opens nothing."""
    sms = method(SecretStore(tmp_path), cooldown_s=0)
    async with database.transaction() as tx:
        await sms.issue(tx, client(), PHONE, now=clock.now())
        clock.advance(1)
        await sms.issue(tx, client("10.77.0.8", "02:00:00:00:00:08"), PHONE, now=clock.now())
        rows = list(await tx.scalars(sa.select(SmsChallenge)))
    assert len({row.code_digest for row in rows}) == 2
    assert len({row.phone_digest for row in rows}) == 1


async def test_cooldown_counts_down(database, clock, tmp_path) -> None:
    sms = method(SecretStore(tmp_path), cooldown_s=30)
    async with database.transaction() as tx:
        assert sms.cooldown_s(await sms.latest(tx, client()), now=clock.now()) == 0
        await sms.issue(tx, client(), PHONE, now=clock.now())
        latest = await sms.latest(tx, client())
        assert sms.cooldown_s(latest, now=clock.now()) == 30
        clock.advance(29.5)
        assert sms.cooldown_s(latest, now=clock.now()) == 1
        clock.advance(0.5)
        assert sms.cooldown_s(latest, now=clock.now()) == 0
        assert sms.is_pending(latest, now=clock.now())
        assert latest.mac == MAC
        fault = await sms.check(tx, client(mac="02:00:00:00:00:09"), "000042", now=clock.now())
        assert fault == Fault("code-spent", "fault-code-spent")
