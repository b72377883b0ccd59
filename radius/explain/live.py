"""Explains what would be decided now: asks what RADIUS asks, and has the decision made by the same code."""

from dataclasses import dataclass, replace
from datetime import tzinfo

from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.errors import NotFoundError
from controller.directory.service import Directory
from radius import repository as states
from radius.authorize import Accepted, Judge
from radius.decisions import Authorizer
from radius.explain import repository
from radius.explain.steps import (
    Step,
    accept_step,
    attribute_steps,
    credential_steps,
    device_steps,
    method_step,
    nas_step,
    place_step,
    policy_steps,
    quota_step,
    reject_step,
    time_step,
)
from radius.index.places import Places
from radius.index.repository import list_places
from radius.policy import service as policies
from radius.policy.engine import Engine
from radius.policy.rules import ACTIVE, SPENT, Facts
from radius.protocol.packet import ENCODED, Attribute
from radius.question import Method, Question
from radius.reply import encode_shared, expand
from radius.spent.repository import list_spent
from radius.vendors import GENERIC, quota_attributes


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wants to know.

    Attributes:
        question: as a NAS would ask.
        nas_id: the NAS that would; empty: none in particular.
    """

    question: Question
    nas_id: str = ""


async def explain_now(
    db: Database, directory: Directory, clock: Clock, asked: Asked, zone: tzinfo
) -> list[Step]:
    """Return the steps of a decision, the decision last.

    Raises:
        NotFoundError: there is no such NAS.
    """
    question = replace_nas(asked.question, asked.nas_id)
    now = clock.now()
    async with db.reading() as tx:
        nas = await repository.find_nas(tx, asked.nas_id) if asked.nas_id else None
        if asked.nas_id and nas is None:
            raise NotFoundError(
                f"there is no NAS {asked.nas_id!r}", hint="`kolco radius nas list` shows them"
            )
        engine = Engine(await policies.read(tx), zone)
        places = Places(await list_places(tx))
        used_up = await list_spent(tx)
        if question.method is Method.MAB:
            looked = device_steps(await states.find_device_state(tx, question.username), now, zone)
        else:
            looked = credential_steps(await states.find_credential_state(tx, question.username), now, zone)

    def is_spent(account_id: str, now_s: float) -> bool:
        return account_id in used_up and now_s < used_up[account_id].timestamp()

    (decision,) = await Authorizer(db, Judge(directory, engine.judge, is_spent), clock).decide_all([question])
    vendor = GENERIC if nas is None else nas.vendor
    steps = [Step("nas", None, "nas-unnamed") if nas is None else nas_step(nas.id, nas.cidr, vendor)]
    if nas is not None and not nas.enabled:
        steps.append(Step("nas", False, "nas-disabled", {"nas": nas.id}))
    steps += [method_step(question.method.value), *looked]
    if isinstance(decision, Accepted) or decision.account_id:
        whose = decision.known.account_id if isinstance(decision, Accepted) else decision.account_id
        facts, serial = _facts(question, places, looked)
        facts = (*facts[:-1], SPENT if is_spent(whose, now.timestamp()) else ACTIVE)
        steps += [place_step(facts, serial), *policy_steps(engine, facts, now.timestamp())]
    if not isinstance(decision, Accepted):
        return [*steps, reject_step(decision.reason.value)]
    plan = decision.known.plan
    attributes: list[Attribute] = [
        (ENCODED, encode_shared(plan, decision.verdict.effect, vendor, decision.method))
    ]
    told = [] if decision.bytes_left is None else quota_attributes(vendor, decision.bytes_left)
    return [
        *steps,
        time_step(decision.seconds_left),
        quota_step(plan.quota_bytes, decision.bytes_left if told else None),
        *attribute_steps(expand([*attributes, *told])),
        accept_step(decision.session_id),
    ]


def _facts(question: Question, places: Places, looked: list[Step]) -> tuple[Facts, str]:
    place = places.find(question.called.mac)
    site, zone, serial = ("", "", "") if place is None else (place.site_id, place.zone_id or "", place.serial)
    plan = next(str(step.values["plan"]) for step in looked if step.name == "account")
    method = question.method.value
    return (zone, site, question.called.ssid, question.nas_id, method, plan, ACTIVE), serial


def replace_nas(question: Question, nas_id: str) -> Question:
    """Return the question as this NAS would ask it."""
    return replace(question, nas_id=nas_id)
