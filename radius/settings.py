"""Settings of the RADIUS daemon: `KOLCO_RADIUS_…` or the table `[radius]`."""

import os
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from controller.core.settings import Section, section
from radius.proxy.roaming import is_operator_name
from radius.storm.limits import StormLimits

_MOST_WORKERS: Final = 8
"""If the settings do not say."""

EapMethod = Literal["tls", "ttls", "peap"]


class RadiusSettings(Section):
    """Where RADIUS listens and how much it bears."""

    model_config = section("radius")

    host: str = Field("127.0.0.1", description="Address on which RADIUS is answered.")
    workers: int | None = Field(
        None,
        ge=0,
        le=64,
        description="Processes that answer, on the same ports; unset: one for each processor, 8 at most. "
        "0: the daemon answers by itself, which suits a small network.",
    )
    auth_port: int = Field(
        1812, ge=0, le=65535, description="UDP port of authentication; 0 takes a free one."
    )
    acct_port: int = Field(1813, ge=0, le=65535, description="UDP port of accounting; 0 takes a free one.")
    admin_host: str = Field("127.0.0.1", description="Address of `/metrics` and `/healthz`.")
    admin_port: int = Field(9483, ge=0, le=65535, description="Port of `/metrics` and `/healthz`.")
    nas_reload_s: float = Field(
        60.0, gt=0, description="Seconds between readings of the NAS table; a change is also heard at once."
    )
    duplicates_s: float = Field(
        30.0,
        gt=0,
        description="Seconds an answer is kept for retransmissions, up to twice as long (RFC 5080 §2.2.2).",
    )
    duplicates_max: int = Field(
        200_000, gt=0, description="Answers kept for retransmissions at most, on each port of each worker."
    )
    in_flight_max: int = Field(
        4_000,
        gt=0,
        description="Requests worked on at a time, on each port of each worker; more are dropped.",
    )
    batch_max: int = Field(128, gt=0, description="Logins decided together at most.")
    receive_buffer_bytes: int = Field(
        8_388_608,
        ge=0,
        description="Socket receive buffer asked of the kernel; it may give less. What does not fit is lost.",
    )
    eap_methods: tuple[EapMethod, ...] = Field(
        ("ttls", "peap", "tls"),
        description="EAP methods offered, the best first: ttls, peap and tls. Empty: EAP is refused.",
    )
    eap_server_name: str = Field(
        "radius.kolco.test", description="Name in the certificate that devices see in EAP, if it is kolco's."
    )
    eap_certificate: Path | None = Field(
        None, description="PEM file of another certificate for EAP, the leaf first; by default kolco's own."
    )
    eap_private_key: Path | None = Field(None, description="PEM file of its key.")
    eap_sessions_max: int = Field(
        4_000,
        gt=0,
        description="Devices in the middle of EAP at a time, in each worker; more have to try again.",
    )
    eap_timeout_s: float = Field(
        60.0, gt=0, description="Seconds after which a device that has not finished EAP is given up."
    )
    eap_fragment_bytes: int = Field(
        1_000,
        ge=128,
        le=3_000,
        description="Octets of TLS in one EAP packet at most; the NAS's Framed-MTU may make it less.",
    )
    disconnect_port: int = Field(
        3799, gt=0, le=65535, description="UDP port of the NASes for Disconnect-Request (RFC 5176)."
    )
    disconnect_timeout_s: float = Field(
        1.0,
        gt=0,
        description="Seconds before a Disconnect-Request is sent again; each pause is twice the last.",
    )
    disconnect_tries: int = Field(4, gt=0, description="How often a Disconnect-Request is sent at most.")
    dynamic_from: tuple[str, ...] = Field(
        (),
        description="Identifiers of the NAS entries whose Disconnect-Requests are obeyed (RFC 5176), such as "
        'an upstream proxy: `["upstream"]`. Empty: the port is not opened.',
    )
    dynamic_port: int = Field(
        3799,
        ge=0,
        le=65535,
        description="UDP port of Disconnect- and CoA-Requests to us; 0 takes a free one.",
    )

    # --- accounting ---

    journal_max_mb: int = Field(
        2_048,
        gt=0,
        description="Megabytes of accounting that wait on disk for the database at most; beyond it, none is "
        "acknowledged and the access points keep it.",
    )
    apply_batch_max: int | None = Field(
        None,
        gt=0,
        le=10_000,
        description="Accounting records that one transaction applies at most. By default 300 on SQLite, "
        "where others wait for it, 2000 on PostgreSQL, and 100 without workers.",
    )
    apply_wait_ms: float = Field(
        50.0, gt=0, description="Milliseconds between looks for accounting that is to be applied."
    )
    apply_lag_s: float = Field(
        10.0,
        ge=0,
        description="Seconds that acknowledged accounting may wait for the database while more comes in "
        "than can be applied, so that a burst is acknowledged sooner; half of it is kept for catching up. "
        "0: it is always applied at once.",
    )
    ap_down_s: int = Field(
        420,
        ge=0,
        description="Seconds after which the sessions of an access point that is down end, unless it or "
        "another one has told of them since; longer than the interim interval. 0: they wait for their "
        "time-outs.",
    )
    silent_s: int = Field(
        900,
        ge=0,
        description="Seconds without an Interim-Update after which a session counts as over, but three "
        "interim intervals of its plan at least. 0: it waits for its time-outs.",
    )
    decisions_per_s: float = Field(
        200.0,
        ge=0,
        description="Logins a second of which it is kept why they were let in or refused, in the long run, "
        "in each worker; refusals first.",
    )
    decisions_days: int = Field(
        7, gt=0, le=365, description="Days for which it is kept why a login was let in or refused."
    )

    # --- EAP and credentials ---

    eap_resumption_s: int = Field(
        7_200,
        ge=0,
        le=86_400,
        description="Seconds for which a device may resume its TLS session in EAP, on the worker that has "
        "it; its credential is looked at each time. 0: it has to log in in full.",
    )

    mpsk_tries_max: int = Field(
        5_000,
        gt=0,
        description="Network keys tried at most to find the one a device has, where its access point lets us "
        "try; those that are bound to it or were used there lately come first.",
    )
    mpsk_tries_per_s: int = Field(
        20_000,
        gt=0,
        description="Network keys tried in a second at most by one worker, a tenth of its time; what is more "
        "is dropped, and the access point asks again.",
    )

    # --- load ---

    nas_timeout_s: float = Field(
        3.0,
        gt=0,
        description="Seconds after which a NAS asks again or gives up. Under overload, who waited half of it "
        "is dropped and counted: work on what nobody waits for any more is lost.",
    )
    storm_queue_max: int = Field(
        20_000,
        gt=0,
        description="Datagrams that wait at most on each port under overload, the most urgent first: EAP "
        "under way, new logins, accounting Start and Stop, Interim-Updates.",
    )
    nas_per_second: float = Field(
        0.0, ge=0, description="Datagrams answered to one NAS each second at most, on each port; 0: no limit."
    )
    reject_delay_s: float = Field(
        1.0,
        ge=0,
        le=5,
        description="Seconds an Access-Reject is kept back, so that guessing takes long; 0: not at all.",
    )
    reject_delay_max: int = Field(
        10_000,
        gt=0,
        description="Access-Rejects kept back at most; one more, and the oldest is sent early.",
    )

    # --- the account index ---

    index_map_bytes: int = Field(
        17_179_869_184,
        ge=16_777_216,
        description="How large the account index may become: address space, the file grows only with its "
        "entries, 300 octets an account.",
    )
    index_compare_hours: float = Field(
        6.0,
        gt=0,
        description="Hours between comparisons of the account index with all of the database. Changes are "
        "heard at once; a comparison mends what was missed.",
    )

    @property
    def worker_count(self) -> int:
        """How many processes answer besides the daemon."""
        return min(_MOST_WORKERS, len(os.sched_getaffinity(0))) if self.workers is None else self.workers

    @property
    def storm_limits(self) -> StormLimits:
        """How a port behaves under load."""
        return StormLimits(
            self.nas_timeout_s, self.storm_queue_max, self.reject_delay_s, self.reject_delay_max
        )

    # --- RadSec and proxying ---

    radsec_host: str = Field(
        "127.0.0.1", description="Address on which RadSec (RADIUS over TLS) is answered."
    )
    radsec_port: int = Field(2083, ge=0, le=65535, description="TCP port of RadSec; 0 takes a free one.")
    radsec_server_name: str = Field(
        "",
        description="Name of this server in its RadSec certificate, which kolco's own authority issues. "
        "RadSec is served if this or radsec_certificate is set.",
    )
    radsec_certificate: Path | None = Field(
        None,
        description="PEM file of another certificate for RadSec, the leaf first, such as a federation's. "
        "It is also shown to home servers.",
    )
    radsec_private_key: Path | None = Field(None, description="PEM file of its key.")
    radsec_ca: tuple[Path, ...] = Field(
        (),
        description="PEM files of authorities trusted in RadSec besides kolco's own: partners', a "
        "federation's. Read again when they change.",
    )
    radsec_crl: tuple[Path, ...] = Field(
        (),
        description="Files of revocation lists (PEM or DER) of those authorities. Read again when they "
        "change; connections with a certificate that was taken back are closed.",
    )
    radsec_reload_s: float = Field(
        10.0, gt=0, description="Seconds between looks whether a file of RadSec has changed."
    )
    radsec_connections_max: int = Field(
        10_000, gt=0, description="RadSec connections open at a time, in each worker."
    )
    radsec_handshake_s: float = Field(10.0, gt=0, description="Seconds a RadSec peer has for TLS.")
    radsec_idle_s: float = Field(
        600.0, gt=0, description="Seconds without a packet after which a RadSec connection is closed."
    )
    proxy_response_s: float = Field(
        3.0, gt=0, description="Seconds a home server has for an answer before the next one is asked."
    )
    proxy_deadline_s: float = Field(
        10.0,
        gt=0,
        description="Seconds after which a device is refused because no home server of its realm answered.",
    )
    proxy_watchdog_s: float = Field(
        20.0,
        gt=0,
        description="Seconds of silence on a RadSec connection to a home server after which it is tried with "
        "Status-Server; less than the other side's idle time-out, often 30.",
    )
    proxy_accounting_s: float = Field(
        3_600.0, gt=0, description="Seconds after which accounting that no home server takes is given up."
    )
    proxy_accounting_max: int = Field(
        10_000, gt=0, description="Accounting records on their way to home servers at a time, in each worker."
    )
    operator_name: str = Field(
        "",
        description="Operator-Name (RFC 5580) told to home servers: `1city.example` (a realm) or `4CITY:RU` "
        "(a WBA identifier and country). Empty: none.",
    )
    roaming_cui: bool = Field(
        True, description="Ask home servers for a Chargeable-User-Identity (RFC 4372) of their users."
    )
    wba_offered_service: str = Field(
        "", description="WBA-Offered-Service told to home servers, such as `OpenRoaming Bronze`. Empty: none."
    )
    wba_financial_clearing_provider: str = Field(
        "",
        description="WBA-Financial-Clearing-Provider told to home servers: `4` and a WBA identifier. Empty: "
        "none, the service is free of settlement.",
    )
    wba_data_clearing_provider: str = Field(
        "", description="WBA-Data-Clearing-Provider told to home servers, written likewise. Empty: none."
    )

    spent_s: float = Field(
        30.0, gt=0, description="Seconds between looks for accounts whose daily or monthly volume is used up."
    )
    cui_monthly: bool = Field(
        False, description="Give each person another Chargeable-User-Identity (RFC 4372) every month."
    )

    @model_validator(mode="after")
    def _check_radsec(self) -> Self:
        if (self.radsec_certificate is None) != (self.radsec_private_key is None):
            raise ValueError("radsec_certificate and radsec_private_key belong together")
        if self.operator_name and not is_operator_name(self.operator_name):
            raise ValueError("operator_name is written 1realm, 4WBAID:CC or 0TADIG")
        return self

    @property
    def radsec_served(self) -> bool:
        """RadSec is to be answered."""
        return bool(self.radsec_server_name or self.radsec_certificate)

    @model_validator(mode="after")
    def _check_certificate(self) -> Self:
        if (self.eap_certificate is None) != (self.eap_private_key is None):
            raise ValueError("eap_certificate and eap_private_key belong together")
        return self
