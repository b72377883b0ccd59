"""What a simulated access point sends, as structs that msgspec turns straight into JSON.

The structs are the access point's own memory: a tick changes numbers in place and encodes, nothing
is copied into dictionaries first. That is what lets one core play thousands of access points. Names
and units are those of the uCentral state schema (counters in bytes and packets, times in seconds
unless the schema says otherwise). The reading side is :mod:`controller.ap_channel.ucentral`; the two
share no code on purpose, so that neither can hide a mistake of the other.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

import msgspec
from msgspec import Struct, field

COMPRESS_FROM = 2048
"""Bytes of params from which `state` is packed (wlan-ucentral-client does so at 2 KiB)."""

_encoder = msgspec.json.Encoder()


class Rate(Struct, frozen=True, omit_defaults=True):
    """A link's modulation: `bitrate` kbit/s, `chwidth` MHz."""

    bitrate: int
    chwidth: int
    mcs: int
    nss: int
    he: bool = False
    vht: bool = False


class Association(Struct, gc=False):
    """One station on one BSS, since it associated; `rssi` dBm."""

    bssid: str
    station: str
    rssi: int
    rx_rate: Rate
    tx_rate: Rate
    connected: int = 0
    inactive: int = 0
    rx_bytes: int = 0
    rx_packets: int = 0
    tx_bytes: int = 0
    tx_packets: int = 0
    tx_retries: int = 0
    tx_failed: int = 0


class Counters(Struct, gc=False):
    """Totals since the access point booted."""

    collisions: int = 0
    multicast: int = 0
    rx_bytes: int = 0
    rx_packets: int = 0
    rx_errors: int = 0
    rx_dropped: int = 0
    tx_bytes: int = 0
    tx_packets: int = 0
    tx_errors: int = 0
    tx_dropped: int = 0


class RadioRef(Struct, frozen=True):
    """Points at `/radios/N` of the same document."""

    ref: str = field(name="$ref")


class Bss(Struct, gc=False):
    """One SSID on one radio; `associations` is the live list of the stations on it."""

    bssid: str
    ssid: str
    band: str
    iface: str
    phy: str
    radio: RadioRef
    frequency: list[int]
    associations: list[Association]
    mode: str = "ap"
    counters: Counters = field(default_factory=Counters)


class Address(Struct, gc=False):
    """The lease of a logical interface; `leasetime` seconds."""

    addresses: list[str]
    leasetime: int
    dhcp_server: str


class Interface(Struct, gc=False):
    """The uplink, which carries every SSID."""

    name: str
    location: str
    ipv4: Address
    dns_servers: list[str]
    ssids: list[Bss]
    uptime: int = 0
    counters: Counters = field(default_factory=Counters)


class Survey(Struct, gc=False):
    """The channel over the time since the last state: milliseconds, `noise` dBm."""

    frequency: int
    noise: int
    time: int = 0
    busy: int = 0
    time_rx: int = 0
    time_tx: int = 0


class Radio(Struct, gc=False):
    """One radio; `channel_width` MHz, `tx_power` dBm, `temperature` °C."""

    channel: int
    channels: list[int]
    frequency: list[int]
    channel_width: int
    band: list[str]
    phy: str
    tx_power: int
    temperature: int
    survey: list[Survey]


class Memory(Struct, gc=False):
    """Bytes."""

    total: int
    free: int
    cached: int
    buffered: int


class Unit(Struct, gc=False):
    """The operating system; `temperature` is average and maximum, °C."""

    load: list[float]
    cpu_load: list[int]
    localtime: int
    memory: Memory
    uptime: int
    boottime: int
    temperature: list[int]


class StateBody(Struct, rename="kebab", gc=False):
    """The document that the state schema describes."""

    unit: Unit
    radios: list[Radio]
    interfaces: list[Interface]
    link_state: dict[str, dict[str, Any]]
    version: int = 1


class State(Struct, omit_defaults=True, gc=False):
    """Params of `state`."""

    serial: str
    uuid: int
    state: StateBody
    request_uuid: str | None = None


def encode_call(method: str, params: object, *, compress: bool = False) -> bytes:
    """Return one JSON-RPC notification; with `compress`, params of 2 KiB and more are packed."""
    body = _encoder.encode(params)
    if compress and len(body) >= COMPRESS_FROM:
        packed = base64.b64encode(zlib.compress(body, 1))
        body = b'{"compress_64":"%b","compress_sz":%d}' % (packed, len(body))
    return b'{"jsonrpc":"2.0","method":"%b","params":%b}' % (method.encode(), body)


def encode_reply(request_id: int, result: dict[str, object]) -> bytes:
    """Return the answer to one command."""
    return _encoder.encode({"jsonrpc": "2.0", "id": request_id, "result": result})
