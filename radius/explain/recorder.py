"""Keeps each decision, as far as the journal takes them, at the time it is made. Never waits."""

from collections.abc import Callable
from time import time
from typing import Final, Protocol

from controller.core.mac import Mac
from radius.authorize import Accepted, Decision
from radius.explain.trace import Trace, encode_trace
from radius.index.places import Places
from radius.journal.decisions import DecisionRecord
from radius.policy.rules import ACTIVE, SPENT, Facts
from radius.protocol.attributes import CALLED_STATION_ID, CALLING_STATION_ID, USER_NAME
from radius.protocol.connection import RequestReceived
from radius.protocol.packet import ENCODED
from radius.question import Refused
from radius.reply import Answer
from radius.stations import find_mac, parse_called_station

_METHODS: Final = {
    "eap-tls": "radius-tls",
    "eap-ttls": "radius-ttls",
    "eap-peap": "radius-peap",
}
"""Labels of latency that are not a method without its prefix."""


class Log(Protocol):
    """Takes decisions; a `Journal` does."""

    def wants_decision(self, *, refused: bool) -> bool:
        """Tell whether a decision may be kept now."""

    def append_decision(self, decision: DecisionRecord) -> None:
        """Take a decision, which nobody waits for."""


class Digester(Protocol):
    """Gives what a device's or a name's decisions are found by."""

    def station(self, mac: Mac) -> bytes:
        """Return the digest of a device's MAC address."""

    def username(self, name: str) -> bytes:
        """Return the digest of a user name."""


class Recorder:
    """See the module.

    Args:
        log: takes the records.
        digests: by what they are found.
        places: gives where access points stand.
        spent: tells whether an account has used up its volume, at a moment in Unix seconds.
    """

    def __init__(
        self,
        log: Log,
        digests: Digester,
        places: Callable[[], Places],
        spent: Callable[[str, float], bool] = lambda _account_id, _now_s: False,
    ) -> None:
        self._log = log
        self._digests = digests
        self._places = places
        self._spent = spent

    def note(self, decision: Decision, request: RequestReceived, answer: Answer) -> None:
        """Keep a decision and its answer, if there is room for it."""
        if self._log.wants_decision(refused=isinstance(decision, Refused)):
            self._log.append_decision(self._record(decision, request, answer))

    def _record(self, decision: Decision, request: RequestReceived, answer: Answer) -> DecisionRecord:
        packet, client = request.packet, request.client
        station = find_mac(packet.find_text(CALLING_STATION_ID))
        name = packet.find_text(USER_NAME) or ""
        named = find_mac(name)
        if station is None:
            station = named
        called = parse_called_station(packet.find_text(CALLED_STATION_ID))
        place = self._places().find(called.mac)
        site, zone, serial = (
            ("", "", None) if place is None else (place.site_id, place.zone_id or "", place.serial)
        )
        accepted = decision if isinstance(decision, Accepted) else None
        account_id, plan_id = _whose(decision)
        method = _method(accepted, answer)
        state = SPENT if self._spent(account_id, time()) else ACTIVE
        facts: Facts = zone, site, called.ssid, client.id, method, plan_id, state
        trace = Trace(
            facts,
            decision.verdict.revision,
            request.source[0],
            signed=bool(packet.message_authenticator_at),
            secret=client.secrets.index(request.secret) if request.secret in client.secrets else 0,
            vendor=client.vendor,
            seconds_left=0 if accepted is None else accepted.seconds_left,
            bytes_left=None if accepted is None else accepted.bytes_left,
            attributes=b"".join(value for kind, value in answer.attributes if kind == ENCODED),
            bssid=called.mac is not None,
            station=station is not None,
        )
        return DecisionRecord(
            client.id,
            "reject" if accepted is None else "accept",
            encode_trace(trace),
            None if station is None else self._digests.station(station),
            self._digests.username(name) if name and named is None else None,
            method,
            answer.refusal,
            account_id or None,
            plan_id or None,
            decision.verdict.rule,
            None if accepted is None else accepted.session_id,
            serial,
            site or None,
            called.ssid[:32],
        )


def _whose(decision: Decision) -> tuple[str, str]:
    """Return the account and its plan, as far as they were known."""
    if isinstance(decision, Accepted):
        return decision.known.account_id, decision.known.plan.id
    return decision.account_id, decision.plan_id


def _method(accepted: Accepted | None, answer: Answer) -> str:
    if accepted is not None:
        return accepted.method._value_
    if not answer.method:
        return ""
    return _METHODS.get(answer.method, f"radius-{answer.method}")[:15]
