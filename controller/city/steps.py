"""The story of a city, from a phone to the Internet and back: each step does the real thing and looks.

Run by :mod:`controller.city.story`. Nothing here is simulated but the radios: phones use dhclient,
curl and Chromium in their own namespaces, operators the command line, access points their websockets.
"""

import asyncio
import signal
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final

import httpx

from controller.city import layout, parts, portal_pages, radius_client, repository
from controller.city.browser import Browser
from controller.city.environment import PORTAL_URL
from controller.city.looks import SETTLE_S, Looks, must, until
from controller.city.phones import Phone
from controller.city.radius_client import MabQuestion
from controller.city.repository import Counted
from controller.city.run import CITY_PLAN, City, Tell
from controller.city.seeding.types import NAS_ID
from controller.city.story import Step, StepFailedError
from controller.city.websites import PROBE_ANSWERS
from controller.core.errors import UnavailableError
from controller.core.mac import parse_mac

PHONES_NEEDED: Final = 3
SSID_ASKED: Final = "Москва_WiFi_Бесплатно"
"""36 bytes in UTF-8: four more than an SSID may have (IEEE 802.11-2020 section 9.4.2.2)."""
SSIDS_SENT: Final = ("Москва_Бесплатно", "Москва_Свободно")
"""31 bytes: what of that name fits on the air; the other is for a city that has the first already."""
PLAIN_PAGE: Final = f"http://{layout.SITE_HOST}/"
DOWNLOAD_BYTES: Final = 3_000_000


@dataclass
class Seen:
    """What earlier steps found and later ones need."""

    session_id: str = ""
    voucher: str = ""
    accounted: list[Counted] = field(default_factory=list)


