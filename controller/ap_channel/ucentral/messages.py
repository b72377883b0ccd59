"""The messages of an access point as frozen typed structs, and their decoding from JSON.

Only fields that the controller uses are declared: msgspec skips the rest without building objects,
which keeps a 3 kB ``state`` at about 10 µs. The AP password in ``connect`` and ``deviceupdate`` is not
declared on purpose: it cannot be logged or stored by mistake. Commands are in ``commands``.

Source: uCentral PROTOCOL.md, corrected by what wlan-ucentral-client really sends.
"""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

import msgspec
from msgspec import Meta, Raw, Struct, field

Number: TypeAlias = Annotated[int, Meta(ge=-(2**53), le=2**53)] | Annotated[float, Meta(ge=-1e15, le=1e15)]
"""The state schema says "number" everywhere: agents print 36 and 36.0 alike. The bounds keep
arithmetic on a broken agent's figures from overflowing."""
Serial = Annotated[str, Meta(pattern=r"^[0-9a-f]{1,29}\Z")]
"""The CN of the client certificate: lower-case hex, shorter than 30 characters."""
ConfigUuid = Annotated[int, Meta(ge=0, le=2**31 - 1)]
"""int32 on the access point; 0 means recovery, 1 means no configuration yet."""
Severity = Annotated[int, Meta(ge=0, le=7)]
Lines = Annotated[list[Annotated[str, Meta(max_length=2048)]], Meta(max_length=2000)]


class Capabilities(Struct, frozen=True, gc=False):
    """What the hardware can do. ``compress_cmd``: it takes a compressed ``configure``."""

    compatible: str = ""
    model: str = ""
    platform: str = ""
    compress_cmd: bool = False
    country: list[str] = field(default_factory=list)


class Connect(Struct, frozen=True, gc=False):
    """First message of a connection. ``reason`` is why the AP connects (socket, boot cause …)."""

    serial: Serial
    firmware: Annotated[str, Meta(max_length=200)]
    uuid: ConfigUuid
    capabilities: Capabilities
    reason: Annotated[str, Meta(max_length=200)] = ""


class Association(Struct, frozen=True, gc=False):
    """One station on a BSS; counters are since it associated. Its MAC is not read: nobody needs it."""

    rssi: Number = 0
    tx_packets: Number = 0
    tx_retries: Number = 0


class RadioRef(Struct, frozen=True, gc=False):
    """``{"$ref": "#/radios/0"}``, also seen as ``{"ref": …}``."""

    dollar_ref: str = field(default="", name="$ref")
    ref: str = ""


class Bss(Struct, frozen=True, gc=False):
    """One SSID on one radio."""

    ssid: str = ""
    bssid: str | None = None
    band: str = ""
    radio: RadioRef | None = None
    associations: list[Association] = field(default_factory=list)


class Counters(Struct, frozen=True, gc=False):
    """Interface totals, bytes since boot."""

    rx_bytes: Number = 0
    tx_bytes: Number = 0


class Interface(Struct, frozen=True, gc=False):
    """A logical interface: the uplink or a downstream bridge."""

    name: str = ""
    location: str = ""
    counters: Counters | None = None
    ssids: list[Bss] = field(default_factory=list)


class Survey(Struct, frozen=True, gc=False):
    """Channel survey; times are milliseconds in the window, noise is dBm."""

    frequency: Number = 0
    noise: Number | None = None
    time: Number = 0
    busy: Number = 0
    time_rx: Number = 0
    time_tx: Number = 0


class Radio(Struct, frozen=True, gc=False):
    """One radio; ``channel_width`` MHz, ``tx_power`` dBm, ``temperature`` °C.

    Firmware before the survey array prints the width as text, the noise as an unsigned 32-bit
    number, and the airtime as milliseconds since boot in the ``…_ms`` members.
    """

    channel: Number = 0
    channel_width: Number | str = 0
    tx_power: Number = 0
    temperature: Number | None = None
    band: list[str] = field(default_factory=list)
    frequency: list[Number] = field(default_factory=list)
    survey: list[Survey] = field(default_factory=list)
    noise: Number | None = None
    active_ms: Number = 0
    busy_ms: Number = 0
    receive_ms: Number = 0
    transmit_ms: Number = 0


class Memory(Struct, frozen=True, gc=False):
    """Bytes."""

    total: Number = 0
    free: Number = 0
    cached: Number = 0
    buffered: Number = 0


