"""The people of the simulated city: stations that come, walk from access point to access point, and go.

Every station exists from the first second to the last and is in exactly one place (on an access
point, or away at home), so totals are conserved whatever roams or fails. Pure: chance and time are
passed in. It knows nothing of radios or messages; those hang their link on a station.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from controller.city.fleet.messages import Association

ROAM_S = 240.0
"""A station stays on one access point for four minutes on average."""
CHURN_S = 180.0
"""Time in which the number of people follows the hour of the day."""
AWAY = -1


class Station:
    """One phone or laptop. `ap` is the index of its access point, or AWAY."""

    __slots__ = ("ap", "band", "home", "link", "mac", "rssi", "since", "thirst")

    def __init__(self, mac: str, home: int, thirst: float) -> None:
        self.mac = mac
        self.home = home
        self.ap = AWAY
        self.thirst = thirst
        """Bytes per second it takes down when it is busy."""
        self.rssi = -60
        self.band = 0
        """Which of the access point's BSSs it is on; set by the access point."""
        self.since = 0.0
        self.link: Association | None = None
        """Its association, None until the access point has seen it."""


class Population:
    """Where everybody is. `neighbours[i]` lists the access points a station can walk to from i."""

    def __init__(
        self,
        neighbours: Sequence[Sequence[int]],
        random: Random,
        *,
        peak_mean: float,
        activity: float,
    ) -> None:
        """Place the people: `peak_mean` a point at the day's peak; the share `activity` is out now."""
        self._neighbours = neighbours
        self._random = random
        self.present: list[list[Station]] = [[] for _ in neighbours]
        self._away: list[list[Station]] = [[] for _ in neighbours]
        self._peak: list[int] = []
        self._powered = [True] * len(neighbours)
        self.roamed = 0
        number = 0
        for home in range(len(neighbours)):
            # Busy squares and quiet corners: a log-normal spread around the mean.
            crowd = max(1, round(peak_mean * random.lognormvariate(-0.18, 0.6)))
            self._peak.append(crowd)
            for _ in range(crowd):
                number += 1
                station = Station(_random_mac(number, random), home, random.lognormvariate(8.5, 1.4))
                if random.random() < activity:
                    self._arrive(station, home)
                else:
                    self._away[home].append(station)

    @property
    def total(self) -> int:
        """Everybody, out or away; never changes."""
        return sum(map(len, self.present)) + sum(map(len, self._away))

    @property
    def out(self) -> int:
        """Those on some access point."""
        return sum(map(len, self.present))

    def step(self, ap: int, activity: float, elapsed_s: float) -> None:
        """Let `elapsed_s` seconds pass at one access point: some walk on, some come, some go home."""
        random = self._random
        here = self.present[ap]
        walk = 1.0 - math.exp(-elapsed_s / ROAM_S)
        for station in [one for one in here if random.random() < walk]:
            near = self._neighbours[ap]
            if near:
                # Nearer ones are likelier: the smaller of two draws.
                towards = near[int(len(near) * min(random.random(), random.random()))]
                if self._powered[towards]:
                    self._leave(station)
                    self._arrive(station, towards)
                    self.roamed += 1
        self._follow_the_hour(ap, activity, elapsed_s)

    def _follow_the_hour(self, ap: int, activity: float, elapsed_s: float) -> None:
        gap = self._peak[ap] * activity - len(self.present[ap])
        exact = abs(gap) * (1.0 - math.exp(-elapsed_s / CHURN_S))
        count = int(exact) + (self._random.random() < exact % 1.0)
        if not self._powered[ap]:
            return
        for _ in range(count):
            if gap > 0 and self._away[ap]:
                self._arrive(self._away[ap].pop(), ap)
            elif gap < 0 and self.present[ap]:
                self._go_home(self._random.choice(self.present[ap]))

    def set_power(self, ap: int, *, on: bool) -> None:
        """Switch an access point: when it goes dark its stations walk to a lit neighbour or home."""
        self._powered[ap] = on
        if on:
            return
        lit = [other for other in self._neighbours[ap] if self._powered[other]]
        for station in list(self.present[ap]):
            if lit:
                self._leave(station)
                self._arrive(station, self._random.choice(lit))
                self.roamed += 1
            else:
                self._go_home(station)

    def _arrive(self, station: Station, ap: int) -> None:
        station.ap = ap
        station.link = None
        station.rssi = self._random.randint(-78, -42)
        self.present[ap].append(station)

    def _leave(self, station: Station) -> None:
        self.present[station.ap].remove(station)

    def _go_home(self, station: Station) -> None:
        self._leave(station)
        station.ap = AWAY
        station.link = None
        self._away[station.home].append(station)


def _random_mac(number: int, random: Random) -> str:
    """A private MAC address as phones make them up, locally administered; `number` keeps it unique."""
    octets = (
        random.randrange(64) << 2 | 2,
        random.randrange(256),
        number >> 24 & 255,
        number >> 16 & 255,
        number >> 8 & 255,
        number & 255,
    )
    return ":".join(f"{octet:02x}" for octet in octets)
