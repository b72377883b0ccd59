"""The settings of a city's daemons, as the environment variables that hand them over. Pure."""

import json
from pathlib import Path
from typing import Final

from controller.city import layout
from controller.city.layout import Layout
from controller.city.ports import LOOPBACK, Ports

GATEWAY_ID: Final = "gw-city"
"""The gateway that stands in the city's own namespace."""
PORTAL_URL: Final = f"https://{layout.PORTAL_HOST}"
SPOOL: Final = "sms"
"""Directory of text messages inside the data directory."""


def daemon_names(*, with_network: bool) -> list[str]:
    """The daemons of a city, in the order in which they start."""
    names = ["controller", "portal", "radius", "monitor"]
    return [*names, "gateway"] if with_network else names


def environment(
    ports: Ports,
    data_dir: Path,
    *,
    database_url: str | None,
    bus_url: str | None,
    laid: Layout | None,
) -> dict[str, str]:
    """Every setting that differs from its default; without a laid network the portal is on loopback only."""
    settings = {
        "KOLCO_DATA_DIR": str(data_dir),
        "KOLCO_LOG_FORMAT": "json",
        "KOLCO_CLI_API_URL": f"http://{LOOPBACK}:{ports.api}",
        "KOLCO_CONTROLLER_API_PORT": str(ports.api),
        "KOLCO_CONTROLLER_AP_PORT": str(ports.ap_channel),
        "KOLCO_CONTROLLER_ADMIN_PORT": str(ports.controller_admin),
        "KOLCO_PORTAL_HOST": LOOPBACK,
        "KOLCO_PORTAL_PORT": str(ports.portal_https),
        "KOLCO_PORTAL_HTTP_PORT": str(ports.portal_http),
        "KOLCO_PORTAL_ADMIN_PORT": str(ports.portal_admin),
        "KOLCO_PORTAL_SMS_SENDER": "spool",
        "KOLCO_PORTAL_SMS_SPOOL_DIR": str(data_dir / SPOOL),
        "KOLCO_RADIUS_AUTH_PORT": str(ports.radius_auth),
        "KOLCO_RADIUS_ACCT_PORT": str(ports.radius_acct),
        "KOLCO_RADIUS_ADMIN_PORT": str(ports.radius_admin),
        "KOLCO_MONITOR_ADMIN_PORT": str(ports.monitor_admin),
        "KOLCO_MONITOR_SNAPSHOT_INTERVAL_S": "2",
        "KOLCO_GATEWAY_ADMIN_PORT": str(ports.gateway_admin),
    }
    if database_url is not None:
        settings["KOLCO_DATABASE_URL"] = database_url
    if bus_url is not None:
        settings["KOLCO_BUS_URL"] = bus_url
    if laid is None:
        settings["KOLCO_PORTAL_PORTAL_URL"] = f"https://localhost:{ports.portal_https}"
        return settings
    return {
        **settings,
        "KOLCO_PORTAL_PORTAL_URL": PORTAL_URL,
        "KOLCO_PORTAL_NETNS": laid.internet,
        "KOLCO_PORTAL_PUBLIC_HOST": layout.PORTAL_ADDRESS,
        "KOLCO_GATEWAY_PORTAL_URL": PORTAL_URL,
        "KOLCO_GATEWAY_NETNS": laid.gateway,
        "KOLCO_GATEWAY_PORTAL_ADDRESSES": json.dumps([layout.PORTAL_ADDRESS]),
        "KOLCO_GATEWAY_DNS_UPSTREAM": json.dumps([layout.DNS_ADDRESS]),
        "KOLCO_GATEWAY_LAN_ADDRESS": f"{layout.LAN_GATEWAY}/{layout.LAN_PREFIX_LENGTH}",
        "KOLCO_GATEWAY_ID": GATEWAY_ID,
        "KOLCO_GATEWAY_ACCOUNTING_POLL_S": "2",
    }
