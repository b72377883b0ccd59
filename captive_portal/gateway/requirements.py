"""What the gateway needs of the machine, checked before anything is touched."""

import os
from pathlib import Path

from captive_portal.gateway.neighbour_watch import interface_index
from captive_portal.gateway.programs import find_program
from captive_portal.gateway.settings import GatewaySettings
from controller.core.errors import DeniedError, InvalidInputError, UnavailableError
from controller.core.net import entered

_FORWARDING = Path("/proc/sys/net/ipv4/ip_forward")


def check_requirements(settings: GatewaySettings) -> None:
    """Return if the gateway can work here.

    Raises:
        DeniedError: not root.
        UnavailableError: a program or an interface is missing, or the kernel does not forward.
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
    for program in ("ip", "nft", "conntrack", *(("dnsmasq",) if settings.serve_dhcp_dns else ())):
        find_program(program)
    for interface in (settings.lan_interface, settings.wan_interface):
        interface_index(interface, settings.netns)
    with entered(settings.netns):
        forwards = _FORWARDING.read_text().strip() == "1"
    if not forwards:
        raise UnavailableError(
            "the kernel does not forward IPv4",
            hint="sysctl net.ipv4.ip_forward=1, in the gateway's namespace",
        )
