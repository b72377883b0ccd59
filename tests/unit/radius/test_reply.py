from zoneinfo import ZoneInfo

import pytest

from controller.directory.types import Known, PlanView
from radius.authorize import Accepted
from radius.cui import CuiIssuer
from radius.policy.rules import NO_RULE, Effect, Verdict
from radius.protocol.attributes import CLASS, Code
from radius.protocol.connection import Client, RequestReceived
from radius.protocol.dictionary.definitions import load_dictionary
from radius.protocol.packet import encode_packet, parse_packet
from radius.question import Method, Refusal, Refused
from radius.reply import (
    _MAX_REMEMBERED,
    ACCOUNTED,
    ALIVE_ACCESS,
    ALIVE_ACCOUNTING,
    Replies,
    expand,
    terms_of,
)
from radius.session_class import ClassCodec, SessionClass
from tests.fakes.clock import START

CODEC = ClassCodec(bytes(32))
SESSION, DEVICE = "01M835DGNN10MY2SGGB6V84DQD", "01M835DGNS6T32D4YP1F6AFCM2"
PLAN = PlanView("city", "City", 7200, 600, 1, 300, None, None, None, 5)


def plan(**values):
    return PlanView(**{name: getattr(PLAN, name) for name in PlanView.__dataclass_fields__} | values)


def accepted(wanted=PLAN, method=Method.PAP, **values):
    known = Known("account", DEVICE, "02:00:00:00:00:01", wanted, START)
    return Accepted(known, method, SESSION, **{"seconds_left": 5000, **values})


def request(*attributes, **client):
    packet = parse_packet(encode_packet(1, 0, bytes(16), attributes))
    return RequestReceived(packet, Client("lo", (b"s" * 16,), **client), ("127.0.0.1", 1), b"s" * 16, 0.0)


def shown(answer):
    rows = dict(load_dictionary().describe(expand(answer.attributes)))
    rows.pop("Class", None)
    return rows


def render(decision, *attributes, replies=None, **client):
    return (replies or Replies(CODEC)).render(decision, request(*attributes, **client))


def test_an_accept_carries_the_plan():
    answer = render(accepted(plan(rate_down_kbps=10_000, rate_up_kbps=5_000)))
    assert (answer.code, answer.outcome, answer.refusal) == (Code.ACCESS_ACCEPT, "accept", "")
    assert shown(answer) == {
        "Session-Timeout": "5000",
        "Idle-Timeout": "600",
        "Acct-Interim-Interval": "300",
        "WISPr-Bandwidth-Max-Down": "10000000",
        "WISPr-Bandwidth-Max-Up": "5000000",
    }


def test_the_class_names_the_session():
    values = [value for kind, value in render(accepted()).attributes if kind == CLASS]
    assert CODEC.find(values) == SessionClass(SESSION, DEVICE, "radius-pap")


@pytest.mark.parametrize("method", Method)
def test_every_method_has_its_class(method):
    values = [value for kind, value in render(accepted(method=method)).attributes if kind == CLASS]
    assert CODEC.find(values) == SessionClass(SESSION, DEVICE, method.value)


def test_interims_are_not_more_often_than_the_rfc_allows():
    assert shown(render(accepted(plan(interim_s=5))))["Acct-Interim-Interval"] == "60"


def test_the_time_is_held_at_what_fits():
    assert shown(render(accepted(seconds_left=2**40)))["Session-Timeout"] == str(2**32 - 1)


def test_each_maker_gets_its_own():
    wanted = accepted(plan(rate_down_kbps=10_000, rate_up_kbps=5_000, vlan=120, filter_id="guests"))
    replies = Replies(CODEC)
    assert shown(render(wanted, replies=replies, vendor="mikrotik"))["Mikrotik-Rate-Limit"] == "5000k/10000k"
    generic = shown(render(wanted, replies=replies))
    assert (generic["Tunnel-Private-Group-Id"], generic["Filter-Id"]) == ("120", "guests")
    assert "Mikrotik-Rate-Limit" not in generic


def test_the_policy_comes_before_the_plan():
    effect = Effect(idle_s=60, interim_s=120, down_kbps=0, up_kbps=256, vlan=7, filter="night")
    terms = terms_of(plan(rate_down_kbps=10_000, vlan=1, filter_id="day"), effect)
    assert (terms.idle_s, terms.interim_s, terms.down_kbps, terms.up_kbps) == (60, 120, None, 256)
    assert (terms.vlan, terms.filter) == (7, "night")
    answer = render(accepted(verdict=Verdict("night", effect, 1)))
    assert shown(answer)["Idle-Timeout"] == "60"


def test_what_is_shared_is_encoded_once_and_no_longer_than_its_plan():
    replies = Replies(CODEC)
    first = replies.shared(PLAN, NO_RULE, "generic", Method.PAP)
    assert replies.shared(PLAN, NO_RULE, "generic", Method.PAP) is first
    for idle_s in range(60, 200):  # new plans may take the place of old ones in memory
        answer = render(accepted(plan(idle_timeout_s=idle_s)), replies=replies)
        assert shown(answer)["Idle-Timeout"] == str(idle_s)


def test_what_is_remembered_is_bounded():
    replies = Replies(CODEC)
    for number in range(60, 60 + 2 * _MAX_REMEMBERED):
        replies.shared(plan(idle_timeout_s=number), NO_RULE, "generic", Method.PAP)
        assert len(replies._shared) <= _MAX_REMEMBERED


def test_only_eap_proves_itself_anew_unheard():
    assert shown(render(accepted(method=Method.EAP_TTLS)))["Termination-Action"] == "RADIUS-Request"
    assert "Termination-Action" not in shown(render(accepted(method=Method.MAB)))


def test_the_volume_left():
    assert shown(render(accepted(bytes_left=5), vendor="mikrotik"))["Mikrotik-Total-Limit"] == "5"
    assert "Mikrotik-Total-Limit" not in shown(render(accepted(), vendor="mikrotik"))


def test_the_identity_where_it_is_asked_for():
    issuer = CuiIssuer(bytes(32), monthly=False, zone=ZoneInfo("Europe/Moscow"))
    replies = Replies(CODEC, issuer)
    told = dict(render(accepted(), (89, b"\0"), replies=replies).attributes)
    assert told[89] == issuer.issue("account", b"", 0.0)
    assert 89 not in dict(render(accepted(), replies=replies).attributes)
    assert 89 in dict(render(accepted(), replies=replies, cui="always").attributes)
    assert 89 not in dict(render(accepted(), (89, b"\0")).attributes)


def test_a_reject_says_nothing():
    answer = render(Refused(Refusal.UNKNOWN_DEVICE))
    assert (answer.code, list(answer.attributes)) == (Code.ACCESS_REJECT, [])
    assert (answer.outcome, answer.refusal) == ("reject", "unknown-device")


def test_fixed_answers():
    assert ACCOUNTED.code == ALIVE_ACCOUNTING.code == Code.ACCOUNTING_RESPONSE
    assert ALIVE_ACCESS.code == Code.ACCESS_ACCEPT
