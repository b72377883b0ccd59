"""Shapes of provisioning that others take and get. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from controller.wlans.types import Band, WlanView

Status = Literal["pending", "sent", "acknowledged", "rejected", "failed"]


@dataclass(frozen=True)
class ApFacts:
    """What the inventory knows of an access point, as far as its configuration needs it."""

    serial: str
    name: str
    model: str
    site_id: str
    site_name: str
    address: str


@dataclass(frozen=True)
class RadioIntent:
    """How one radio shall work. ``channels``: the access point chooses among them itself."""

    band: Band
    channels: tuple[int, ...]
    width_mhz: int
    tx_power_dbm: int
    mode: Literal["HT", "VHT", "HE", "EHT"]


@dataclass(frozen=True)
class ApIntent:
    """What an access point shall do, before any format: the merge of all layers."""

    ap: ApFacts
    country: str
    timezone: str
    radios: tuple[RadioIntent, ...]
    wlans: tuple[WlanView, ...]
    """By id; each with the bands this access point has, at least one."""


@dataclass(frozen=True)
class Fault:
    """What is wrong with a configuration: ``path`` as in ``interfaces[0].ssids[1].name``."""

    path: str
    reason: str


@dataclass(frozen=True)
class Refreshed:
    """What a refresh did: serials whose desired configuration is new, and those refused."""

    changed: tuple[str, ...]
    unchanged: int
    refused: dict[str, tuple[Fault, ...]]


@dataclass(frozen=True)
class DesiredConfig:
    """What one access point shall run. ``config`` is JSON text that holds ``uuid``."""

    serial: str
    uuid: int
    config: str
    status: Status


@dataclass(frozen=True)
class Outcome:
    """How sending ``uuid`` to ``serial`` ended; ``rejected`` are the access point's own words."""

    serial: str
    uuid: int
    status: Literal["acknowledged", "rejected", "failed"]
    rejected: tuple[str, ...] = ()
    error: str = ""
