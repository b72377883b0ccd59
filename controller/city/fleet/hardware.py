"""The inside of one simulated access point: its radios, BSSs, counters and operating system.

Keeps one :class:`~controller.city.fleet.messages.StateBody` alive and moves its numbers on with time.
Pure: time and chance are passed in. It does not speak uCentral: :mod:`controller.city.fleet.device` does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Final

from controller.city.fleet import radio as air
from controller.city.fleet.configuration import Applied
from controller.city.fleet.messages import (
    Address,
    Association,
    Bss,
    Interface,
    Memory,
    Radio,
    RadioRef,
    StateBody,
    Survey,
    Unit,
)
from controller.city.fleet.people import Station
from controller.city.fleet.radio import Band

MODEL_BANDS: Final[Mapping[str, tuple[Band, ...]]] = {
    "edgecore_oap101": ("2G", "5G"),
    "hfcl_ion4x": ("2G", "5G"),
    "edgecore_eap101": ("2G", "5G"),
    "edgecore_eap104": ("2G", "5G"),
    "cig_wf196": ("2G", "5G", "6G"),
}
_MEMORY_BYTES: Final = 512 * 1024 * 1024
_PACKET_BYTES: Final = 850
_REFS: Final = tuple(RadioRef(f"#/radios/{number}") for number in range(3))
# A phone in a pocket is busy one fifth of the time.
_BUSY_SHARE: Final = 0.2
FAR_DBM: Final = -70
FAR_ON_5G: Final = 0.25


class Hardware:
    """One access point's state; `bands` are those of its model."""

    def __init__(self, serial: str, index: int, bands: Sequence[Band], random: Random, now: float) -> None:
        self.bands = tuple(bands)
        self._serial = serial
        self._index = index
        self._random = random
        self._own_channel: dict[Band, int] = {band: air.CHANNELS[band][0] for band in bands}
        self._since_state = now
        self.booted_at = now
        self.body = self._power_up(now)

    def choose_channel(self, band: Band, channel: int) -> None:
        """Set the channel this access point takes when its configuration leaves it free."""
        self._own_channel[band] = channel
        self._tune(self.body.radios[self.bands.index(band)], band, channel)

    def boot(self, now: float) -> None:
        """Start anew: counters from zero, no network on the air before `apply`."""
        self.booted_at = self._since_state = now
        self.body = self._power_up(now)

    def apply(self, applied: Applied) -> None:
        """Send out the configured networks; the stations associate anew."""
        for number, band in enumerate(self.bands):
            wanted = applied.radios.get(band)
            radio = self.body.radios[number]
            channel = self._own_channel[band]
            if wanted and wanted.channel is not None:
                channel = wanted.channel
            elif wanted and wanted.choice and channel not in wanted.choice:
                channel = wanted.choice[self._index % len(wanted.choice)]
            self._tune(radio, band, channel)
            if wanted and wanted.width_mhz:
                radio.channel_width = wanted.width_mhz
            if wanted and wanted.tx_power_dbm is not None:
                radio.tx_power = wanted.tx_power_dbm
        bsses: list[Bss] = []
        for number, band in enumerate(self.bands):
            names = [ssid.name for ssid in applied.ssids if band in ssid.bands]
            for at, name in enumerate(names):
                bsses.append(
                    Bss(
                        # The serial's last octet is free for BSSIDs (see controller.city.plan).
                        bssid=_colons(f"{int(self._serial, 16) + 1 + 16 * number + at:012x}"),
                        ssid=name,
                        band=band,
                        iface=f"wlan{number}" if at == 0 else f"wlan{number}-{at}",
                        phy=self.body.radios[number].phy,
                        radio=_REFS[number],
                        frequency=self.body.radios[number].frequency,
                        associations=[],
                    ),
                )
        self.body.interfaces[0].ssids = bsses

    def step(self, stations: Sequence[Station], activity: float, now: float) -> None:
        """Move everything on to `now` (unix seconds) with these stations present."""
        elapsed = max(0.0, now - self._since_state)
        self._since_state = now
        uplink = self.body.interfaces[0]
        bsses = uplink.ssids
        for bss in bsses:
            bss.associations = []
        on_band = dict.fromkeys(self.bands, 0)
        busy = [
            radio.survey[0].busy / radio.survey[0].time if radio.survey[0].time else 0.1
            for radio in self.body.radios
        ]
        if bsses:
            for station in stations:
                bss = self._seat(station, bsses, now)
                on_band[band_of(bss)] += 1
                self._talk(station, bss, busy[self.bands.index(band_of(bss))], elapsed, now)
        for number, band in enumerate(self.bands):
            self._survey(number, band, on_band[band], activity, elapsed)
        self._operating_system(uplink, len(stations), activity, now)

    def _seat(self, station: Station, bsses: Sequence[Bss], now: float) -> Bss:
        """Return the station's BSS; a new one associates, mostly where the signal carries 5 GHz."""
        link = station.link
        if link is not None and station.band < len(bsses):
            bss = bsses[station.band]
            if bss.bssid == link.bssid:
                bss.associations.append(link)
                return bss
        prefers = "5G" if station.rssi > FAR_DBM or self._random.random() < FAR_ON_5G else "2G"
        choice = [at for at, bss in enumerate(bsses) if bss.band == prefers]
        station.band = choice[0] if choice else 0
        bss = bsses[station.band]
        rate = air.link_rate(band_of(bss), station.rssi)
        station.since = now
        station.link = Association(bss.bssid, station.mac, station.rssi, rate, rate)
        bss.associations.append(station.link)
        return bss

    def _talk(self, station: Station, bss: Bss, busy: float, elapsed: float, now: float) -> None:
        random = self._random
        link = station.link
        if link is None:
            return
        station.rssi = max(-88, min(-35, station.rssi + random.choice((-2, -1, 0, 0, 1, 2))))
        link.rssi = station.rssi
        link.tx_rate = air.link_rate(band_of(bss), station.rssi)
        link.connected = int(now - station.since)
        active = random.random() < _BUSY_SHARE
        link.inactive = 0 if active else min(link.connected, link.inactive + int(elapsed))
        down = int(station.thirst * elapsed * (1.0 if active else 0.05))
        up = down >> 3
        packets_down, packets_up = down // _PACKET_BYTES + 1, up // _PACKET_BYTES + 1
        retries = int(packets_down * air.retry_ratio(busy, station.rssi) + random.random())
        link.tx_bytes += down
        link.tx_packets += packets_down
        link.tx_retries += retries
        link.tx_failed += retries >> 5
        link.rx_bytes += up
        link.rx_packets += packets_up
        radio_side, wire = bss.counters, self.body.interfaces[0].counters
        radio_side.tx_bytes += down
        radio_side.tx_packets += packets_down
        radio_side.rx_bytes += up
        radio_side.rx_packets += packets_up
        # What goes down to the station came in on the wire, and the other way round.
        wire.rx_bytes += down
        wire.rx_packets += packets_down
        wire.tx_bytes += up
        wire.tx_packets += packets_up

    def _survey(self, number: int, band: Band, stations: int, activity: float, elapsed: float) -> None:
        radio = self.body.radios[number]
        survey = radio.survey[0]
        survey.noise = air.noise_dbm(survey.noise, self._random)
        ratio = air.busy_ratio(band, stations, activity, self._random)
        survey.time = max(1000, int(elapsed * 1000))
        survey.busy = int(survey.time * ratio)
        # Most of our airtime is towards the stations.
        ours = survey.busy * min(0.9, stations * 0.08)
        survey.time_tx = int(ours * 0.75)
        survey.time_rx = int(ours * 0.25)
        radio.temperature = air.temperature_c(ratio, activity)

    def _operating_system(self, uplink: Interface, stations: int, activity: float, now: float) -> None:
        unit = self.body.unit
        unit.localtime = int(now)
        unit.uptime = uplink.uptime = int(now - self.booted_at)
        load = round(0.05 + 0.02 * stations + self._random.random() * 0.1, 2)
        unit.load = [
            load,
            round(0.7 * unit.load[1] + 0.3 * load, 2),
            round(0.9 * unit.load[2] + 0.1 * load, 2),
        ]
        percent = min(99, round(100 * load))
        unit.cpu_load = [percent, percent, percent]
        unit.memory.free = _MEMORY_BYTES - int(_MEMORY_BYTES * min(0.9, 0.38 + 0.004 * stations))
        hottest = max(radio.temperature for radio in self.body.radios)
        unit.temperature = [hottest - 3 + round(2 * activity), hottest + 2]
        # The city's management network talks too: addresses, names, time.
        uplink.counters.rx_bytes += 900
        uplink.counters.rx_packets += 6
        uplink.counters.tx_bytes += 4200
        uplink.counters.tx_packets += 9
        uplink.counters.multicast += 2

    def _power_up(self, now: float) -> StateBody:
        return StateBody(
            unit=Unit(
                load=[0.2, 0.1, 0.05],
                cpu_load=[12, 12, 12],
                localtime=int(now),
                memory=Memory(_MEMORY_BYTES, _MEMORY_BYTES // 2, 40 << 20, 6 << 20),
                uptime=0,
                boottime=int(now),
                temperature=[44, 48],
            ),
            radios=[self._radio(number, band) for number, band in enumerate(self.bands)],
            interfaces=[
                Interface(
                    name="up0v0",
                    location="/interfaces/0",
                    ipv4=Address([self._address()], 86400, "10.128.0.1"),
                    dns_servers=["10.128.0.1"],
                    ssids=[],
                ),
            ],
            link_state={"upstream": {"eth0": {"carrier": True, "speed": 1000, "duplex": "full"}}},
        )

    def _radio(self, number: int, band: Band) -> Radio:
        radio = Radio(
            channel=0,
            channels=[],
            frequency=[],
            channel_width=air.WIDTH_MHZ[band],
            band=[band],
            phy=f"platform/soc/c000000.wifi+{number}",
            tx_power=air.TX_POWER_DBM[band],
            temperature=40,
            survey=[Survey(frequency=0, noise=self._random.randint(*air.NOISE_DBM))],
        )
        self._tune(radio, band, self._own_channel[band])
        return radio

    def _tune(self, radio: Radio, band: Band, channel: int) -> None:
        frequency = air.frequency_mhz(band, channel)
        radio.channel = channel
        radio.channels = [channel]
        radio.frequency = [frequency]
        radio.survey[0].frequency = frequency

    def _address(self) -> str:
        host = self._index + 2
        return f"10.128.{host >> 8 & 255}.{host & 255}/15"


def band_of(bss: Bss) -> Band:
    """The band of a BSS, typed."""
    return "5G" if bss.band == "5G" else "6G" if bss.band == "6G" else "2G"


def _colons(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))
