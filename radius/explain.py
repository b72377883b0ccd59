"""Why a device would be let in or refused right now, step by step, for the help desk.

The steps look at what the decision looks at, one by one; the decision itself is `authorize`'s, asked
last, so the explanation cannot say otherwise than the server does. Names no person.
"""

from dataclasses import dataclass
from datetime import datetime

from controller.core.db import Database
from radius import repository
from radius.authorize import Accepted, Decision
from radius.decisions import Authorizer
from radius.question import Method, Question, Refused
from radius.repository import CredentialState, DeviceState


@dataclass(frozen=True, slots=True)
class Step:
    """One look: what at, whether it speaks for letting in (None: for neither), and what was seen."""

    name: str
    ok: bool | None
    detail: str


async def explain(db: Database, authorizer: Authorizer, question: Question, now: datetime) -> list[Step]:
    """Return the steps of a decision, the decision last."""
    async with db.reading() as tx:
        if question.method is Method.MAB:
            steps = device_steps(await repository.find_device_state(tx, question.username), now)
        else:
            steps = credential_steps(await repository.find_credential_state(tx, question.username), now)
    return [*steps, decision_step(await authorizer.decide(question))]


def device_steps(device: DeviceState | None, now: datetime) -> list[Step]:
    """Return what MAC authentication looks at."""
    if device is None:
        return [Step("device", False, "never logged in on the portal with this MAC address")]
    steps = [Step("device", True, "known"), _account(device.account_status, device.plan_id)]
    until = device.remembered_until
    if until is None:
        steps.append(Step("remembered", False, "logged out: has to log in on the portal again"))
    elif until <= now:
        steps.append(Step("remembered", False, f"no longer, since {_moment(until)}: has to log in again"))
    else:
        steps.append(Step("remembered", True, f"until {_moment(until)}"))
    return steps


def credential_steps(credential: CredentialState | None, now: datetime) -> list[Step]:
    """Return what PAP and CHAP look at before the password."""
    if credential is None:
        return [Step("credential", False, "no device credential of this user name was issued")]
    steps = [Step("credential", True, "issued"), _account(credential.account_status, credential.plan_id)]
    if credential.revoked_at is not None:
        steps.append(Step("valid", False, f"revoked at {_moment(credential.revoked_at)}"))
    elif credential.expires_at <= now:
        steps.append(Step("valid", False, f"expired at {_moment(credential.expires_at)}"))
    else:
        steps.append(Step("valid", True, f"until {_moment(credential.expires_at)}"))
    return steps


def decision_step(decision: Decision) -> Step:
    """Return the server's decision as the last step."""
    if isinstance(decision, Refused):
        return Step("answer", False, f"Access-Reject: {decision.reason.value}")
    return Step("answer", True, _accepted(decision))


def _accepted(accepted: Accepted) -> str:
    plan = accepted.known.plan
    rate = ", ".join(
        f"{kbps} kbit/s {way}"
        for way, kbps in (("down", plan.rate_down_kbps), ("up", plan.rate_up_kbps))
        if kbps is not None
    )
    return (
        f"Access-Accept: plan {plan.id}, {accepted.seconds_left} s, idle {plan.idle_timeout_s} s"
        + (f", {rate}" if rate else "")
        + f", session {accepted.session_id}"
    )


def _account(status: str, plan_id: str) -> Step:
    return Step("account", status == "active", f"{status}, plan {plan_id}")


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")
