"""The event bus: one interface, carried by `local_bus` (embedded) or `nats_bus`.

Every process hears every event of the topics it subscribed to, at least once and in the order they
were committed; so handlers are idempotent. A handler runs to its end before the next event is
delivered: long work belongs into a task. When deliveries may have been missed, the gap callbacks
run, and each subscriber reconciles from the database.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar, cast

import msgspec

from controller.core.log import get_logger

LOG_HANDLER_FAILED = "bus.handler_failed"
LOG_UNREADABLE = "bus.unreadable_event"

E = TypeVar("E")
Handler = Callable[[E], Awaitable[None]]
_TOPIC = "__kolco_topic__"

_log = get_logger(__name__)


def event(topic: str) -> Callable[[type[E]], type[E]]:
    """Mark a frozen dataclass as an event of a topic, `part.past_tense`."""

    def mark(cls: type[E]) -> type[E]:
        setattr(cls, _TOPIC, topic)
        return cls

    return mark


def topic_of(event_type: type) -> str:
    """Return the topic of an event class."""
    return cast("str", getattr(event_type, _TOPIC))


def encode_event(event: object) -> tuple[str, bytes]:
    """Return an event's topic and its JSON."""
    return topic_of(type(event)), msgspec.json.encode(event)


class Bus(Protocol):
    """What the parts of kolco see of the bus."""

    def subscribe(self, event_type: type[E], handler: Handler[E]) -> None:
        """Have `handler` called with each event of the type."""

    def on_gap(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Have `callback` called when events may have been missed: reconcile from the database."""

    async def connect(self) -> None:
        """Fix the place from which events are heard; what was committed before is not delivered.

        Raises:
            UnavailableError: the bus does not answer.
        """

    async def run(self) -> None:
        """Carry and deliver events until cancelled."""

    async def close(self) -> None:
        """Let go of connections."""


class Dispatcher:
    """Topics to handlers: what both buses share."""

    def __init__(self) -> None:
        self._handlers: dict[str, list[tuple[type[Any], Handler[Any]]]] = defaultdict(list)
        self._gap_callbacks: list[Callable[[], Awaitable[None]]] = []

    def subscribe(self, event_type: type[E], handler: Handler[E]) -> None:
        """Have `handler` called with each event of the type."""
        self._handlers[topic_of(event_type)].append((event_type, handler))

    def on_gap(self, callback: Callable[[], Awaitable[None]]) -> None:
        """Have `callback` called when events may have been missed."""
        self._gap_callbacks.append(callback)

    async def dispatch(self, topic: str, payload: bytes) -> None:
        """Deliver one event; a handler that fails is logged, and then the gap callbacks mend what it left."""
        failed = False
        for event_type, handler in self._handlers.get(topic, ()):
            try:
                await handler(msgspec.json.decode(payload, type=event_type))
            except msgspec.MsgspecError:
                _log.exception(LOG_UNREADABLE, topic=topic)
            except Exception:  # noqa: BLE001 - one handler must not silence the others
                _log.exception(LOG_HANDLER_FAILED, topic=topic)
                failed = True
        if failed:
            await self.announce_gap()

    async def announce_gap(self) -> None:
        """Run the gap callbacks."""
        for callback in self._gap_callbacks:
            try:
                await callback()
            except Exception:  # noqa: BLE001 - one handler must not silence the others
                _log.exception(LOG_HANDLER_FAILED, topic="gap")
