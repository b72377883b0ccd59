"""Looks up what a question names and has it decided: in the account index at once, or else in the database.

The index answers alone as long as it is in step with the database, also while that is away. Until it is
complete, what it does not know is asked of the database, so nobody is refused wrongly.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from controller.core.clock import Clock
from controller.core.db import Database, is_away
from controller.core.mac import Mac
from controller.directory.types import PlanView
from radius.authorize import Decision, Judge
from radius.index import repository
from radius.index.entries import REFUSE, CredentialEntry, DeviceEntry, SessionEntry
from radius.index.places import NOWHERE, Places
from radius.index.reader import AccountIndex
from radius.index.repository import Online
from radius.index.rows import credential_entry, device_entry, session_entry
from radius.question import Method, Question

_MAB: Final = Method.MAB  # to look up a member of an enumeration takes as long as a key of the index
_PLACES_S: Final = 60.0


class Decisions:
    """Decides by the index; whoever asks need not wait.

    Args:
        index: the account index.
        judge: decides on what was found.
        ask_database: decides by the database.
        clock: gives the time.
        fell_back: called for each question that needs the database.
    """

    def __init__(
        self,
        index: AccountIndex,
        judge: Judge,
        ask_database: Callable[[Question], Awaitable[Decision]],
        clock: Clock,
        *,
        fell_back: Callable[[], None],
    ) -> None:
        self._index = index
        self._judge = judge
        self._ask_database = ask_database
        self._clock = clock
        self._fell_back = fell_back

    def decide(self, question: Question) -> Decision | Awaitable[Decision]:
        """Return the decision, or what gives it once the database has answered."""
        index, now_s = self._index, self._clock.now_s()
        entry: CredentialEntry | DeviceEntry | None
        if question.method is _MAB:
            entry, session = device, _ = index.find_device(Mac(question.username))
            if not self._is_known(entry):
                return self._fall_back(question)
            decision = self._judge.decide_device(question, device, session, index, now_s)
        else:
            entry, session = credential, _ = index.find_credential(question.username, question.station)
            if not self._is_known(entry):
                return self._fall_back(question)
            decision = self._judge.decide_credential(question, credential, session, index, now_s)
        if entry is None or index.state.hits:
            return decision
        return self._fall_back(question, decision)

    def _is_known(self, entry: CredentialEntry | DeviceEntry | None) -> bool:
        """Tell whether the index holds all that the decision needs, or that there is nothing."""
        return self._index.state.misses if entry is None else entry.plan_id in self._index.plans

    async def _fall_back(self, question: Question, last_known: Decision | None = None) -> Decision:
        """Ask the database; while it is away, go by what the index said when they last met, if anything."""
        self._fell_back()
        try:
            return await self._ask_database(question)
        except Exception as error:
            if last_known is None or not is_away(error):
                raise
            return last_known


@dataclass(frozen=True, slots=True)
class _Grounds:
    plans: Mapping[str, PlanView] = field(default_factory=dict)
    places: Places = NOWHERE
    online: Mapping[str, Online] = field(default_factory=dict)

    def count_others(self, account_id: str, mac: Mac, now_s: float) -> int:
        """Return how many other devices of an account are online."""
        there = self.online.get(account_id)
        online = () if there is None else there.online
        return sum(1 for one, over in online if one != mac and over.timestamp() > now_s)


class Authorizer:
    """Decides by the database; writes nothing.

    Args:
        db: the database.
        judge: decides on what was found.
        clock: gives the time.
    """

    def __init__(self, db: Database, judge: Judge, clock: Clock) -> None:
        self._db = db
        self._judge = judge
        self._clock = clock
        self._places = NOWHERE
        self._places_until = 0.0

    async def decide_all(self, questions: Sequence[Question]) -> list[Decision]:
        """Answer questions in order, with the same few queries for one as for a hundred."""
        macs = {question.username for question in questions if question.method is Method.MAB}
        # PostgreSQL takes no zero octet in a text: it would refuse to answer all the others, too.
        usernames = {
            question.username
            for question in questions
            if question.method is not Method.MAB and "\0" not in question.username
        }
        async with self._db.reading() as tx:
            credentials = await repository.list_credentials(tx, usernames=usernames) if usernames else ()
            devices = await repository.list_devices(tx, macs=macs) if macs else ()
            owners = {row.username: row.mac for row in credentials}
            stations = {mac for question in questions if (mac := _station(question, owners)) is not None}
            sessions = await repository.list_sessions(tx, macs=stations) if stations else ()
            plans = {plan.id: plan for plan in await repository.list_plans(tx)}
            counted = {
                row.account_id for row in (*credentials, *devices) if plans[row.plan_id].when_full == REFUSE
            }
            online = await repository.list_online(tx, account_ids=counted) if counted else ()
            if self._clock.monotonic() >= self._places_until:
                self._places = Places(await repository.list_places(tx))
                self._places_until = self._clock.monotonic() + _PLACES_S
        found = _Found(
            {row.username: credential_entry(row, b"") for row in credentials},
            {row.mac: device_entry(row) for row in devices},
            {row.mac: session_entry(row) for row in sessions},
        )
        grounds = _Grounds(plans, self._places, {one.id: one for one in online})
        return [self._decide(question, found, owners, grounds) for question in questions]

    def _decide(
        self, question: Question, found: "_Found", owners: Mapping[str, str], grounds: _Grounds
    ) -> Decision:
        session = found.sessions.get(_station(question, owners) or "")
        now_s, name = self._clock.now_s(), question.username
        if question.method is Method.MAB:
            return self._judge.decide_device(question, found.devices.get(name), session, grounds, now_s)
        return self._judge.decide_credential(question, found.credentials.get(name), session, grounds, now_s)


@dataclass(frozen=True, slots=True)
class _Found:
    credentials: Mapping[str, CredentialEntry]
    devices: Mapping[str, DeviceEntry]
    sessions: Mapping[str, SessionEntry]


def _station(question: Question, owners: Mapping[str, str]) -> str | None:
    """Return the MAC whose open session may go on: of who asks, or else of the credential's device."""
    return question.station or owners.get(question.username)
