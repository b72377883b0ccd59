"""What the gateway needs of the machine, checked before anything is touched."""

import os
import shutil

from captive_portal.gateway.neighbour_watch import interface_index
from captive_portal.gateway.settings import GatewaySettings
from controller.core.errors import DeniedError, InvalidInputError, UnavailableError

_PROGRAMS = {"nft": "nftables", "ip": "iproute2", "conntrack": "conntrack"}
_SYSTEM_PATH = "/usr/sbin:/sbin:/usr/bin:/bin"


def check_requirements(settings: GatewaySettings) -> None:
    """Return if the gateway can work here.

    Raises:
        DeniedError: not root.
        UnavailableError: a program or an interface is missing.
        InvalidInputError: a setting without a default is not set.
    """
    if os.geteuid() != 0:
        raise DeniedError(
            "the gateway needs root: it changes nftables and serves DHCP",
            hint="run `kolco serve gateway` as root; the other daemons do not need it",
        )
    if not settings.portal_addresses:
        raise InvalidInputError(
            "KOLCO_GATEWAY_PORTAL_ADDRESSES is not set",
            hint='captives must be able to reach the portal: set it to a JSON list, ["192.0.2.10"]',
        )
    programs = dict(_PROGRAMS)
    if settings.serve_dhcp_dns:
        programs["dnsmasq"] = "dnsmasq-base"
    path = os.environ.get("PATH", "") + ":" + _SYSTEM_PATH
    for program, package in programs.items():
        if shutil.which(program, path=path) is None:
            raise UnavailableError(
                f"the program {program} is not installed", hint=f"apt-get install {package}"
            )
    for interface in (settings.lan_interface, settings.wan_interface):
        interface_index(interface, settings.netns)
