"""All simulated access points of a city in one event loop, and what can be done to them.

Start them, cut and restore power by district, make them report as fast as they can, and count. It
takes no commands from outside: :mod:`controller.city.fleet.control` does.
"""

from __future__ import annotations

import asyncio
import datetime as dt
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

import msgspec

from controller.city.fleet.agent import Agent, Pace, Totals
from controller.city.fleet.certificates import certificate_path
from controller.city.fleet.connection import Dialer
from controller.city.fleet.device import Device
from controller.city.fleet.hardware import MODEL_BANDS
from controller.city.fleet.neighbours import find_neighbours
from controller.city.fleet.people import Population
from controller.city.fleet.radio import Band, day_activity, plan_channels
from controller.city.plan import City
from controller.core.clock import Clock
from controller.core.pki import CertificateAuthority

LOCAL_TIME: Final = dt.timezone(dt.timedelta(hours=3), "MSK")
PEOPLE_PER_AP: Final = 9.0
"""Stations an access point has at the day's peak, on average."""
HANDSHAKES_AT_ONCE: Final = 64
POWER_RETURNS_WITHIN_S: Final = 15.0
_FLOOD_BATCH: Final = 24


class Progress(msgspec.Struct, frozen=True, tag_field="event", tag="progress"):
    """How the fleet is doing; the counters grow from the start."""

    aps: int
    powered: int
    connected: int
    configured: int
    """Connected and running a configuration of the controller."""
    connects: int
    configures: int
    states: int
    state_bytes: int
    restarts: int
    stations: int
    roamed: int
    ignored: int
    failures: dict[str, int]


@dataclass(frozen=True, slots=True)
class FleetOptions:
    """`url` is `wss://host:port/`; `data_dir` holds the authority and the certificates."""

    url: str
    data_dir: Path
    pace: Pace = field(default_factory=Pace)
    handshakes_at_once: int = HANDSHAKES_AT_ONCE
    hour: float | None = None
    """Freeze the hour of the day (0 to 24), for runs that must not depend on when they run."""


class Fleet:
    """The access points of `city`; certificates must have been issued."""

    def __init__(self, city: City, options: FleetOptions, clock: Clock) -> None:
        self.city = city
        self._clock = clock
        self._hour = options.hour
        self.totals = Totals()
        random = Random(city.seed)  # noqa: S311 - invents people, no secrets
        points = [(ap.longitude, ap.latitude) for ap in city.aps]
        neighbours = find_neighbours(points)
        self.population = Population(
            neighbours,
            random,
            peak_mean=PEOPLE_PER_AP,
            activity=self.activity(),
        )
        authority = CertificateAuthority.open(options.data_dir / "pki")
        dialer = Dialer(options.url, authority.certificate_pem)
        gate = asyncio.Semaphore(options.handshakes_at_once)
        now = clock.now().timestamp()
        self.agents = [
            Agent(
                Device(ap, self.population, random, now),
                certificate=certificate_path(options.data_dir, ap.serial),
                dialer=dialer,
                gate=gate,
                pace=options.pace,
                totals=self.totals,
                clock=clock,
                random=random,
                activity=self.activity,
            )
            for ap in city.aps
        ]
        self._plan_channels(neighbours)

    def activity(self) -> float:
        """The share of people out at this moment, 0 to 1."""
        if self._hour is not None:
            return day_activity(self._hour * 3600)
        local = self._clock.now().astimezone(LOCAL_TIME)
        return day_activity(local.hour * 3600 + local.minute * 60 + local.second)

    def set_power(self, *, on: bool, district: str | None = None, at_once: bool = False) -> int:
        """Switch a district's access points, or all; returns how many were switched.

        Power that comes back finds access points that boot at slightly different speed: they connect
        within 15 s of each other, unless `at_once`.
        """
        random = Random(self.city.seed)  # noqa: S311 - boot times, no secrets
        switched = 0
        for agent in self.agents:
            ap = agent.device.ap
            if agent.powered == on or (district is not None and ap.district_id != district):
                continue
            switched += 1
            self.population.set_power(ap.index, on=on)
            if on:
                agent.power_on(after_s=0.0 if at_once else random.random() * POWER_RETURNS_WITHIN_S)
            else:
                agent.power_off()
        return switched

    async def flood(self, seconds: float, *, rate: float = 0.0) -> int:
        """Report round robin for `seconds`, `rate` states a second or (0) as fast as the peer takes them.

        Returns the number of states sent.
        """
        started = self._clock.monotonic()
        sent = at = 0
        skipped = 0
        while (elapsed := self._clock.monotonic() - started) < seconds and self.agents:
            if rate and sent > rate * elapsed:
                await asyncio.sleep(sent / rate - elapsed)
                continue
            for _ in range(_FLOOD_BATCH):
                if self.agents[at].report():
                    sent += 1
                    skipped = 0
                else:
                    skipped += 1
                at = (at + 1) % len(self.agents)
            # When nobody can send, wait for the peer instead of spinning.
            await asyncio.sleep(0.002 if skipped >= len(self.agents) else 0)
        return sent

    def progress(self) -> Progress:
        """Count."""
        totals = self.totals
        return Progress(
            aps=len(self.agents),
            powered=sum(agent.powered for agent in self.agents),
            connected=totals.connected,
            configured=sum(agent.connected and agent.device.configured for agent in self.agents),
            connects=totals.connects,
            configures=totals.configures,
            states=totals.states,
            state_bytes=totals.state_bytes,
            restarts=totals.restarts,
            stations=self.population.out,
            roamed=self.population.roamed,
            ignored=sum(agent.device.ignored for agent in self.agents),
            failures=dict(totals.failures),
        )

    def _plan_channels(self, neighbours: list[list[int]]) -> None:
        bands: tuple[Band, ...] = ("2G", "5G", "6G")
        for band in bands:
            having = [at for at, ap in enumerate(self.city.aps) if band in MODEL_BANDS[ap.model]]
            place = {index: at for at, index in enumerate(having)}
            near = [[place[other] for other in neighbours[index] if other in place] for index in having]
            for index, channel in zip(having, plan_channels(band, near), strict=True):
                self.agents[index].device.hardware.choose_channel(band, channel)
