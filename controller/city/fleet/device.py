"""The uCentral client of a simulated access point, sans IO: messages in, messages and wishes out.

Follows what wlan-ucentral-client does, not what its document says: a reply carries
`status.rejected` as a list of texts, `reboot` is answered at once and acted on later, `request`
needs a `request_uuid`, a configuration's `uuid` must grow. The connection, timers and reboots are
:mod:`controller.city.fleet.agent`'s.
"""

from __future__ import annotations

import base64
import zlib
from dataclasses import dataclass
from random import Random
from typing import Any, Final, TypeAlias

import msgspec

from controller.city.fleet.configuration import Applied, ConfigurationError, apply_configuration
from controller.city.fleet.hardware import MODEL_BANDS, Hardware
from controller.city.fleet.messages import State, encode_call, encode_reply
from controller.city.fleet.people import Population
from controller.city.plan import PlannedAp

FIRMWARE: Final = "OpenWrt 23.05 kolco-simulated / v1.0.0"
NO_CONFIGURATION: Final = 1
"""The uuid of an access point that was never configured."""
MAX_MESSAGE_BYTES: Final = 32 * 1024
"""The real client's receive buffer: a longer message is lost."""
MAX_CONFIGURATION_BYTES: Final = 1024 * 1024
COUNTRY: Final = "RU"
CROWDED_BUSY_RATIO: Final = 0.8


@dataclass(frozen=True, slots=True)
class Say:
    """Send this text message."""

    message: bytes


@dataclass(frozen=True, slots=True)
class Restart:
    """Drop the connection in a while, be away for the time of a boot, and connect anew."""


@dataclass(frozen=True, slots=True)
class Retime:
    """The configuration changed how often to report."""


Wish: TypeAlias = Say | Restart | Retime


