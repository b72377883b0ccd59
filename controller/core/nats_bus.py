"""The bus on NATS JetStream: for a city that has outgrown one machine.

Each process relays its own outbox rows right after their commit, and any process relays rows that
another left behind. The stream drops repeats by message id (the outbox id); an ordered consumer
delivers to each process.
"""

import asyncio
import contextlib

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import ConsumerConfig, DeliverPolicy, StreamConfig

from controller.core import outbox
from controller.core.bus import Dispatcher
from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.errors import UnavailableError
from controller.core.log import get_logger

LOG_RELAY_STALLED = "bus.relay_stalled"
LOG_RECONNECTED = "bus.reconnected"

_STREAM = "KOLCO"
_PREFIX = "kolco."
_KEPT_S = 3600.0
_REPEAT_WINDOW_S = 120.0
_LEFT_BEHIND_POLL_S = 1.0
_BATCH = 200
_CONNECT_TIMEOUT_S = 5

_log = get_logger(__name__)


class NatsBus(Dispatcher):
    """The bus over NATS.

    Args:
        url: `nats://host:4222`; several are separated by commas.
        db: the database whose outbox is relayed.
        clock: marks when a row was carried.
    """

    def __init__(self, url: str, db: Database, clock: Clock) -> None:
        super().__init__()
        self._servers = url.split(",")
        self._db = db
        self._clock = clock
        self._nudged = asyncio.Event()
        self._client = Client()
        self._stream: JetStreamContext | None = None
        self._subscription: JetStreamContext.PushSubscription | None = None

    async def connect(self) -> None:
        """Connect, make the stream if it is new, and listen from here on.

        Raises:
            UnavailableError: no server answers.
        """
        try:
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):  # the client by itself would try for ever
                await self._client.connect(
                    self._servers,
                    allow_reconnect=True,
                    max_reconnect_attempts=-1,
                    reconnect_time_wait=1,
                    reconnected_cb=self._reconnected,
                    error_cb=_ignore_error,
                )
            self._stream = self._client.jetstream()
            await self._stream.add_stream(
                StreamConfig(
                    name=_STREAM,
                    subjects=[_PREFIX + ">"],
                    max_age=_KEPT_S,
                    duplicate_window=_REPEAT_WINDOW_S,
                )
            )
            self._subscription = await self._stream.subscribe(
                _PREFIX + ">",
                ordered_consumer=True,
                cb=self._receive,
                config=ConsumerConfig(deliver_policy=DeliverPolicy.NEW),
            )
        except (NatsError, OSError, TimeoutError) as error:
            await self._client.close()
            self._client = Client()  # one that was closed connects no more
            raise UnavailableError(
                f"the event bus does not answer: {_reason(error)}",
                hint="start nats-server with JetStream (`nats-server -js`), or unset KOLCO_BUS_URL",
            ) from error
        outbox.on_commit(self._db, self._nudged.set)

    async def run(self) -> None:
        """Relay the outbox until cancelled."""
        while True:
            try:
                while await self._relay():
                    pass
            except (NatsError, TimeoutError) as error:
                _log.warning(LOG_RELAY_STALLED, reason=str(error) or type(error).__name__)
                await asyncio.sleep(_LEFT_BEHIND_POLL_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LEFT_BEHIND_POLL_S):
                    await self._nudged.wait()
            self._nudged.clear()

    async def close(self) -> None:
        """Close the connection."""
        if self._client.is_connected or self._client.is_reconnecting:
            await self._client.close()

    async def _relay(self) -> bool:
        """Carry one batch; True if there may be more."""
        assert self._stream is not None  # noqa: S101 - connect() comes first
        async with self._db.reading() as tx:
            rows = await outbox.unpublished(tx, _BATCH)
        if not rows:
            return False
        for row in rows:
            await self._stream.publish(
                _PREFIX + row.topic, row.payload, headers={"Nats-Msg-Id": str(row.id)}, timeout=5
            )
        async with self._db.transaction() as tx:
            await outbox.mark_published(tx, [row.id for row in rows], self._clock.now())
        return len(rows) == _BATCH

    async def _receive(self, message: Msg) -> None:
        await self.dispatch(message.subject.removeprefix(_PREFIX), message.data)

    async def _reconnected(self) -> None:
        _log.info(LOG_RECONNECTED)
        self._nudged.set()
        await self.announce_gap()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):  # the client tries on and keeps the cause to itself
        return f"nobody within {_CONNECT_TIMEOUT_S} s"
    return str(error) or type(error).__name__


async def _ignore_error(_error: Exception) -> None:
    """Say nothing: the client reconnects by itself, and `run` reports a stalled relay."""
