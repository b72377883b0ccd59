"""Decisions with no packets: by the database, and the same by the account index with no query."""

import dataclasses
from datetime import timedelta

import pytest

from controller.core.secrets import SecretStore
from controller.directory.service import Directory
from controller.directory.types import PlanView
from controller.sessions import service as sessions
from controller.sessions.types import StartSession
from radius.authorize import Accepted, Judge
from radius.decisions import Authorizer, Decisions
from radius.index.changes import read_settled
from radius.index.compare import compare
from radius.index.entries import DEVICES, DeviceEntry, Settled, encode
from radius.index.keys import Keys
from radius.index.reader import AccountIndex
from radius.index.writer import IndexWriter
from radius.protocol.eap.mschapv2 import attest, respond
from radius.protocol.eap.steps import CertificateProof
from radius.protocol.password import chap_response
from radius.question import Chap, Method, Question, Refusal, Refused
from radius.stations import CalledStation
from tests.fakes.clock import FakeClock

MAC = "02:00:00:00:00:01"
THIRD = "02:00:00:00:00:03"
NOWHERE = CalledStation(None, "")
PLAN = PlanView("city", "City", 7200, 600, 3600, 300, None, None, None, 5)
MAB = Question(Method.MAB, MAC, "", MAC, NOWHERE)


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def directory(tmp_path):
    return Directory(SecretStore(tmp_path / "secrets"))


@pytest.fixture
async def login(database, directory, clock):
    async with database.transaction() as tx:
        await directory.save_plan(tx, PLAN)
        return await directory.login_phone(tx, phone="+79161234567", mac=MAC, now=clock.now())


class ByDatabase:
    """Asks the database."""

    def __init__(self, authorizer):
        self._authorizer = authorizer

    async def decide(self, question):
        (decision,) = await self._authorizer.decide_all([question])
        return decision


class ByIndex:
    """Asks the index, once it is the same as the database."""

    def __init__(self, database, judge, clock, path):
        self._database = database
        self._clock = clock
        self._keys = Keys(bytes(32))
        self._writer = IndexWriter(path, self._keys.check, map_bytes=2**24)
        self._writer.open()
        index = AccountIndex(path, self._keys)
        index.attach(self._writer.environment)
        self._decisions = Decisions(index, judge, self._refuse, clock, fell_back=self._refuse)

    async def decide(self, question):
        async def write(changes):
            return self._writer.apply(changes)

        environment, now = self._writer.environment, self._clock.now()
        await compare(self._database, environment, self._keys, now, write)
        settled = await read_settled(self._database)
        self._writer.apply((), settled=settled, hits=True, misses=True)
        decision = self._decisions.decide(question)
        assert isinstance(decision, Accepted | Refused)
        return decision

    def _refuse(self, *_):
        raise AssertionError("the database was asked")


@pytest.fixture(params=["database", "index"])
def authorizer(request, database, directory, clock, login, tmp_path):  # noqa: PLR0917 - fixtures
    judge = Judge(directory)
    if request.param == "database":
        return ByDatabase(Authorizer(database, judge, clock))
    return ByIndex(database, judge, clock, tmp_path / "index")


async def credential(database, directory, login, clock, valid_s=60):
    async with database.transaction() as tx:
        return await directory.issue_credential(
            tx, device_id=login.device_id, now=clock.now(), valid_s=valid_s
        )


def pap(issued, password=None):
    return Question(Method.PAP, issued.username, password or issued.password, None, NOWHERE)


async def test_a_remembered_device_stays_as_long_as_it_is_remembered(authorizer, clock, login):
    clock.advance(600)
    decision = await authorizer.decide(MAB)
    assert isinstance(decision, Accepted)
    assert decision.seconds_left == 3000
    assert decision.known.device_id == login.device_id
    clock.advance(3000)
    assert await authorizer.decide(MAB) == Refused(Refusal.UNKNOWN_DEVICE)


async def test_a_credential_is_good_until_it_expires(authorizer, database, directory, login, clock):
    issued = await credential(database, directory, login, clock)
    decision = await authorizer.decide(pap(issued))
    assert decision.seconds_left == 7200
    assert await authorizer.decide(pap(issued, "wrong")) == Refused(Refusal.WRONG_CREDENTIAL)
    clock.advance(61)
    assert await authorizer.decide(pap(issued)) == Refused(Refusal.WRONG_CREDENTIAL)


