"""CoA-Request to NASes when what their sessions are to get changes (RFC 5176 §2.2): plan, account or policy.

A NAS that refuses to change a session, or that cannot without the device joining anew (another VLAN), has
it ended: the device comes back under the new terms. What does not change is not touched.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import tzinfo
from enum import StrEnum
from typing import Final

from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.log import get_logger
from controller.directory.events import AccountChanged, PlanChanged
from controller.directory.types import PlanView
from controller.sessions import service as sessions
from radius.index.repository import list_plans
from radius.outcomes import SOURCE
from radius.policy import service as policies
from radius.policy.engine import Engine
from radius.policy.events import PolicyChanged
from radius.policy.rules import Policy
from radius.protocol.attributes import ERROR_CAUSE, Code, ErrorCause
from radius.protocol.connection import FindClient
from radius.protocol.packet import Attribute, Packet
from radius.reply import terms_of
from radius.served import repository
from radius.served.ask import Unreachable
from radius.served.identify import identify
from radius.served.repository import Going
from radius.vendors import GENERIC, Terms, change_attributes

LOG_CHANGED = "radius.sessions_changed"

_PAGE: Final = 500
_AT_ONCE: Final = 32
_END_REASON: Final = "plan-changed"
_DENIED: Final = "policy"

_log = get_logger(__name__)

Ask = Callable[[str, Code, Sequence[Attribute]], Awaitable[Packet]]


class Changed(StrEnum):
    """What became of a session whose terms changed; a closed set, because it is a metric label."""

    ACK = "ack"
    NAK = "nak"
    """Refused: it is ended."""
    TIMEOUT = "timeout"
    UNKNOWN_NAS = "unknown-nas"
    ENDED = "ended"
    """Not asked for: the policy denies it now, or it needs to join anew."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What sessions are let in by at a moment."""

    plans: Mapping[str, PlanView]
    engine: Engine

    def find_terms(self, going: Going, plan_id: str, nas_id: str, now_s: float) -> Terms | None:
        """Return what a session of a plan gets; None: the policy denies it, or there is no such plan."""
        plan = self.plans.get(plan_id)
        if plan is None:
            return None
        facts = (going.zone_id, going.site_id, going.ssid, nas_id, going.method, plan_id, "active")
        effect = self.engine.judge(now_s, facts).effect
        if effect.deny:
            return None
        return terms_of(self.plans.get(effect.plan or plan_id, plan), effect)


