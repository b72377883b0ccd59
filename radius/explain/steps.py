"""The steps of a decision, each a look: what at, whether it speaks for letting in, and what was seen.

Pure; the words are in `locales`, chosen by `wording`. Names no person: an account is its identifier.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from typing import Final

from radius.explain.wording import Translate
from radius.policy.engine import Engine, RuleLook
from radius.policy.rules import FACTS, Condition, Facts, TimeCondition, fact
from radius.policy.text import describe_effect, render_windows
from radius.protocol.dictionary.definitions import load_dictionary
from radius.protocol.packet import Attribute
from radius.repository import CredentialState, DeviceState

_PREFIX: Final = "radius-"


@dataclass(frozen=True, slots=True)
class Step:
    """One look.

    Attributes:
        name: what at; a message `step-…`.
        ok: whether it speaks for letting in; None: for neither.
        message: what was seen; a message's id.
        values: its arguments.
    """

    name: str
    ok: bool | None
    message: str
    values: Mapping[str, str | int] = field(default_factory=dict)

    def tell(self, translate: Translate) -> tuple[str, str]:
        """Return what was looked at and what was seen, in the words of a language."""
        return translate(f"step-{self.name}"), translate(self.message, **self.values)


def nas_step(nas_id: str, address: str, vendor: str) -> Step:
    """Return who asked."""
    return Step("nas", True, "nas-known", {"nas": nas_id, "address": address or "?", "vendor": vendor})


def signature_steps(*, signed: bool, secret: int) -> list[Step]:
    """Return how the request was signed; it was genuine, or there would be no decision."""
    steps = [Step("signature", True if signed else None, "signed" if signed else "unsigned")]
    if secret:
        steps.append(Step("secret", None, "secret-old"))
    return steps


def method_step(method: str) -> Step:
    """Return how the device proved itself; `method` as of `question.Method`, or empty."""
    known = method.removeprefix(_PREFIX)
    return Step(
        "method", None, "method-known" if known else "method-unknown", {"method": known.upper() or "?"}
    )


def device_steps(device: DeviceState | None, now: datetime, zone: tzinfo) -> list[Step]:
    """Return what MAC authentication looks at."""
    if device is None:
        return [Step("device", False, "device-unknown")]
    steps = [Step("device", True, "device-known"), _account(device.account_status, device.plan_id)]
    until = device.remembered_until
    if until is None:
        steps.append(Step("remembered", False, "remembered-not"))
    elif until <= now:
        steps.append(Step("remembered", False, "remembered-no-longer", {"until": moment(until, zone)}))
    else:
        steps.append(Step("remembered", True, "remembered-until", {"until": moment(until, zone)}))
    return steps


def credential_steps(credential: CredentialState | None, now: datetime, zone: tzinfo) -> list[Step]:
    """Return what PAP, CHAP and EAP look at before what is offered."""
    if credential is None:
        return [Step("credential", False, "credential-unknown")]
    steps = [
        Step("credential", True, "credential-issued"),
        _account(credential.account_status, credential.plan_id),
    ]
    if credential.revoked_at is not None:
        steps.append(Step("valid", False, "credential-revoked", {"at": moment(credential.revoked_at, zone)}))
    elif credential.expires_at <= now:
        steps.append(Step("valid", False, "credential-expired", {"at": moment(credential.expires_at, zone)}))
    else:
        steps.append(Step("valid", True, "credential-until", {"until": moment(credential.expires_at, zone)}))
    return steps


def place_step(facts: Facts, serial: str = "") -> Step:
    """Return where the device was."""
    zone, site, ssid = (fact(facts, name) for name in ("zone", "site", "ssid"))
    if not site and not ssid:
        return Step("place", None, "place-not-told")
    if not site:
        return Step("place", None, "place-unknown", {"ssid": ssid})
    return Step(
        "place",
        None,
        "place-known",
        {"site": site, "zone": zone or "-", "ssid": ssid or "?", "ap": serial or "?"},
    )


def policy_steps(engine: Engine, facts: Facts, now_s: float) -> list[Step]:
    """Return the rules that were looked at, in order, and which decided."""
    looks = engine.explain(now_s, facts)
    if not looks:
        return [Step("policy", None, "policy-empty")]
    steps = [_rule_step(look) for look in looks]
    if not looks[-1].matches:
        steps.append(Step("policy", None, "policy-none"))
    left = len(engine.policy.rules) - len(looks)
    if left:
        steps.append(Step("policy", None, "policy-rest", {"count": left}))
    return steps


def time_step(seconds: int) -> Step:
    """Return for how long the session may last."""
    return Step("time", True, "time-left", {"seconds": seconds})


def quota_step(plan_bytes: int | None, told: int | None) -> Step:
    """Return what volume the plan has, and whether the NAS was told."""
    if plan_bytes is None:
        return Step("quota", None, "quota-none")
    return Step("quota", None, "quota-plan" if told is None else "quota-told", {"bytes": plan_bytes})


def attribute_steps(attributes: Sequence[Attribute]) -> list[Step]:
    """Return what was sent, named as in the RFCs and makers' documents."""
    return [
        Step("attribute", None, "attribute", {"name": name, "value": value})
        for name, value in load_dictionary().describe(attributes)
    ]


def accept_step(session_id: str) -> Step:
    """Return the answer."""
    return Step("answer", True, "answer-accept", {"session": session_id})


def reject_step(reason: str) -> Step:
    """Return the answer, and what can be done about it."""
    return Step("answer", False, f"refusal-{reason}")


def moment(when: datetime, zone: tzinfo) -> str:
    """Return a moment in the city's time."""
    return when.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _account(status: str, plan_id: str) -> Step:
    active = status == "active"
    return Step("account", active, "account-active" if active else "account-blocked", {"plan": plan_id})


def _rule_step(look: RuleLook) -> Step:
    effect = look.rule.effect
    if look.matches:
        values: dict[str, str | int] = {"rule": look.rule.name, "effect": describe_effect(effect)}
        return Step("rule", not effect.deny, "rule-matches", values)
    last = look.looks[-1]
    return Step(
        "rule",
        None,
        "rule-not" if last.seen else "rule-not-known",
        {
            "rule": look.rule.name,
            "condition": describe_condition(last.condition),
            "seen": last.seen.removeprefix(_PREFIX),
        },
    )


def describe_condition(condition: Condition | TimeCondition) -> str:
    """Return a condition as the policy's text has it: `zone not parks`."""
    negated = "not " if condition.negated else ""
    if isinstance(condition, Condition):
        assert condition.fact in FACTS  # noqa: S101 - the parser knows no others
        return f"{condition.fact} {negated}{', '.join(condition.values)}"
    return f"time {negated}{render_windows(condition.windows)}"
