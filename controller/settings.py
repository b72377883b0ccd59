"""Settings of the controller daemon."""

from pydantic import Field

from controller.core.settings import Section, section


class ControllerSettings(Section):
    """The controller: REST API, access point channel, provisioning."""

    model_config = section("controller")

    api_host: str = Field("127.0.0.1", description="Address of the REST API.")
    api_port: int = Field(8480, ge=0, le=65535, description="Port of the REST API.")
    ap_host: str = Field("127.0.0.1", description="Address on which access points connect.")
    ap_port: int = Field(15002, ge=0, le=65535, description="Port on which access points connect (TLS).")
    ap_names: tuple[str, ...] = Field(
        ("localhost", "127.0.0.1"),
        min_length=1,
        description="DNS names and addresses in the certificate shown to access points, a JSON list.",
    )
    ap_handshakes: int = Field(
        64, ge=1, description="TLS handshakes with access points under way at once; the rest wait."
    )
    keep_sessions_days: int = Field(
        366,
        ge=183,
        le=3660,
        description="Days for which sessions and their accounting are kept after their end; "
        "half a year is the least.",
    )
    admin_host: str = Field("127.0.0.1", description="Address of `/metrics` and `/healthz`.")
    admin_port: int = Field(9480, ge=0, le=65535, description="Port of `/metrics` and `/healthz`.")