class Device:
    """One access point's behaviour. Times are unix seconds, `activity` the hour's share of people out."""

    def __init__(self, ap: PlannedAp, population: Population, random: Random, now: float) -> None:
        self.ap = ap
        self._population = population
        self.hardware = Hardware(ap.serial, ap.index, MODEL_BANDS[ap.model], random, now)
        self.uuid = NO_CONFIGURATION
        self.applied = Applied()
        self.boot_reason = "coldboot"
        self.led = "on"
        self.ignored = 0
        """Messages that a real client would not have understood either."""
        self._stepped = now

    @property
    def configured(self) -> bool:
        """Whether it runs a configuration of the controller."""
        return self.uuid != NO_CONFIGURATION

    def connect(self, reason: str) -> bytes:
        """Return the first message of a connection; `reason` is `socket` or a boot cause."""
        capabilities = {
            "compatible": self.ap.model,
            "model": f"{self.ap.model} (simulated)",
            "platform": "ap",
            "macaddr": {"wan": self.ap.mac, "lan": self.ap.mac},
            "label_macaddr": self.ap.mac,
            "version": {"ap": {"major": 1, "minor": 0, "patch": 0}},
            "wifi": {
                radio.phy: {"band": radio.band, "htmode": ["HE20", "HE40"], "tx_ant": 3, "rx_ant": 3}
                for radio in self.hardware.body.radios
            },
            "country": [COUNTRY],
            "compress_cmd": True,
        }
        return encode_call(
            "connect",
            {
                "serial": self.ap.serial,
                "firmware": FIRMWARE,
                "uuid": self.uuid,
                "reason": reason,
                "capabilities": capabilities,
            },
        )

    def state(self, activity: float, now: float, request_uuid: str | None = None) -> bytes:
        """Move the access point and its people on to `now` and return its state message."""
        index = self.ap.index
        self._population.step(index, activity, max(0.0, now - self._stepped))
        self._stepped = now
        self.hardware.step(self._population.present[index], activity, now)
        message = State(self.ap.serial, self.uuid, self.hardware.body, request_uuid)
        return encode_call("state", message, compress=True)

    def healthcheck(self, request_uuid: str | None = None) -> bytes:
        """Return a health message: all is well, less so when the air is full."""
        busiest = max(
            radio.survey[0].busy / radio.survey[0].time if radio.survey[0].time else 0.0
            for radio in self.hardware.body.radios
        )
        params: dict[str, Any] = {
            "serial": self.ap.serial,
            "uuid": self.uuid,
            "sanity": 100 if busiest < CROWDED_BUSY_RATIO else 80,
            "data": {"memory": True, "uplink": True, "radios": busiest < CROWDED_BUSY_RATIO},
        }
        if request_uuid is not None:
            params["request_uuid"] = request_uuid
        return encode_call("healthcheck", params)

    def ping(self) -> bytes:
        """Return the message that only says that the agent lives."""
        return encode_call("ping", {"serial": self.ap.serial, "uuid": self.uuid})

    def boot(self, reason: str, now: float) -> None:
        """Come up after a restart or a power cut: all counters from zero, the configuration is kept."""
        self.boot_reason = reason
        self._stepped = now
        self.hardware.boot(now)
        self.hardware.apply(self.applied)

    def receive(self, message: bytes, activity: float, now: float) -> list[Wish]:
        """Act on one message of the controller; what a real client cannot read is counted and dropped."""
        if len(message) > MAX_MESSAGE_BYTES:
            self.ignored += 1
            return []
        try:
            call = msgspec.json.decode(message)
            method, request_id, params = call["method"], call["id"], call["params"]
            if "compress_64" in params:
                params = msgspec.json.decode(_inflate(params["compress_64"]))
            if not isinstance(request_id, int) or params["serial"] != self.ap.serial:
                self.ignored += 1
                return []
        except (msgspec.DecodeError, ValueError, KeyError, TypeError, zlib.error):
            self.ignored += 1
            return []
        if method == "configure":
            return self._configure(request_id, params)
        if method == "request":
            return self._request(request_id, params, activity, now)
        return self._simple(method, request_id, params)

    def _simple(self, method: object, request_id: int, params: dict[str, Any]) -> list[Wish]:
        if method == "ping":
            return [self._answer(request_id, 0, "pong")]
        if method == "leds":
            pattern = params.get("pattern")
            if not isinstance(pattern, str) or pattern not in {"on", "off", "blink"}:
                return [self._answer(request_id, 2, "unknown pattern")]
            self.led = pattern
            return [self._answer(request_id, 0, "Success")]
        if method == "reboot":
            return [self._answer(request_id, 0, "triggered command action"), Restart()]
        if method == "factory":
            self.uuid = NO_CONFIGURATION
            self.applied = Applied()
            return [self._answer(request_id, 0, "triggered command action"), Restart()]
        return [self._answer(request_id, 2, "not supported by a simulated access point")]

    def _configure(self, request_id: int, params: dict[str, Any]) -> list[Wish]:
        uuid = params.get("uuid")
        if not isinstance(uuid, int) or not NO_CONFIGURATION < uuid < 1 << 31:
            return [self._answer(request_id, 2, "uuid is not a positive int32")]
        if uuid < self.uuid:
            # The real client loads the highest file name, so a smaller uuid never takes effect.
            return [self._answer(request_id, 2, "uuid is older than the active configuration")]
        try:
            applied = apply_configuration(params.get("config"), frozenset(self.hardware.bands))
        except ConfigurationError as error:
            return [self._answer(request_id, 2, str(error))]
        self.uuid = uuid
        self.applied = applied
        self.hardware.apply(applied)
        outcome, text = (1, "Rejects") if applied.rejected else (0, "Success")
        answer = self._answer(request_id, outcome, text, rejected=list(applied.rejected))
        # id 0 suppresses the reply to a configure (wlan-ucentral-client, cmd.c).
        return [answer, Retime()] if request_id != 0 else [Retime()]

    def _request(
        self,
        request_id: int,
        params: dict[str, Any],
        activity: float,
        now: float,
    ) -> list[Wish]:
        request_uuid = params.get("request_uuid")
        wanted = params.get("message")
        known = isinstance(wanted, str) and wanted in {"state", "healthcheck"}
        if not isinstance(request_uuid, str) or not known:
            return [self._answer(request_id, 2, "request needs a known message and a request_uuid")]
        if wanted == "state":
            message = self.state(activity, now, request_uuid)
        else:
            message = self.healthcheck(request_uuid)
        return [self._answer(request_id, 0, "Success"), Say(message)]

    def _answer(self, request_id: int, error: int, text: str, *, rejected: list[str] | None = None) -> Say:
        status: dict[str, object] = {"error": error, "text": text}
        if rejected:
            status["rejected"] = rejected
        return Say(
            encode_reply(request_id, {"serial": self.ap.serial, "uuid": self.uuid, "status": status}),
        )


def _inflate(packed: str) -> bytes:
    """Unpack a compressed configuration; raises ValueError or zlib.error for damaged or huge input."""
    inflater = zlib.decompressobj()
    data = inflater.decompress(base64.b64decode(packed, validate=True), MAX_CONFIGURATION_BYTES)
    if not inflater.eof:
        message = "truncated or too big"
        raise ValueError(message)
    return data
