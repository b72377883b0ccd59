from controller.directory.types import Known, PlanView
from radius.authorize import Accepted
from radius.protocol.attributes import CLASS, Code
from radius.protocol.dictionary.definitions import load_dictionary
from radius.question import Method, Refusal, Refused
from radius.reply import ACCOUNTED, ALIVE_ACCESS, ALIVE_ACCOUNTING, render_decision
from radius.session_class import ClassCodec, SessionClass
from tests.fakes.clock import START

CODEC = ClassCodec(bytes(32))
SESSION, DEVICE = "01M835DGNN10MY2SGGB6V84DQD", "01M835DGNS6T32D4YP1F6AFCM2"


def accept(**plan):
    values = {
        "id": "city", "name": "City", "session_timeout_s": 7200, "idle_timeout_s": 600, "remember_s": 1,
        "interim_s": 300, "rate_down_kbps": None, "rate_up_kbps": None, "quota_bytes": None,
        "simultaneous_use": 5,
    } | plan  # fmt: skip
    known = Known("account", DEVICE, "02:00:00:00:00:01", PlanView(**values), START)
    return render_decision(Accepted(known, Method.PAP, SESSION, 5000), CODEC)


def shown(answer):
    return dict(load_dictionary().describe(answer.attributes))


def test_an_accept_carries_the_plan():
    answer = accept(rate_down_kbps=10_000, rate_up_kbps=5_000)
    assert (answer.code, answer.outcome, answer.refusal) == (Code.ACCESS_ACCEPT, "accept", "")
    assert shown(answer) | {"Class": ""} == {
        "Session-Timeout": "5000",
        "Idle-Timeout": "600",
        "Acct-Interim-Interval": "300",
        "Class": "",
        "WISPr-Bandwidth-Max-Down": "10000000",
        "WISPr-Bandwidth-Max-Up": "5000000",
    }


def test_the_class_names_the_session():
    values = [value for kind, value in accept().attributes if kind == CLASS]
    assert CODEC.find(values) == SessionClass(SESSION, DEVICE, "radius-pap")


def test_interims_are_not_more_often_than_the_rfc_allows():
    assert shown(accept(interim_s=5))["Acct-Interim-Interval"] == "60"


def test_rates_that_do_not_fit_are_held_at_the_limit():
    assert shown(accept(rate_down_kbps=10_000_000))["WISPr-Bandwidth-Max-Down"] == str(2**32 - 1)


def test_a_reject_says_nothing():
    answer = render_decision(Refused(Refusal.UNKNOWN_DEVICE), CODEC)
    assert (answer.code, list(answer.attributes)) == (Code.ACCESS_REJECT, [])
    assert (answer.outcome, answer.refusal) == ("reject", "unknown-device")


def test_fixed_answers():
    assert ACCOUNTED.code == ALIVE_ACCOUNTING.code == Code.ACCOUNTING_RESPONSE
    assert ALIVE_ACCESS.code == Code.ACCESS_ACCEPT