async def test_a_name_that_no_database_takes_is_nobodys(authorizer, database, directory, login, clock):
    issued = await credential(database, directory, login, clock)
    odd = Question(Method.PAP, f"{issued.username}\0", issued.password, None, NOWHERE)
    assert await authorizer.decide(odd) == Refused(Refusal.WRONG_CREDENTIAL)


async def test_chap_proves_the_same_credential(authorizer, database, directory, login, clock):
    issued = await credential(database, directory, login, clock)

    def chap(password, username=issued.username):
        response = chap_response(7, password.encode(), b"challenge")
        return Question(Method.CHAP, username, "", None, NOWHERE, Chap(response, b"challenge"))

    assert isinstance(await authorizer.decide(chap(issued.password)), Accepted)
    assert await authorizer.decide(chap("wrong")) == Refused(Refusal.WRONG_CREDENTIAL)
    assert await authorizer.decide(chap("x", "nobody")) == Refused(Refusal.WRONG_CREDENTIAL)
    clock.advance(61)
    assert await authorizer.decide(chap(issued.password)) == Refused(Refusal.WRONG_CREDENTIAL)


async def test_a_certificate_is_good_as_long_as_it_and_its_credential_are(
    authorizer, database, directory, login, clock
):
    issued = await credential(database, directory, login, clock)

    def shown(expires_in_s, username=issued.username):
        proof = CertificateProof(username, clock.now() + timedelta(seconds=expires_in_s))
        return Question(Method.EAP_TLS, username, "", None, NOWHERE, proof=proof)

    assert isinstance(await authorizer.decide(shown(30)), Accepted)
    assert await authorizer.decide(shown(0)) == Refused(Refusal.WRONG_CREDENTIAL)
    assert await authorizer.decide(shown(30, "0010a42319c0")) == Refused(Refusal.WRONG_CREDENTIAL)
    clock.advance(61)
    assert await authorizer.decide(shown(30)) == Refused(Refusal.WRONG_CREDENTIAL)


async def test_mschapv2_is_attested(authorizer, database, directory, login, clock):
    issued = await credential(database, directory, login, clock)

    def answered(password):
        proof = respond(issued.username, bytes(16), bytes(16), password)
        return Question(Method.EAP_PEAP, issued.username, "", None, NOWHERE, proof=proof)

    accepted = await authorizer.decide(answered(issued.password))
    assert accepted.attestation == attest(answered(issued.password).proof, issued.password).attestation
    assert await authorizer.decide(answered("wrong")) == Refused(Refusal.WRONG_CREDENTIAL)


async def test_a_blocked_account_gets_nothing(authorizer, database, directory, login, clock):
    issued = await credential(database, directory, login, clock)
    async with database.transaction() as tx:
        await directory.set_account_status(tx, account_id=login.account_id, status="blocked")
    assert await authorizer.decide(MAB) == Refused(Refusal.UNKNOWN_DEVICE)
    assert await authorizer.decide(pap(issued)) == Refused(Refusal.WRONG_CREDENTIAL)


async def test_an_open_session_goes_on(authorizer, database, login, clock):
    async with database.transaction() as tx:
        session = await sessions.start(
            tx,
            StartSession(MAC, "10.77.0.5", "gw", login.account_id, login.device_id, PLAN, "sms"),
            clock.now(),
        )
    clock.advance(60)
    decision = await authorizer.decide(MAB)
    assert (decision.session_id, decision.seconds_left) == (session.id, 7140)


async def test_a_plan_may_refuse_one_device_too_many(authorizer, database, directory, clock, login):
    strict = dataclasses.replace(PLAN, simultaneous_use=2, when_full="refuse")

    async def start(mac):
        request = StartSession(mac, "", "gw", login.account_id, login.device_id, strict, "sms")
        async with database.transaction() as tx:
            return await sessions.start(tx, request, clock.now())

    async with database.transaction() as tx:
        await directory.save_plan(tx, strict)
    await start(MAC)
    other = await start("02:00:00:00:00:02")
    assert isinstance(await authorizer.decide(MAB), Accepted)  # its own session goes on
    async with database.transaction() as tx:
        third = await directory.login_phone(tx, phone="+79161234567", mac=THIRD, now=clock.now())
    assert third.account_id == login.account_id
    asked = Question(Method.MAB, THIRD, "", THIRD, NOWHERE)
    assert (await authorizer.decide(asked)).reason is Refusal.TOO_MANY
    async with database.transaction() as tx:
        await sessions.end(tx, other.id, reason="lost-carrier", now=clock.now(), source="radius")
    assert isinstance(await authorizer.decide(asked), Accepted)


