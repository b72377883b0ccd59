"""The running of one simulated access point: it dials, reports on time, restarts, and backs off.

Joins the pure :mod:`~controller.city.fleet.device` with a connection and the event loop's timers. It
decides nothing about the protocol's content.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from controller.city.fleet.connection import Connection, Dialer
from controller.city.fleet.device import Device, Restart, Retime, Say
from controller.core.clock import Clock

IDLE_PING_S: Final = 60.0
"""The real client pings after this long without hearing anything …"""
HANG_UP_S: Final = 70.0
"""… and hangs up after this long (libwebsockets' validity timers)."""
CONNECT_TIMEOUT_S: Final = 30.0
BACKOFF_STEP_S: Final = 10.0
BACKOFF_MAX_S: Final = 900.0


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast the fleet lives; the defaults are a real access point's, seconds."""

    state_interval_s: float | None = None
    """Overrides the interval that the configuration names."""
    backoff_step_s: float = BACKOFF_STEP_S
    restart_delay_s: float = 10.0
    boot_s: float = 25.0


@dataclass(slots=True)
class Totals:
    """What all access points of a process did so far."""

    connected: int = 0
    """Now, with the websocket open."""
    connects: int = 0
    configures: int = 0
    states: int = 0
    state_bytes: int = 0
    restarts: int = 0
    failures: dict[str, int] = field(default_factory=dict)
    """Why connections ended, and how often."""


class Agent:
    """One access point that lives. `activity` tells the share of people out at this moment."""

    __slots__ = (
        "_activity", "_attempt", "_certificate", "_clock", "_connection", "_dialer", "_dialing",
        "_gate", "_heard_at", "_next_health", "_next_state", "_open", "_pace", "_random", "_reason",
        "_restart", "_timer", "_totals", "device", "powered",
    )  # fmt: skip

    def __init__(
        self,
        device: Device,
        *,
        certificate: Path,
        dialer: Dialer,
        gate: asyncio.Semaphore,
        pace: Pace,
        totals: Totals,
        clock: Clock,
        random: Random,
        activity: Callable[[], float],
    ) -> None:
        self.device = device
        self.powered = False
        self._certificate = certificate
        self._dialer = dialer
        self._gate = gate
        self._pace = pace
        self._totals = totals
        self._clock = clock
        self._random = random
        self._activity = activity
        self._connection: Connection | None = None
        self._dialing: asyncio.Task[None] | None = None
        self._open: asyncio.Future[bool] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._restart: asyncio.TimerHandle | None = None
        self._attempt = 0
        self._reason = "coldboot"
        self._heard_at = self._next_state = self._next_health = 0.0

    @property
    def connected(self) -> bool:
        """Whether its websocket is open."""
        return self._open is not None and self._open.done() and self._connection is not None

    def power_on(self, *, after_s: float = 0.0) -> None:
        """Boot and connect after `after_s` seconds."""
        if not self.powered:
            self.powered = True
            self._attempt = 0
            self._reason = "coldboot"
            self._later(after_s, self._boot)

    def power_off(self) -> None:
        """Go dark at once: no closing message, no timers."""
        self.powered = False
        self._drop("power cut")

    def report(self) -> bool:
        """Send a state out of turn; False when not connected or the peer is too slow."""
        connection = self._connection
        if connection is None or not self.connected or connection.choked:
            return False
        self._send_state(connection)
        return True

    def opened(self) -> None:
        """The websocket is open: introduce ourselves and start reporting (Listener)."""
        connection, opening = self._connection, self._open
        if connection is None or opening is None:
            return
        now = self._clock.monotonic()
        self._heard_at = now
        self._attempt = 0
        self._totals.connected += 1
        self._totals.connects += 1
        if not opening.done():
            opening.set_result(True)
        connection.send(self.device.connect(self._reason))
        self._reason = "socket"
        # Spread over the whole interval, or a city that starts at once reports at once for ever.
        self._next_state = now + self._random.random() * self._state_interval()
        self._next_health = now + self._random.random() * self.device.applied.health_interval_s
        self._wait()

    def heard(self, message: bytes) -> None:
        """Act on a message of the controller (Listener)."""
        wishes = self.device.receive(message, self._activity(), self._clock.now().timestamp())
        for wish in wishes:
            if isinstance(wish, Say):
                if self._connection is not None:
                    self._connection.send(wish.message)
            elif isinstance(wish, Retime):
                self._totals.configures += 1
                self._next_state = min(self._next_state, self._heard_at + self._state_interval())
                self._wait()
            elif isinstance(wish, Restart):
                self._totals.restarts += 1
                # A timer of its own: reporting goes on until the restart.
                loop = asyncio.get_running_loop()
                self._restart = loop.call_later(self._pace.restart_delay_s, self._go_down)

    def lost(self, reason: str) -> None:
        """The connection ended: try again later, ten seconds more each time (Listener)."""
        self._totals.failures[reason] = self._totals.failures.get(reason, 0) + 1
        if self.connected:
            self._totals.connected -= 1
        if self._open is not None and not self._open.done():
            self._open.set_result(False)
        self._connection = None
        self._open = None
        self._cancel_timer()
        if self.powered:
            self._attempt += 1
            wait = min(BACKOFF_MAX_S, self._pace.backoff_step_s * self._attempt)
            self._later(wait * self._random.uniform(0.5, 1.0), self._dial)

    def alive(self) -> None:
        """Note that the controller is there (Listener)."""
        self._heard_at = self._clock.monotonic()

    def _drop(self, reason: str) -> None:
        """End every timer, dialling and connection; with `powered` False nothing starts again."""
        self._cancel_timer()
        if self._restart is not None:
            self._restart.cancel()
            self._restart = None
        dialing, self._dialing = self._dialing, None
        if dialing is not None:
            dialing.cancel()
        if self._connection is not None:
            self._connection.abort(reason)

    def _boot(self) -> None:
        self.device.boot(self._reason, self._clock.now().timestamp())
        self._dial()

    def _go_down(self) -> None:
        """Restart: drop the connection and come back with an uptime of zero."""
        self.powered = False
        self._drop("restart")
        self.powered = True
        self._reason = "reboot"
        self._later(self._pace.boot_s * self._random.uniform(0.8, 1.2), self._boot)

    def _dial(self) -> None:
        self._timer = None
        self._dialing = asyncio.get_running_loop().create_task(self._dial_once())

    async def _dial_once(self) -> None:
        """Connect within the fleet's limit of simultaneous handshakes; hold the place until it is open."""
        uri = self._dialer.uri
        async with self._gate:
            opening = asyncio.get_running_loop().create_future()
            connection = Connection(self._dialer, self._certificate, self)
            self._open, self._connection = opening, connection
            try:
                async with asyncio.timeout(CONNECT_TIMEOUT_S):
                    await asyncio.get_running_loop().create_connection(lambda: connection, uri.host, uri.port)
                    await opening
            except TimeoutError:
                connection.abort("no answer")
            except OSError as error:
                connection.abort(type(error).__name__)
            finally:
                if self._dialing is asyncio.current_task():
                    self._dialing = None

    def _beat(self) -> None:
        """Do what is due, then sleep until the next thing is."""
        self._timer = None
        connection = self._connection
        if connection is None or not self.connected:
            return
        now = self._clock.monotonic()
        silent = now - self._heard_at
        if silent >= HANG_UP_S:
            connection.abort("controller silent")
            return
        if now >= self._next_state:
            self._send_state(connection)
            self._next_state = now + self._state_interval() * self._random.uniform(0.98, 1.02)
        if now >= self._next_health:
            connection.send(self.device.healthcheck())
            self._next_health = now + self.device.applied.health_interval_s
        if silent >= IDLE_PING_S:
            connection.send(self.device.ping())
            connection.ping()
        self._wait()

    def _wait(self) -> None:
        now = self._clock.monotonic()
        silent_since = self._heard_at
        keepalive = silent_since + (IDLE_PING_S if now < silent_since + IDLE_PING_S else HANG_UP_S)
        due = min(self._next_state, self._next_health, keepalive)
        self._later(max(0.0, due - now), self._beat)

    def _send_state(self, connection: Connection) -> None:
        message = self.device.state(self._activity(), self._clock.now().timestamp())
        self._totals.states += 1
        self._totals.state_bytes += len(message)
        connection.send(message)

    def _state_interval(self) -> float:
        override = self._pace.state_interval_s
        return float(self.device.applied.state_interval_s) if override is None else override

    def _later(self, delay_s: float, act: Callable[[], None]) -> None:
        self._cancel_timer()
        self._timer = asyncio.get_running_loop().call_later(delay_s, act)

    def _cancel_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
