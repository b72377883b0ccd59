"""A question and what is known of who asks to a decision: may they, and for how long. Reads nothing.

What is asked is `question`'s matter, looking things up `decisions`', what the decision looks like on the
wire `reply`'s.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Final, Protocol

from controller.core.ids import new_id
from controller.core.mac import Mac
from controller.directory.service import Directory
from controller.directory.types import Known, PlanView
from radius.decision import Accepted, Decision
from radius.index.entries import REFUSE, CredentialEntry, DeviceEntry, SessionEntry
from radius.index.places import Places
from radius.policy.rules import ACTIVE, NO_RULE, SPENT, Facts, Verdict
from radius.protocol.eap.mschapv2 import NOTHING, MsChapV2Result, check_mschapv2
from radius.protocol.eap.steps import CertificateProof, MsChapV2Proof, PasswordProof, ResumedProof
from radius.protocol.password import is_chap_right
from radius.question import Question, Refusal, Refused

__all__ = ["Accepted", "Decision", "Judge", "Judgement", "without_policy"]

Judgement = Callable[[float, Facts], Verdict]
"""The policy: its verdict at a moment in Unix seconds."""

_UNKNOWN_DEVICE: Final = Refused(Refusal.UNKNOWN_DEVICE)
_WRONG_CREDENTIAL: Final = Refused(Refusal.WRONG_CREDENTIAL)


class Grounds(Protocol):
    """What decisions rest on besides accounts."""

    @property
    def plans(self) -> Mapping[str, PlanView]:
        """The plans by id."""

    @property
    def places(self) -> Places:
        """Where access points stand."""

    def count_others(self, account_id: str, mac: Mac, now_s: float) -> int:
        """Return how many other devices of an account are online, if its plan refuses one too many."""


def without_policy(_now_s: float, _facts: Facts) -> Verdict:
    """Let the plan decide."""
    return NO_RULE


class Judge:
    """Decides.

    Args:
        directory: checks passwords.
        policy: the rules of the city.
        is_spent: tells whether an account has used up its volume, at a moment in Unix seconds.
    """

    def __init__(
        self,
        directory: Directory,
        policy: Judgement = without_policy,
        is_spent: Callable[[str, float], bool] = lambda _account_id, _now_s: False,
    ) -> None:
        self._directory = directory
        self._policy = policy
        self._is_spent = is_spent

    def decide_credential(
        self,
        question: Question,
        entry: CredentialEntry | None,
        session: SessionEntry | None,
        grounds: Grounds,
        now_s: float,
    ) -> Decision:
        """Decide on a question about a credential: by password, challenge or certificate.

        Args:
            question: what is asked.
            entry: the credential it names; None: there is no good one of that name.
            session: the open session of the device that asks.
            grounds: plans and places.
            now_s: the present moment, in Unix seconds.

        Raises:
            KeyError: the account's plan is not among the plans.
        """
        if entry is None or entry.expires_at <= now_s:
            return _WRONG_CREDENTIAL
        result = self._check(question, entry, now_s)
        if result is None:
            return _WRONG_CREDENTIAL
        return self._admit(question, entry, session, grounds, now_s, result)

    def decide_device(
        self,
        question: Question,
        entry: DeviceEntry | None,
        session: SessionEntry | None,
        grounds: Grounds,
        now_s: float,
    ) -> Decision:
        """Decide on MAC authentication; the arguments as in `decide_credential`.

        Raises:
            KeyError: the account's plan is not among the plans.
        """
        if entry is None or entry.remembered_until <= now_s:
            return _UNKNOWN_DEVICE
        return self._admit(question, entry, session, grounds, now_s, NOTHING)

    def _check(self, question: Question, entry: CredentialEntry, now_s: float) -> MsChapV2Result | None:
        """Return what comes of the proof, mostly nothing, if what was offered is right; else None."""
        proof = question.proof
        if (proof is None and question.chap is None) or isinstance(proof, PasswordProof):
            return NOTHING if self._directory.is_password_of(entry, question.password) else None
        if isinstance(proof, ResumedProof):  # the name has proved itself before; it is still valid
            return NOTHING
        if isinstance(proof, CertificateProof):  # TLS has checked all but what time may have changed
            return NOTHING if proof.expires_at.timestamp() > now_s else None
        password = self._directory.reveal_password(entry)
        if password is None:
            return None
        if isinstance(proof, MsChapV2Proof):
            return check_mschapv2(proof, password)
        chap = question.chap
        right = chap is not None and is_chap_right(chap.response, password.encode(), chap.challenge)
        return NOTHING if right else None

    def _admit(  # noqa: PLR0917 - a Struct of them would be made for each login
        self,
        question: Question,
        entry: CredentialEntry | DeviceEntry,
        session: SessionEntry | None,
        grounds: Grounds,
        now_s: float,
        result: MsChapV2Result,
    ) -> Decision:
        """Decide on somebody who has proved who they are: what the policy says, then for how long."""
        method = question.method
        plan = grounds.plans[entry.plan_id]
        spent = self._is_spent(entry.account_id, now_s)
        verdict = self._policy(now_s, _facts(question, plan.id, grounds.places, SPENT if spent else ACTIVE))
        effect = verdict.effect
        if effect.deny:
            return Refused(Refusal.POLICY, verdict, entry.account_id, plan.id)
        if spent and not verdict.about_account:  # a rule may let them in all the same, more slowly
            return Refused(Refusal.QUOTA_SPENT, verdict, entry.account_id, plan.id)
        if effect.plan is not None:
            plan = grounds.plans.get(effect.plan, plan)
        longest = plan.session_timeout_s if effect.session_s is None else effect.session_s
        remembered_until = None
        if isinstance(entry, DeviceEntry):  # let in no longer than it is remembered
            remembered_until = datetime.fromtimestamp(entry.remembered_until, UTC)
            longest = min(longest, int(entry.remembered_until - now_s))
        mac = question.station or Mac("")
        known = Known(entry.account_id, entry.device_id, mac, plan, remembered_until)
        if session is not None and session.account_id == entry.account_id and session.expires_at > now_s:
            left = int(session.expires_at - now_s)
            if effect.session_s is not None:  # it shall be asked again by then, wherever it is
                left = min(left, effect.session_s)
            return Accepted(known, method, session.id, max(1, left), result.attestation, result.keys, verdict)
        if plan.when_full == REFUSE and _is_full(known, plan, grounds, now_s):
            return Refused(Refusal.TOO_MANY, verdict, entry.account_id, plan.id)
        return Accepted(
            known,
            method,
            new_id(),
            max(1, longest),
            result.attestation,
            result.keys,
            verdict,
            plan.quota_bytes,
        )


def _is_full(known: Known, plan: PlanView, grounds: Grounds, now_s: float) -> bool:
    return grounds.count_others(known.account_id, known.mac, now_s) >= plan.simultaneous_use


def _facts(question: Question, plan_id: str, places: Places, account: str) -> Facts:
    called = question.called
    place = places.find(called.mac)
    zone, site = ("", "") if place is None else (place.zone_id or "", place.site_id)
    return zone, site, called.ssid, question.nas_id, question.method._value_, plan_id, account