async def test_each_new_session_has_an_id_of_its_own(authorizer):
    assert (await authorizer.decide(MAB)).session_id != (await authorizer.decide(MAB)).session_id


async def test_a_session_that_is_due_is_not_promised(authorizer, database, login, clock):
    async with database.transaction() as tx:
        session = await sessions.start(
            tx,
            StartSession(
                MAC, "", "gw", login.account_id, login.device_id, PLAN, "sms",
                not_after=clock.now() + timedelta(seconds=5),
            ),
            clock.now(),
        )  # fmt: skip
    clock.advance(10)
    assert (await authorizer.decide(MAB)).session_id != session.id


class Fallback:
    """Decisions by an index in a given state, and a database that answers, or is away."""

    def __init__(self, index, clock, directory, answer):
        self.asked = []
        self.fell_back = 0
        self._answer = answer
        self.decisions = Decisions(index, Judge(directory), self._ask, clock, fell_back=self._count)

    def _count(self):
        self.fell_back += 1

    async def _ask(self, question):
        self.asked.append(question)
        if isinstance(self._answer, Exception):
            raise self._answer
        return self._answer


@pytest.fixture
def known(clock, tmp_path):
    """An index in which the device is remembered; its state is still to be set."""
    keys = Keys(bytes(32))
    writer = IndexWriter(tmp_path / "known", keys.check, map_bytes=2**24)
    writer.open()
    entry = DeviceEntry(clock.now().timestamp() + 60, "a", "d", "city")
    writer.apply([(DEVICES, keys.station(MAC), encode(entry))], settled=Settled([PLAN]))
    index = AccountIndex(tmp_path / "known", keys)
    index.attach(writer.environment)
    yield index, writer
    writer.abandon()


STRANGER = Question(Method.MAB, "02:00:00:00:00:99", "", "02:00:00:00:00:99", NOWHERE)
BY_DATABASE = Refused(Refusal.TOO_MANY)


async def test_what_an_incomplete_index_does_not_know_is_asked_of_the_database(known, clock, directory):
    index, writer = known
    writer.apply((), hits=True, misses=False)
    one = Fallback(index, clock, directory, BY_DATABASE)
    assert isinstance(one.decisions.decide(MAB), Accepted)
    assert await one.decisions.decide(STRANGER) == BY_DATABASE
    assert (one.asked, one.fell_back) == ([STRANGER], 1)
    writer.apply((), misses=True)
    assert one.decisions.decide(STRANGER) == Refused(Refusal.UNKNOWN_DEVICE)
    writer.apply((), misses=False)
    away = Fallback(index, clock, directory, ConnectionRefusedError())
    with pytest.raises(ConnectionRefusedError):  # not answered: it may have come since
        await away.decisions.decide(STRANGER)


async def test_an_index_that_is_behind_is_believed_only_while_the_database_is_away(known, clock, directory):
    index, writer = known
    writer.apply((), hits=False, misses=False)
    one = Fallback(index, clock, directory, BY_DATABASE)
    assert await one.decisions.decide(MAB) == BY_DATABASE
    away = Fallback(index, clock, directory, ConnectionRefusedError())
    assert isinstance(await away.decisions.decide(MAB), Accepted)
    broken = Fallback(index, clock, directory, ValueError())
    with pytest.raises(ValueError):  # noqa: PT011 - it is ours
        await broken.decisions.decide(MAB)


async def test_a_plan_that_has_not_come_yet_is_asked_of_the_database(known, clock, directory):
    index, writer = known
    writer.apply((), hits=True, misses=True, settled=Settled())
    one = Fallback(index, clock, directory, BY_DATABASE)
    assert await one.decisions.decide(MAB) == BY_DATABASE