class Journey:
    """The steps over one running city."""

    def __init__(self, city: City, show_start: Callable[[], AbstractContextManager[Tell]]) -> None:
        """Take a city that is not started yet: starting it is a step, which ``show_start`` shows."""
        self._city = city
        self._show_start = show_start
        self._looks = Looks(city)
        self._seen = Seen()

    def steps(self) -> list[Step]:
        """The steps in their order."""
        return [
            Step("machine", "this machine has what the story needs", self._machine),
            Step("city-up", "every access point is connected and configured", self._city_up),
            Step("lease", "a phone gets a lease with option 114", self._lease),
            Step("probe-captive", "every system's probe is led to the portal", self._probe_captive),
            Step("login-sms", "Chromium opens the portal, takes an SMS code and logs in", self._login_sms),
            Step("online", "the phone reaches the Internet, every probe is answered as open", self._online),
            Step("outsider", "a phone that is not logged in reaches nothing but the portal", self._outsider),
            Step("capport-api", "the captive portal API says the phone is not captive", self._capport_open),
            Step("session-cli", "the session stands in the command line", self._session_in_cli),
            Step("accounting", "accounting has its bytes", self._accounting),
            Step("metrics", "the metrics show it", self._metrics),
            Step("radius-mab", "RADIUS lets the known device in by its address", self._radius_mab),
            Step("radius-eap", "RADIUS lets the device in by EAP until that is revoked", self._radius_eap),
            Step("ssid-renamed", "a new network name reaches every access point", self._rename),
            Step("gateway-killed", "the gateway is killed and the phone stays online", self._kill_gateway),
            Step("login-voucher", "a second phone logs in with a voucher", self._login_voucher),
            Step("known-device", "a known phone comes back with no page", self._known_device),
            Step("logout", "logout closes the gate", self._logout),
        ]

    @property
    def _first(self) -> Phone:
        return self._city.phones[0]

    @property
    def _second(self) -> Phone:
        return self._city.phones[1]

    @property
    def _third(self) -> Phone:
        return self._city.phones[2]

    async def _machine(self) -> str:
        found, phones = self._city.found, self._city.options.phones
        needed = [one for one in parts.left_out(found, phones=max(1, phones)) if one.part != "Prometheus"]
        if needed:
            what = "; ".join(f"{one.part}: {one.why}" for one in needed)
            raise UnavailableError(what, hint="; ".join(dict.fromkeys(one.how for one in needed)))
        if phones < PHONES_NEEDED:
            raise UnavailableError(f"{phones} phones are too few", hint=f"--phones {PHONES_NEEDED} or more")
        return ", ".join(sorted(found.programs))

    async def _city_up(self) -> str:
        with self._show_start() as tell:
            await self._city.start(tell)
        count = await self._city.count_fleet()
        wanted = self._city.options.aps
        must((count.connected, count.settled) == (wanted, wanted), f"of {wanted} access points: {count}")
        return f"{count.connected} connected, {count.settled} configured"

    async def _lease(self) -> str:
        lease = await self._first.join()
        uri = lease.captive_portal or ""
        must(uri.startswith(f"{PORTAL_URL}/"), f"option 114 says {uri!r}")
        return f"{lease.ip}, option 114 {uri}"

    async def _probe_captive(self) -> str:
        for host, path in PROBE_ANSWERS:
            answer = await self._first.get(f"http://{host}{path}")
            must(
                answer.status in {302, 303, 307, 511} and answer.location.startswith(f"{PORTAL_URL}/"),
                f"{host}{path} is answered {answer.status} {answer.location!r}",
            )
        said = await self._looks.capport(self._first)
        must(said.get("captive") is True, f"the captive portal API says {said}")
        must(str(said.get("user-portal-url", "")).startswith(PORTAL_URL), f"no portal in {said}")
        return f"{len(PROBE_ANSWERS)} probes led to {PORTAL_URL}"

    async def _login_sms(self) -> str:
        number = f"+7916{self._city.run_number:07d}"
        browser = await Browser.start(self._first, trusted_host=layout.PORTAL_HOST)
        try:
            page = await portal_pages.log_in_by_sms(
                browser, self._city.messages, start=PLAIN_PAGE, number=number, portal_url=PORTAL_URL
            )
        finally:
            await browser.close()
        return f"at {page.title!r}"

    async def _online(self) -> str:
        began = time.monotonic()
        await self._looks.until_open(self._first)
        for (host, path), open_answer in PROBE_ANSWERS.items():
            answer = await self._first.get(f"http://{host}{path}")
            must(
                (answer.status, answer.body) == (open_answer.status, open_answer.body),
                f"{host}{path} is answered {answer.status}",
            )
        page = await self._first.get(f"https://{layout.SITE_HOST}/")
        must(page.status == httpx.codes.OK, f"https://{layout.SITE_HOST}/ is answered {page.status}")
        return f"{len(PROBE_ANSWERS)} probes and HTTPS, {time.monotonic() - began:.2f} s after the page"

    async def _outsider(self) -> str:
        await self._third.join()
        probe = await self._looks.probe(self._third)
        must(probe.location.startswith(PORTAL_URL), f"its probe is answered {probe.status}")
        secure, bare = f"https://{layout.SITE_HOST}/", f"http://{layout.SITE_ADDRESS}/"
        for url in (secure, bare):
            answer = await self._first.get(url)
            must(answer.status == httpx.codes.OK, f"the phone that is online gets {answer.status} from {url}")
        led = await self._third.get(bare)
        must(led.location.startswith(PORTAL_URL), f"{bare} is answered {led.status}")
        try:
            answer = await self._third.get(secure, timeout_s=3)
        except UnavailableError:
            pass
        else:
            raise StepFailedError(f"{secure} is answered {answer.status}")
        said = await self._looks.capport(self._third)
        must(said.get("captive") is True, f"the captive portal API says {said}")
        return f"{bare} led to the portal, {secure} cut; both open for the phone that is online"

    async def _capport_open(self) -> str:
        said = await self._looks.capport(self._first)
        must(said.get("captive") is False, f"the captive portal API says {said}")
        left = said.get("seconds-remaining")
        must(isinstance(left, int) and left > 0, f"no time left in {said}")
        return f"captive false, {left} s left"

    async def _session_in_cli(self) -> str:
        session = await self._looks.session_of(self._first)
        self._seen.session_id = session["id"]
        must(session["method"] == "sms", f"the session's method is {session['method']}")
        return f"session {session['id']} by {session['method']}"

    async def _accounting(self) -> str:
        before = (await self._first.traffic()).received
        answer = await self._first.get(f"{PLAIN_PAGE}file/{DOWNLOAD_BYTES}", timeout_s=30)
        must(len(answer.body) == DOWNLOAD_BYTES, f"the download has {len(answer.body)} bytes")
        crossed = (await self._first.traffic()).received - before

        async def accounted() -> str:
            session = await self._looks.session_of(self._first)
            self._seen.accounted = await self._looks.records(self._seen.session_id)
            kinds = [record.kind for record in self._seen.accounted]
            most = max((record.down_bytes for record in self._seen.accounted), default=0)
            must(session["down_bytes"] >= DOWNLOAD_BYTES, f"the session has {session['down_bytes']} bytes")
            must("start" in kinds, f"the accounting records are {kinds}")
            must("interim" in kinds and most >= DOWNLOAD_BYTES, f"{kinds} with {most} bytes at most")
            # The interface counts Ethernet headers too, and the session all that was before.
            total = (await self._first.traffic()).received
            must(session["down_bytes"] <= total, f"{session['down_bytes']} bytes of {total} that arrived")
            return f"{session['down_bytes']} bytes down, {crossed} of them on the wire just now, {kinds}"

        return await until(accounted, 2 * SETTLE_S)

    async def _metrics(self) -> str:
        async def shown() -> str:
            gate = await self._looks.samples("gateway")
            fleet = await self._looks.samples("monitor")
            portal = await self._looks.samples("portal")
            must(gate.get("kolco_gateway_sessions_open", 0) >= 1, "the gateway shows no open session")
            must(gate.get("kolco_gateway_bytes_total", 0) >= DOWNLOAD_BYTES, "the gateway shows no bytes")
            must(fleet.get("wlan_sessions_open", 0) >= 1, "the monitor shows no open session")
            up = fleet.get("wlan_ap_up", 0)
            must(up == self._city.options.aps, f"the monitor shows {up:g} access points up")
            must(portal.get("kolco_portal_logins_total", 0) >= 1, "the portal shows no login")
            return f"{up:g} access points up, {gate['kolco_gateway_sessions_open']:g} session open"

        told = await until(shown)
        if "prometheus" not in self._city.found.programs:
            return f"{told}; no Prometheus on this machine"
        value = await until(self._looks.ask_prometheus)
        return f"{told}; Prometheus says {value}"

    async def _radius_mab(self) -> str:
        secret = await self._city.nas_secret_file()
        bss = "D2-C1-00-00-00-01:city"
        accepted = await radius_client.ask(
            MabQuestion(self._first.mac, bss), port=self._city.ports.radius_auth, secret_file=secret
        )
        must("Received Access-Accept" in accepted, f"RADIUS refuses the known device: {accepted[-300:]}")
        stranger = parse_mac("0a:6b:ff:ff:ff:fe")
        refused = await radius_client.ask(
            MabQuestion(stranger, bss), port=self._city.ports.radius_auth, secret_file=secret
        )
        must("Received Access-Reject" in refused, "RADIUS lets a stranger in")
        return "Access-Accept for the phone, Access-Reject for a stranger"

    async def _radius_eap(self) -> str:
        issued = await self._city.kolco_json("radius", "credential", "issue", "--mac", self._first.mac)
        server = ("--nas", NAS_ID, "--port", str(self._city.ports.radius_auth))
        proof = ("--username", issued["username"], "--password", issued["password"])
        asked = ("radius", "test", "ttls-pap", *server, *proof)
        accepted = await self._city.kolco_json(*asked)
        must(accepted["answer"] == "Access-Accept", f"RADIUS answers {accepted['answer']}")
        must(accepted["keys_match"], "the device and the access point have different keys")
        (await self._city.kolco("radius", "credential", "revoke", issued["username"], "--yes")).checked()
        refused = (await self._city.kolco(*asked)).stdout.decode()
        must("Access-Reject" in refused, "RADIUS lets a revoked credential in")
        return f"EAP-TTLS in {accepted['rounds']} rounds with matching keys; refused once revoked"

    async def _rename(self) -> str:
        wlan = (await self._city.kolco_json("wlan", "list"))[0]
        refused = await self._city.kolco("wlan", "set", wlan["id"], "--ssid", SSID_ASKED)
        told = refused.stderr.decode(errors="replace")
        must(refused.code != 0 and "36 bytes" in told, f"a name of 36 bytes is not refused: {told!r}")
        name = next(name for name in SSIDS_SENT if name != wlan["ssid"])
        (await self._city.kolco("wlan", "set", wlan["id"], "--ssid", name)).checked()
        began = time.monotonic()
        wanted = self._city.options.aps

        async def arrived() -> str:
            async with self._city.db.reading() as tx:
                on_air = await repository.count_on_air(tx, name)
            must(on_air.acknowledged == wanted, f"{on_air.acknowledged} of {wanted} acknowledged it")
            return f"{name} acknowledged by {wanted} in {time.monotonic() - began:.1f} s"

        async def reported() -> str:
            async with self._city.db.reading() as tx:
                on_air = await repository.count_on_air(tx, name)
            must(on_air.reported == wanted, f"{on_air.reported} of {wanted} report it in their state")
            return f"reported by all after {time.monotonic() - began:.1f} s"

        patience = SETTLE_S + wanted * 0.02
        acknowledged = await until(arrived, patience)
        states = await until(reported, patience + (self._city.options.state_interval_s or 60.0))
        return f"{acknowledged}, {states}; {SSID_ASKED} (36 bytes) refused, as 32 fit"

    async def _kill_gateway(self) -> str:
        rate, seconds = 400_000, 600
        download = await self._first.start_download(f"{PLAIN_PAGE}file/{rate * seconds}?rate={rate}")
        try:
            await self._looks.flows(self._first)
            before = await self._city.kill_daemon("gateway", signal.SIGKILL)
            began = time.monotonic()
            await self._looks.flows(self._first)
            after = await self._city.wait_for_daemon("gateway", not_pid=before)
            back_s = time.monotonic() - began
            await self._looks.flows(self._first)
            must(download.running, "the download broke")
        finally:
            await download.stop()
        answer = await self._looks.probe(self._first)
        must(answer.status == httpx.codes.NO_CONTENT, f"the probe is answered {answer.status}")
        session = await self._looks.session_of(self._first)
        must(session["id"] == self._seen.session_id, "the phone has another session now")
        return f"process {before} killed, {after} ready after {back_s:.1f} s, the download went on"

    async def _login_voucher(self) -> str:
        made = await self._city.kolco_json("voucher", "create", "--plan", CITY_PLAN.id)
        (self._seen.voucher,) = made["codes"]
        await self._second.join()
        probe = await self._looks.probe(self._second)
        must(probe.location.startswith(PORTAL_URL), f"the second phone is not captive: {probe.status}")
        browser = await Browser.start(self._second, trusted_host=layout.PORTAL_HOST)
        try:
            page = await portal_pages.log_in_by_voucher(
                browser, start=PLAIN_PAGE, code=self._seen.voucher, portal_url=PORTAL_URL
            )
        finally:
            await browser.close()
        await self._looks.until_open(self._second)
        session = await self._looks.session_of(self._second)
        must(session["method"] == "voucher", f"the session's method is {session['method']}")
        return f"at {page.title!r}, session {session['id']}"

    async def _known_device(self) -> str:
        old = await self._looks.session_of(self._second)
        await self._second.leave()
        (await self._city.kolco("session", "end", old["id"], "--keep", "--yes")).checked()
        began = time.monotonic()
        await self._second.join()
        await self._looks.until_open(self._second)
        took_s = time.monotonic() - began
        new = await self._looks.session_of(self._second)
        must(new["id"] != old["id"], "the old session goes on")
        must(new["method"] == "remembered", f"the session's method is {new['method']}")
        return f"online {took_s:.2f} s after joining, session {new['id']} by {new['method']}"

    async def _logout(self) -> str:
        rate = 400_000
        download = await self._first.start_download(f"{PLAIN_PAGE}file/{rate * 600}?rate={rate}")
        browser = await Browser.start(self._first, trusted_host=layout.PORTAL_HOST)
        try:
            await self._looks.flows(self._first)
            page = await portal_pages.log_out(browser, portal_url=PORTAL_URL)
            began = time.monotonic()
            await until(lambda: self._looks.captive_again(self._first))
            closed_s = time.monotonic() - began
            before = (await self._first.traffic()).received
            await asyncio.sleep(1.0)
            leaked = (await self._first.traffic()).received - before
            must(leaked < rate // 10, f"{leaked} bytes still came in a second")
        finally:
            await browser.close()
            await download.stop()
        said = await self._looks.capport(self._first)
        must(said.get("captive") is True, f"the captive portal API says {said}")
        records = await self._looks.records(self._seen.session_id)
        last = records[-1]
        must(last.kind == "stop", f"the last accounting record is {last.kind}")
        must(last.down_bytes >= DOWNLOAD_BYTES, f"it has {last.down_bytes} bytes")
        return f"{page.title!r}, closed {closed_s:.2f} s later, {last.down_bytes} bytes in the last record"