class Unit(Struct, frozen=True, gc=False):
    """The AP's own operating system. ``uptime`` seconds; ``load`` over 1, 5 and 15 minutes."""

    load: list[Number] = field(default_factory=list)
    memory: Memory | None = None
    uptime: Number = 0
    temperature: list[Number] | Number = field(default_factory=list)


class StateBody(Struct, frozen=True, gc=False):
    """The inside of ``state``."""

    unit: Unit | None = None
    radios: list[Radio] = field(default_factory=list)
    interfaces: list[Interface] = field(default_factory=list)


class State(Struct, frozen=True, gc=False):
    """Periodic statistics, 60 s apart, or the answer to ``request``."""

    serial: Serial
    uuid: ConfigUuid
    state: StateBody


class HealthCheck(Struct, frozen=True, gc=False):
    """``sanity`` is 0 to 100."""

    serial: Serial
    uuid: ConfigUuid
    sanity: Annotated[int, Meta(ge=0, le=100)]


class Ping(Struct, frozen=True, gc=False):
    """Sent by the AP when nothing else is; ``uuid`` is the configuration it runs."""

    serial: Serial
    uuid: ConfigUuid


class Log(Struct, frozen=True, gc=False):
    """``severity`` as in syslog: 0 emergency to 7 debug."""

    serial: Serial
    log: Annotated[str, Meta(max_length=8192)]
    severity: Severity = 6


class Event(Struct, frozen=True, gc=False):
    """``data.event`` is ``[timestamp, {type, payload}]``; kept as it came."""

    serial: Serial
    data: Any


class Recovery(Struct, frozen=True, gc=False):
    """The AP fell back to recovery; ``reboot`` says whether it will restart by itself."""

    serial: Serial
    uuid: ConfigUuid = 0
    firmware: Annotated[str, Meta(max_length=200)] = ""
    reboot: bool = False
    loglines: Lines = field(default_factory=list)


class CrashLog(Struct, frozen=True, gc=False):
    """Kernel log saved over a crash."""

    serial: Serial
    uuid: ConfigUuid = 0
    loglines: Lines = field(default_factory=list)


class RebootLog(Struct, frozen=True, gc=False):
    """Why and when the AP restarted; ``date`` unix seconds."""

    serial: Serial
    uuid: ConfigUuid = 0
    type: Annotated[str, Meta(max_length=200)] = ""
    date: int = 0
    info: Lines = field(default_factory=list)


class Alarm(Struct, frozen=True, gc=False):
    """A vendor's alarm, kept as it came."""

    serial: Serial
    data: Any


class WifiScan(Struct, frozen=True, gc=False):
    """An unsolicited scan result; counted, not stored."""

    serial: Serial
    data: Raw


class Telemetry(Struct, frozen=True, gc=False):
    """Fast statistics that the controller asked for; counted, not stored."""

    serial: Serial
    data: Raw


class DeviceUpdate(Struct, frozen=True, gc=False):
    """The AP changed its password. The password itself is not read."""

    serial: Serial


class ConfigPending(Struct, frozen=True, gc=False):
    """The AP has not applied ``uuid`` yet and still runs ``active``."""

    serial: Serial
    active: ConfigUuid
    uuid: ConfigUuid


class VenueBroadcast(Struct, frozen=True, gc=False):
    """A message for the other access points of the venue; counted, not passed on."""

    serial: Serial


Message: TypeAlias = (
    Connect
    | State
    | HealthCheck
    | Ping
    | Log
    | Event
    | Recovery
    | CrashLog
    | RebootLog
    | Alarm
    | WifiScan
    | Telemetry
    | DeviceUpdate
    | ConfigPending
    | VenueBroadcast
)

METHODS: dict[str, type[Any]] = {
    "connect": Connect,
    "state": State,
    "healthcheck": HealthCheck,
    "ping": Ping,
    "log": Log,
    "event": Event,
    "recovery": Recovery,
    "crashlog": CrashLog,
    "rebootLog": RebootLog,
    "alarm": Alarm,
    "wifiscan": WifiScan,
    "telemetry": Telemetry,
    "deviceupdate": DeviceUpdate,
    "cfgpending": ConfigPending,
    "venue_broadcast": VenueBroadcast,
}
"""Every method an access point may call, and what its params are."""

DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    method: msgspec.json.Decoder(shape) for method, shape in METHODS.items()
}
