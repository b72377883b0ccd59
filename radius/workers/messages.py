"""What a worker process and its parent tell each other. A pure module; `channel` carries it.

Down: `Welcome`, then `Event` and `Missed` (events of the bus), `Collect`, at last `Stop`.
Up: `Ready`, then `Report` each second and when asked.
"""

from typing import Final

import msgspec

from radius.tallied import Definition, Increment
from radius.workers.families import FamilyReport

MAX_FRAME: Final = 64 * 1024 * 1024
"""Octets; a report on a hundred thousand NASes is a tenth of it."""


class Welcome(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The first frame: what a worker is to be.

    Attributes:
        number: which worker, from 0; the first octet of its EAP States.
        core: the shared settings, JSON.
        settings: those of RADIUS, JSON.
        ports: numbers of the ports by kind, for all workers the same.
    """

    number: int
    core: bytes
    settings: bytes
    ports: dict[str, int]


class Event(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """An event that the parent heard on the bus: its topic and its JSON."""

    topic: str
    payload: bytes


class Missed(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Events may have been missed: read everything again."""


class Collect(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """A report is wanted now; it repeats the ticket."""

    ticket: int


class Stop(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """Answer what is under way and end."""


class Ready(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """The worker answers; it will report on these metrics of its tally."""

    definitions: list[Definition] = []


class Report(msgspec.Struct, frozen=True, array_like=True, tag=True):
    """What a worker counted.

    Attributes:
        ticket: of the `Collect` it answers; 0 if it comes by itself.
        tally: the growth of its tally.
        families: its other metrics as they stand.
        seen: NASes heard since the last report.
        signed: of these, who sent an Access-Request with Message-Authenticator.
        unsigned: and who one without.
    """

    ticket: int = 0
    tally: Increment = Increment()
    families: list[FamilyReport] = []
    seen: list[str] = []
    signed: list[str] = []
    unsigned: list[str] = []


Down = Welcome | Event | Missed | Collect | Stop
Up = Ready | Report
