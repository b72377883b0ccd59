"""Settings of the portal daemon: section `portal`, variables `KOLCO_PORTAL_…`."""

from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, model_validator

from controller.core.settings import Section, section

Port = Annotated[int, Field(ge=0, le=65535)]


class PortalSettings(Section):
    """Where the portal listens, how citizens log in, and what a text message may cost."""

    model_config = section("portal")

    host: str = Field("127.0.0.1", description="Address of the inner HTTPS and HTTP listeners.")
    port: Port = Field(8443, description="Port of the inner HTTPS listener; 0 takes a free one.")
    http_port: Port = Field(
        8080, description="Port of the inner HTTP listener, which only redirects to `portal_url`."
    )
    public_host: str | None = Field(
        None, description="Address of the public listeners; unset: there are none."
    )
    public_port: Port = Field(443, description="Port of the public HTTPS listener.")
    public_http_port: Port = Field(80, description="Port of the public HTTP listener, which only redirects.")
    netns: str | None = Field(
        None, description="Network namespace of the public listeners; unset: the daemon's own."
    )
    admin_host: str = Field("127.0.0.1", description="Address of `/metrics` and `/healthz`.")
    admin_port: Port = Field(9481, description="Port of `/metrics` and `/healthz`.")

    portal_url: str = Field(
        "https://localhost:8443",
        description="The URL citizens see, without a path. Gateways redirect to it; certificates name it.",
    )
    certificate: Path | None = Field(
        None,
        description="PEM file of the certificate chain. Unset: issued by the data directory's own authority.",
    )
    private_key: Path | None = Field(
        None, description="PEM file of the certificate's key; needed with `certificate`."
    )
    venue_url: str | None = Field(
        None,
        description="Page about the network, announced by the captive portal API. Unset: the portal's own.",
    )
    city_name: str = Field(
        "Москва", description="Name of the city on Russian pages.", min_length=1, max_length=40
    )
    city_name_en: str = Field(
        "Moscow", description="Name of the city on English pages.", min_length=1, max_length=40
    )
    support_phone: str = Field(
        "", description="Telephone number of the help desk, shown on error pages; empty: none."
    )
    methods: tuple[Literal["sms", "voucher"], ...] = Field(
        ("sms", "voucher"),
        description="Ways to log in, in the order in which they are offered.",
        min_length=1,
    )
    handle_max_age_s: int = Field(1800, description="Seconds a redirect handle stays good.", ge=60, le=86400)
    extend_window_s: int = Field(
        3600, description="A session may be extended when so many seconds remain, or half its time.", ge=0
    )

    sms_sender: Literal["spool", "smpp"] = Field(
        "spool",
        description="`spool` writes messages into files and sends nothing; `smpp` talks to an SMS centre.",
    )
    sms_spool_dir: Path | None = Field(
        None, description="Directory of the spool. Unset: `sms` in the data directory."
    )
    sms_source: str = Field(
        "WiFi", description="Sender that the message shows: a number, or up to 11 letters.", max_length=20
    )
    sms_prefixes: tuple[str, ...] = Field(
        ("+7",), description="Beginnings of the telephone numbers that may get a code.", min_length=1
    )
    sms_code_valid_s: int = Field(300, description="Seconds a code stays good.", ge=60, le=3600)
    sms_code_tries: int = Field(5, description="Wrong codes after which a code is spent.", ge=1, le=10)
    sms_cooldown_s: int = Field(
        60, description="Seconds a device waits before it may ask for another code.", ge=0
    )
    sms_per_number_day: int = Field(6, description="Codes a telephone number gets in 24 hours.", ge=1)
    sms_per_device_day: int = Field(10, description="Codes a device asks for in 24 hours.", ge=1)
    sms_per_prefix_hour: int = Field(
        500, description="Codes sent in an hour to one block of a million neighbouring numbers.", ge=1
    )
    sms_per_hour: int = Field(20000, description="Spend breaker: codes sent in an hour, all in all.", ge=1)
    sms_wrong_per_device_hour: int = Field(15, description="Wrong codes a device may enter in an hour.", ge=1)
    voucher_wrong_per_device_hour: int = Field(
        10, description="Wrong vouchers a device may enter in an hour.", ge=1
    )

    smpp_host: str = Field("127.0.0.1", description="Host of the SMS centre (SMPP 3.4).")
    smpp_port: Port = Field(2775, description="Port of the SMS centre.")
    smpp_tls: bool = Field(
        default=False, description="Speak TLS to the SMS centre; its certificate is verified."
    )
    smpp_system_id: str = Field("", description="System id that the SMS centre has given us.", max_length=15)
    smpp_password: SecretStr | None = Field(
        None, description="Password for the SMS centre, eight characters at most."
    )
    smpp_window: int = Field(20, description="Messages under way to the SMS centre at once.", ge=1, le=1000)
    smpp_enquire_link_s: int = Field(
        30, description="Seconds between probes of the link to the SMS centre.", ge=1
    )
    smpp_timeout_s: float = Field(10.0, description="Seconds in which the SMS centre must answer.", gt=0)

    @model_validator(mode="after")
    def _belongs_together(self) -> Self:
        url = urlsplit(self.portal_url)
        if url.scheme != "https" or not url.hostname or url.path.strip("/") or url.query:
            raise ValueError("portal_url must be https://host or https://host:port, no path")
        if (self.certificate is None) != (self.private_key is None):
            raise ValueError("certificate and private_key go together")
        if any(not (p.startswith("+") and p[1:].isdecimal()) for p in self.sms_prefixes):
            raise ValueError("sms_prefixes are written like +7 or +7916")
        if self.sms_sender == "smpp" and (not self.smpp_system_id or self.smpp_password is None):
            raise ValueError("smpp_system_id and smpp_password are needed for the sender smpp")
        return self

    @property
    def origin(self) -> str:
        """`portal_url` without a trailing slash."""
        return self.portal_url.rstrip("/")

    @property
    def public_name(self) -> str:
        """Host part of `portal_url`."""
        return urlsplit(self.portal_url).hostname or ""
