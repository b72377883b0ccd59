"""Settings of the RADIUS daemon: `KOLCO_RADIUS_…` or the table `[radius]`."""

import os
from pathlib import Path
from typing import Final, Literal, Self

from pydantic import Field, model_validator

from controller.core.settings import Section, section
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
        30.0, gt=0, description="Seconds an answer is kept for retransmissions (RFC 5080 §2.2.2)."
    )
    duplicates_max: int = Field(
        200_000, gt=0, description="Answers kept for retransmissions at most, on each port."
    )
    in_flight_max: int = Field(
        4_000, gt=0, description="Requests worked on at a time, on each port; more are dropped and counted."
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
        4_000, gt=0, description="Devices in the middle of EAP at a time; more have to try again."
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
    apply_batch_max: int = Field(
        500, gt=0, le=10_000, description="Accounting records that one transaction applies at most."
    )
    apply_wait_ms: float = Field(
        50.0, gt=0, description="Milliseconds between looks for accounting that is to be applied."
    )
    ap_down_s: int = Field(
        420,
        ge=0,
        description="Seconds after which the sessions of an access point that is down end, unless it or "
        "another one has told of them since; longer than the interim interval. 0: they wait for their time-outs.",
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
        description="Seconds for which a device may resume its TLS session in EAP, on the worker that has it; "
        "its credential is looked at each time. 0: it has to log in in full.",
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

    @model_validator(mode="after")
    def _check_certificate(self) -> Self:
        if (self.eap_certificate is None) != (self.eap_private_key is None):
            raise ValueError("eap_certificate and eap_private_key belong together")
        return self
