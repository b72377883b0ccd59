"""What a decision adds to right or wrong: the policy, places, volume. With a real password."""

from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from controller.directory.types import PlanView
from radius.authorize import Accepted, Judge
from radius.index.entries import CredentialEntry, DeviceEntry, PlaceEntry, SessionEntry
from radius.index.places import Places
from radius.policy.rules import Effect, Verdict
from radius.question import Method, Question, Refusal
from radius.stations import CalledStation

MAC = "02:00:00:00:00:01"
AP = "00:10:a4:23:19:c0"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
NOW_S = NOW.timestamp()
CITY = PlanView("city", "City", 7200, 600, 3600, 300, None, None, 10**9, 5)
SLOW = PlanView("slow", "Slow", 60, 600, 3600, 300, 100, 100, None, 5)
CREDENTIAL = CredentialEntry(b"right", None, NOW_S + 1, "a", "d", b"", "city")
PAP = Question(Method.PAP, "u", "right", MAC, CalledStation(AP, "City"), nas_id="nas-1")


class FakeDirectory:
    def is_password_of(self, credential, password):
        return credential.digest == password.encode()

    def reveal_password(self, credential):
        return None if credential.sealed is None else credential.sealed.decode()


STRICT = PlanView("strict", "Strict", 60, 600, 3600, 300, None, None, None, 2, when_full="refuse")
GROUNDS = SimpleNamespace(
    plans={"city": CITY, "slow": SLOW, "strict": STRICT},
    places=Places({AP: PlaceEntry("0010a42319c0", "arbat", "ring")}),
    count_others=lambda account_id, mac, now_s: {"few": 1, "many": 2}[account_id],
)


def decide(effect=None, question=PAP, entry=CREDENTIAL, session=None):
    asked = []

    def policy(now_s, facts):
        asked.append((now_s, facts))
        return Verdict("a-rule", effect or Effect(), 3)

    judge = Judge(FakeDirectory(), policy)
    how = judge.decide_device if question.method is Method.MAB else judge.decide_credential
    return how(question, entry, session, GROUNDS, NOW_S), asked


def test_the_policy_is_asked_with_all_that_is_known():
    decision, asked = decide()
    assert isinstance(decision, Accepted)
    assert asked == [(NOW_S, ("ring", "arbat", "City", "nas-1", "radius-pap", "city", "active"))]
    assert (decision.verdict.rule, decision.bytes_left, decision.seconds_left) == ("a-rule", 10**9, 7200)
    assert (decision.known.account_id, decision.known.device_id, decision.known.mac) == ("a", "d", MAC)


def test_who_is_not_proved_does_not_come_before_the_policy():
    for question in (PAP, Question(Method.PAP, "u", "wrong", MAC, PAP.called)):
        entry = None if question is PAP else CREDENTIAL
        decision, asked = decide(question=question, entry=entry)
        assert decision.reason is Refusal.WRONG_CREDENTIAL
        assert asked == []


def test_a_rule_denies_or_changes_the_terms():
    denied, _ = decide(Effect(deny="night"))
    assert (denied.reason, denied.verdict.effect.deny) == (Refusal.POLICY, "night")
    assert decide(Effect(session_s=90))[0].seconds_left == 90
    other = decide(Effect(plan="slow"))[0]
    assert (other.known.plan, other.seconds_left, other.bytes_left) == (SLOW, 60, None)
    assert decide(Effect(plan="gone"))[0].known.plan is CITY


def test_an_open_session_of_the_same_account_goes_on():
    session = SessionEntry("s", "a", NOW_S + 50)
    decision, _ = decide(session=session)
    assert (decision.session_id, decision.seconds_left, decision.bytes_left) == ("s", 50, None)
    for other in (SessionEntry("s", "b", NOW_S + 50), SessionEntry("s", "a", NOW_S)):
        assert decide(session=other)[0].session_id != "s"


def test_time_undoes_what_stands_in_the_index():
    late = CredentialEntry(b"right", None, NOW_S, "a", "d", b"", "city")
    assert decide(entry=late)[0].reason is Refusal.WRONG_CREDENTIAL
    mab = Question(Method.MAB, MAC, "", MAC, PAP.called)
    assert (
        decide(question=mab, entry=DeviceEntry(NOW_S, "a", "d", "city"))[0].reason is Refusal.UNKNOWN_DEVICE
    )
    remembered = decide(question=mab, entry=DeviceEntry(NOW_S + 40.5, "a", "d", "city"))[0]
    assert remembered.seconds_left == 40
    assert remembered.known.remembered_until.timestamp() == NOW_S + 40.5


def test_an_unknown_plan_is_for_the_caller_to_find():
    with pytest.raises(KeyError):
        decide(entry=CredentialEntry(b"right", None, NOW_S + 1, "a", "d", b"", "new"))


def test_a_plan_may_refuse_one_device_too_many():
    few = CredentialEntry(b"right", None, NOW_S + 1, "few", "d", b"", "strict")
    many = CredentialEntry(b"right", None, NOW_S + 1, "many", "d", b"", "strict")
    assert isinstance(decide(entry=few)[0], Accepted)
    assert decide(entry=many)[0].reason is Refusal.TOO_MANY
    going_on = SessionEntry("s", "many", NOW_S + 50)
    assert isinstance(decide(entry=many, session=going_on)[0], Accepted)
