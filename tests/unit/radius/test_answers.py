import pytest
from prometheus_client import CollectorRegistry, generate_latest

from radius.answers import Answers
from radius.metrics import RadiusMetrics
from radius.outcomes import Applied, Outcome
from radius.protocol.attributes import Code
from radius.question import Method, Refusal, Refused
from radius.reply import ACCOUNTED
from radius.session_class import ClassCodec
from tests.factories.radius import request


class FakeDecisions:
    def __init__(self):
        self.asked = []

    async def submit(self, question):
        self.asked.append(question)
        return Refused(Refusal.WRONG_CREDENTIAL)


class FakeLedger:
    def __init__(self, applied=None):
        self.applied = applied
        self.stored = []

    async def submit(self, record):
        self.stored.append(record)
        if self.applied is None:
            raise OSError("the disk is full")
        return self.applied


def answers(applied=None):
    made = Answers(
        FakeDecisions(),
        FakeLedger(applied),
        ClassCodec(bytes(32)),
        RadiusMetrics(registry := CollectorRegistry()),
        still_online=(told := []).append,
    )
    return made, registry, told


def record(status, **values):
    return request(Code.ACCOUNTING_REQUEST, Acct_Status_Type=status, Acct_Session_Id="x", **values)


async def test_an_access_request_is_decided():
    made, *_ = answers()
    answer = await made.answer_access(request(User_Name="u", password="p"))
    assert (answer.code, answer.refusal) == (Code.ACCESS_REJECT, "wrong-credential")
    assert made._decisions.asked[0].method is Method.PAP


async def test_nothing_is_asked_about_what_is_refused_at_sight():
    made, *_ = answers()
    assert (await made.answer_access(request())).refusal == "no-user-name"
    assert made._decisions.asked == []


async def test_a_record_is_acknowledged_once_stored():
    made, registry, told = answers(Applied(Outcome.STARTED, "s"))
    assert await made.answer_accounting(record("Start")) is ACCOUNTED
    assert len(made._ledger.stored) == 1
    line = 'kolco_radius_accounting_records_total{kind="start",outcome="started"} 1.0'
    assert line in generate_latest(registry).decode()
    assert told == []


async def test_what_is_not_stored_is_not_acknowledged():
    made, *_ = answers()
    with pytest.raises(OSError, match="full"):
        await made.answer_accounting(record("Start"))


async def test_what_holds_no_record_is_acknowledged():
    made, *_ = answers()
    assert await made.answer_accounting(request(Code.ACCOUNTING_REQUEST)) is ACCOUNTED
    assert made._ledger.stored == []


async def test_counting_after_the_end_is_told():
    made, _, told = answers(Applied(Outcome.LATE, "s"))
    await made.answer_accounting(record("Stop"))
    assert told == []
    await made.answer_accounting(record("Interim-Update"))
    assert told == ["s"]
