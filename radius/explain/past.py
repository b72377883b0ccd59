"""Explains a decision of the past from what was kept of it, by the rules as they were then."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, tzinfo

from controller.core.db import Database, Tx
from controller.core.errors import NotFoundError
from controller.core.mac import Mac
from radius.explain import repository
from radius.explain.repository import Kept, Whose
from radius.explain.steps import (
    Step,
    accept_step,
    attribute_steps,
    method_step,
    nas_step,
    place_step,
    policy_steps,
    quota_step,
    reject_step,
    signature_steps,
    time_step,
)
from radius.explain.trace import Trace, decode_trace
from radius.journal.decisions import Digests
from radius.policy import service as policies
from radius.policy.engine import Engine
from radius.policy.rules import Policy
from radius.protocol.packet import ENCODED
from radius.question import Method
from radius.reply import expand

_NOT_ENDED = "not-ended"
_ACCEPT = "accept"
_MOST = 200
_NOT_KEPT = (
    "decisions are kept for some days (KOLCO_RADIUS_DECISIONS_DAYS), not all of them in a storm; none of"
    " visitors, about whom their home server decides"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whose decisions are wanted: a device's, or those of the device of a credential."""

    mac: Mac | None = None
    username: str = ""


async def list_decisions(
    db: Database, digests: Digests, wanted: Wanted, *, since: datetime
) -> Sequence[Kept]:
    """Return the decisions kept since a moment, the newest first, 200 at most."""
    async with db.reading() as tx:
        whose = await _whose(tx, digests, wanted)
        return await repository.list_kept(tx, whose, since=since, limit=_MOST)


async def explain_past(
    db: Database, digests: Digests, wanted: Wanted, zone: tzinfo, *, until: datetime | None = None
) -> tuple[Kept, list[Step]]:
    """Return the newest decision, or that before a moment, and its steps, the decision last.

    Raises:
        NotFoundError: none was kept.
    """
    async with db.reading() as tx:
        whose = await _whose(tx, digests, wanted)
        found = await repository.list_kept(tx, whose, until=until, limit=_MOST)
        kept = next((one for one in found if one.outcome != _NOT_ENDED), None)
        if kept is None:
            raise NotFoundError("no decision was kept", hint=_NOT_KEPT)
        trace = decode_trace(kept.trace)
        policy = None
        if trace.revision:
            try:
                policy = await policies.read(tx, trace.revision)
            except NotFoundError:
                policy = None
        else:
            policy = Policy()
        not_ended = kept.session_id is not None and await repository.is_not_ended(
            tx, kept.session_id, _NOT_ENDED
        )
    steps = past_steps(kept, trace, policy, zone)
    if not_ended:
        steps.append(Step("afterwards", False, "answer-not-ended"))
    return kept, steps


def past_steps(kept: Kept, trace: Trace, policy: Policy | None, zone: tzinfo) -> list[Step]:
    """Return the steps of a decision that was kept; `policy` is that of its revision, None if it is lost."""
    steps = [
        nas_step(kept.nas_id, trace.address, trace.vendor),
        *signature_steps(signed=trace.signed, secret=trace.secret),
        method_step(kept.method),
    ]
    accepted = kept.outcome == _ACCEPT
    if accepted or kept.account_id is not None:
        by_mac = kept.method == Method.MAB
        steps.append(
            Step("device", True, "device-proved") if by_mac else Step("credential", True, "credential-proved")
        )
        if kept.account_id is not None:
            values = {"account": kept.account_id, "plan": kept.plan_id or "?"}
            steps.append(Step("account", True, "account-known", values))
        steps.append(place_step(trace.facts, kept.ap_serial or ""))
        if trace.revision:
            steps.append(Step("policy", None, "policy-revision", {"revision": trace.revision}))
        if policy is None:
            steps.append(Step("policy", None, "policy-lost", {"revision": trace.revision}))
        else:
            steps += policy_steps(Engine(policy, zone), trace.facts, kept.at.timestamp())
    else:
        steps.append(place_step(trace.facts, kept.ap_serial or ""))
    if not accepted:
        return [*steps, reject_step(kept.reason)]
    return [
        *steps,
        time_step(trace.seconds_left),
        quota_step(trace.bytes_left, None),
        *attribute_steps(expand([(ENCODED, trace.attributes)])),
        accept_step(kept.session_id or "?"),
    ]


async def _whose(tx: Tx, digests: Digests, wanted: Wanted) -> Whose:
    if wanted.mac is not None:
        return Whose(station=digests.station(wanted.mac))
    username = digests.username(wanted.username)
    owner = await repository.find_owner(tx, wanted.username)
    if owner is None:
        return Whose(username=username)
    # In EAP the name in the open says nothing, so the device's own are looked at too.
    return Whose(station=digests.station(Mac(owner[0])), username=username)