class Changer:
    """See the module.

    Args:
        db: the database.
        ask: sends a request to a NAS and returns its answer.
        find_client: gives the NAS of an IP address.
        clock: gives the time.
        zone: the city's time zone.
        count: told the NAS and what became of a session, a `Changed`.
    """

    def __init__(
        self,
        db: Database,
        ask: Ask,
        find_client: FindClient,
        clock: Clock,
        zone: tzinfo,
        *,
        count: Callable[[str, str], None],
    ) -> None:
        self._db = db
        self._ask = ask
        self._find_client = find_client
        self._clock = clock
        self._zone = zone
        self._count = count
        self._standing = Standing({}, Engine(Policy(), zone))
        self._has_started = False
        self._asked: dict[tuple[str, str], None] = {}
        self._wake = asyncio.Event()

    async def hear_plan(self, event: PlanChanged) -> None:
        """Take note of a changed plan."""
        self._note("plan", event.plan_id)

    async def hear_account(self, event: AccountChanged) -> None:
        """Take note of an account that may have another plan."""
        self._note("account", event.account_id)

    async def hear_policy(self, _event: PolicyChanged) -> None:
        """Take note of a changed policy: any session may be meant."""
        self._note("all", "")

    async def look_at_all(self) -> None:
        """Look at every session: what changed may have been missed."""
        self._note("all", "")

    async def run(self) -> None:
        """Change sessions until cancelled; what they have at the first start is taken for right."""
        if not self._has_started:
            self._standing = await self._read()
            self._has_started = True
        while True:
            await self._wake.wait()
            self._wake.clear()
            asked, self._asked = self._asked, {}
            with ExitStack() as undo:
                undo.callback(self._put_back, asked)  # whoever runs this again shall look again
                now = await self._read()
                whole = ("all", "") in asked
                for kind, key in [("all", "")] if whole else list(asked):
                    if kind != "plan" or self._standing.plans.get(key) != now.plans.get(key):
                        await self._change_all(
                            now,
                            plan_id=key if kind == "plan" else None,
                            account_id=key if kind == "account" else None,
                        )
                undo.pop_all()
            self._standing = now

    def _put_back(self, asked: Mapping[tuple[str, str], None]) -> None:
        self._asked.update(asked)
        self._wake.set()

    def _note(self, kind: str, key: str) -> None:
        self._asked[kind, key] = None
        self._wake.set()

    async def _read(self) -> Standing:
        async with self._db.reading() as tx:
            plans = await list_plans(tx)
            policy = await policies.read(tx)
        return Standing({plan.id: plan for plan in plans}, Engine(policy, self._zone))

    async def _change_all(self, now: Standing, *, plan_id: str | None, account_id: str | None) -> None:
        after, changed = ("", ""), 0
        while True:
            async with self._db.reading() as tx:
                page = await repository.list_going(
                    tx, plan_id=plan_id, account_id=account_id, after=after, limit=_PAGE
                )
            for start in range(0, len(page), _AT_ONCE):
                done = await asyncio.gather(
                    *(self._change(now, one) for one in page[start : start + _AT_ONCE])
                )
                changed += sum(done)
            if len(page) < _PAGE:
                break
            after = page[-1].served.session_id, page[-1].served.acct_session_id
        if changed:
            _log.info(LOG_CHANGED, sessions=changed)

    async def _change(self, now: Standing, going: Going) -> bool:
        """Give one session what it is to get now; False if it has that."""
        served, now_s = going.served, self._clock.now().timestamp()
        before = self._standing.find_terms(going, going.plan_id, served.nas_id, now_s)
        terms = now.find_terms(going, going.account_plan_id, served.nas_id, now_s)
        if before == terms and going.plan_id == going.account_plan_id:
            return False
        if terms is None or (before is not None and before.vlan != terms.vlan):
            self._count(served.nas_id, Changed.ENDED.value)
            await self._end(going, _DENIED if terms is None else _END_REASON)
            return True
        answered = Changed.ACK if before == terms else await self._send(going, terms)
        self._count(served.nas_id, answered.value)
        if answered is Changed.ACK:
            plan = now.plans[going.account_plan_id]
            async with self._db.transaction() as tx:
                await repository.set_plan(
                    tx,
                    served.session_id,
                    plan_id=plan.id,
                    idle_timeout_s=plan.idle_timeout_s,
                    quota_bytes=plan.quota_bytes,
                )
        elif answered is Changed.NAK:
            await self._end(going, _END_REASON)
        return True

    async def _send(self, going: Going, terms: Terms) -> Changed:
        """Ask for the change, naming the session in other ways while the NAS does not know it."""
        served = going.served
        client = self._find_client(served.address)
        attributes = change_attributes(GENERIC if client is None else client.vendor, terms)
        for way in identify(served):
            try:
                answer = await self._ask(served.address, Code.COA_REQUEST, [*way, *attributes])
            except Unreachable as error:
                return Changed.TIMEOUT if error.known else Changed.UNKNOWN_NAS
            if answer.code == Code.COA_ACK:
                return Changed.ACK
            if answer.find_integer(ERROR_CAUSE) != ErrorCause.SESSION_CONTEXT_NOT_FOUND:
                return Changed.NAK
        return Changed.NAK

    async def _end(self, going: Going, reason: str) -> None:
        async with self._db.transaction() as tx:
            await sessions.end(
                tx, going.served.session_id, reason=reason, now=self._clock.now(), source=SOURCE
            )
