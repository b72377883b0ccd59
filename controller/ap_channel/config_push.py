"""Brings connected access points to the configuration they shall run.

Serials queue up (at connect, after a change, by reconciliation), are read in batches, sent with
bounded concurrency, and the answers are stored in batches. A refused or unanswered configuration is
tried again after ``RETRY_S``; one applied with rejects is final until its content changes.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial

import msgspec

from controller.ap_channel.board import ApEventRow, Board
from controller.ap_channel.ucentral.commands import Configure, Reply
from controller.ap_channel.ucentral.errors import LocalProtocolError
from controller.ap_channel.ucentral.registry import Registry
from controller.core.clock import Clock
from controller.core.db import Database
from controller.core.errors import UnavailableError
from controller.provisioning import service as provisioning
from controller.provisioning.types import DesiredConfig, Outcome

ANSWER_TIMEOUT_S = 60.0
RETRY_S = 300.0
RECONCILE_S = 30.0
_BATCH = 250
_IN_FLIGHT = 500
_STORE_S = 0.2
_GATHER_S = 0.02
_WARNING = 4


class ConfigPush:
    """The queue and its workers; ``run`` is a supervised task."""

    def __init__(self, *, db: Database, registry: Registry, board: Board, clock: Clock) -> None:
        self._db = db
        self._registry = registry
        self._board = board
        self._clock = clock
        self._queue: dict[str, None] = {}
        self._wake = asyncio.Event()
        self._sending: dict[str, asyncio.Task[None]] = {}
        self._room = asyncio.Semaphore(_IN_FLIGHT)
        self._outcomes: list[Outcome] = []
        self._tried: dict[str, tuple[int, float]] = {}
        self._answered: dict[str, int] = {}

    def request(self, serials: Iterable[str]) -> None:
        """Have ``serials`` looked at; those not connected are forgotten until they connect."""
        self._queue.update(dict.fromkeys(serials))
        self._wake.set()

    def on_connected(self, serial: str) -> None:
        """A fresh connection deserves a fresh try."""
        self._tried.pop(serial, None)
        self.request((serial,))

    async def run(self) -> None:
        """Work until cancelled; after a crash, begin with what was left undone."""
        try:
            await self.reconcile()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._work())
                group.create_task(self._store())
                group.create_task(self._reconcile())
        finally:
            for task in list(self._sending.values()):
                task.cancel()
            await self._store_now()

    async def reconcile(self) -> None:
        """Queue every connected access point that runs something else than it shall."""
        async with self._db.reading() as tx:
            desired = await provisioning.list_desired_uuids(tx)
        now = self._clock.monotonic()
        strayed = []
        for serial in self._registry.serials():
            session = self._registry.find(serial)
            uuid = desired.get(serial)
            if session is None or uuid is None or session.config_uuid == uuid:
                continue
            tried_uuid, until = self._tried.get(serial, (0, 0.0))
            if tried_uuid != uuid or now >= until:
                strayed.append(serial)
        self.request(strayed)

    # --- inside ------------------------------------------------------------------------------------

    async def _work(self) -> None:
        while True:
            await self._wake.wait()
            await asyncio.sleep(_GATHER_S)
            batch = list(self._queue)[:_BATCH]
            for serial in batch:
                del self._queue[serial]
            if not self._queue:
                self._wake.clear()
            busy = [serial for serial in batch if serial in self._sending]
            for serial in busy:  # look again when the one under way has ended
                self._sending[serial].add_done_callback(partial(self._again, serial))
            ready = [
                serial
                for serial in batch
                if serial not in self._sending and self._registry.find(serial) is not None
            ]
            if not ready:
                continue
            with ExitStack() as undo:
                undo.callback(self.request, ready)
                await self._send_batch(ready)
                undo.pop_all()

    async def _send_batch(self, serials: list[str]) -> None:
        async with self._db.reading() as tx:
            desired = await provisioning.list_desired(tx, serials)
        running = {item.serial: self._running(item.serial) for item in desired}
        ahead = {item.serial: running[item.serial] for item in desired if running[item.serial] > item.uuid}
        if ahead:
            async with self._db.transaction() as tx:
                raised = await provisioning.raise_above(tx, ahead, self._clock.now())
            above = {item.serial: item for item in raised}
            desired = [above.get(item.serial, item) for item in desired]
        due = []
        for item in desired:
            if running[item.serial] != item.uuid:
                due.append(item)
            elif item.status not in {"acknowledged", "rejected"} and not self._has_answered(item):
                # It answered while we were away, or the answer was lost: it runs what it shall.
                self._outcomes.append(Outcome(item.serial, item.uuid, "acknowledged"))
        if not due:
            return
        async with self._db.transaction() as tx:
            await provisioning.mark_sent(tx, [(item.serial, item.uuid) for item in due], self._clock.now())
        for item in due:
            await self._room.acquire()
            task = asyncio.create_task(self._send(item))
            self._sending[item.serial] = task
            task.add_done_callback(partial(self._sent, item.serial))

    def _has_answered(self, item: DesiredConfig) -> bool:
        """Whether its answer is known but perhaps not stored yet; it may name rejects."""
        return self._answered.get(item.serial) == item.uuid

    def _running(self, serial: str) -> int:
        session = self._registry.find(serial)
        return session.config_uuid if session is not None else 0

    def _again(self, serial: str, _task: asyncio.Task[None]) -> None:
        self.request((serial,))

    def _sent(self, serial: str, _task: asyncio.Task[None]) -> None:
        self._sending.pop(serial, None)
        self._room.release()

    async def _send(self, item: DesiredConfig) -> None:
        command = Configure(item.serial, item.uuid, msgspec.Raw(item.config.encode()))
        again_at = self._clock.monotonic() + RETRY_S
        try:
            reply = await self._registry.send(item.serial, command, timeout_s=ANSWER_TIMEOUT_S)
        except (UnavailableError, LocalProtocolError) as error:
            outcome = Outcome(item.serial, item.uuid, "failed", error=str(error))
        else:
            outcome = outcome_of(item, reply)
        if outcome.status == "rejected":
            again_at = math.inf
        self._tried[item.serial] = (item.uuid, again_at)
        self._outcomes.append(outcome)
        if outcome.status != "failed":
            self._answered[item.serial] = item.uuid
            session = self._registry.find(item.serial)
            if session is not None:
                session.config_uuid = item.uuid
                self._board.put(item.serial, {"config_uuid": item.uuid})
        if outcome.status != "acknowledged":
            data = {"uuid": item.uuid, "text": outcome.error, "rejected": list(outcome.rejected)}
            self._board.add_event(ApEventRow(item.serial, self._clock.now(), "reject", _WARNING, data))

    async def _store(self) -> None:
        while True:
            await asyncio.sleep(_STORE_S)
            await self._store_now()

    async def _store_now(self) -> None:
        if not self._outcomes:
            return
        outcomes, self._outcomes = self._outcomes, []
        with ExitStack() as undo:
            undo.callback(self._put_back, outcomes)
            async with self._db.transaction() as tx:
                await provisioning.record(tx, outcomes, self._clock.now())
            undo.pop_all()

    def _put_back(self, outcomes: list[Outcome]) -> None:
        self._outcomes = outcomes + self._outcomes

    async def _reconcile(self) -> None:
        while True:
            await asyncio.sleep(RECONCILE_S)
            await self.reconcile()


def outcome_of(item: DesiredConfig, reply: Reply) -> Outcome:
    """What an answer means: 0 applied, 1 (or any rejects) applied in part, 2 and above not applied."""
    if reply.error > 1:
        return Outcome(item.serial, item.uuid, "failed", reply.rejected, reply.text or "failed")
    if reply.error == 1 or reply.rejected:
        return Outcome(item.serial, item.uuid, "rejected", reply.rejected, reply.text)
    return Outcome(item.serial, item.uuid, "acknowledged")
