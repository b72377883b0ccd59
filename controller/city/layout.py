"""Names and addresses of a city's test network: which namespace holds what, and where it answers.

Pure data. It lays nothing: :mod:`controller.city.network` does. The addresses are the
documentation ranges of RFC 5737, so that a mistake can never reach somebody's network; they lie
inside the city's own namespaces and need not be unique on the machine, only the names must be.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

LAN_CIDR: Final = "10.77.0.0/16"
LAN_GATEWAY: Final = "10.77.0.1"
LAN_PREFIX_LENGTH: Final = 16
WAN_GATEWAY: Final = "198.51.100.2"
WAN_INTERNET: Final = "198.51.100.1"
WAN_PREFIX_LENGTH: Final = 24
PORTAL_ADDRESS: Final = "203.0.113.10"
SITE_ADDRESS: Final = "203.0.113.20"
DNS_ADDRESS: Final = "203.0.113.53"

PORTAL_HOST: Final = "portal.kolco.test"
SITE_HOST: Final = "news.kolco-city.test"

PROBE_HOSTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "connectivitycheck.gstatic.com": "203.0.113.21",
        "captive.apple.com": "203.0.113.22",
        "www.msftconnecttest.com": "203.0.113.23",
        "detectportal.firefox.com": "203.0.113.24",
        "network-test.debian.org": "203.0.113.25",
        "www.google.com": "203.0.113.26",
        "www.apple.com": "203.0.113.22",
    },
)
"""Host that an operating system probes, and its address on the Internet side."""

MAX_PHONES: Final = 200
"""More would leave the names' two digits and the lab's one machine."""


def host_records() -> dict[str, str]:
    """Every name that the Internet side's DNS knows, with its IPv4 address."""
    return {PORTAL_HOST: PORTAL_ADDRESS, SITE_HOST: SITE_ADDRESS, **PROBE_HOSTS}


def internet_addresses() -> list[str]:
    """Every IPv4 address that the Internet side holds, sorted, each once."""
    return sorted({*host_records().values(), DNS_ADDRESS})


@dataclass(frozen=True, slots=True)
class Layout:
    """The namespaces of one city, all named by its prefix."""

    prefix: str
    """A few characters, unique among the cities that run on this machine."""
    phones: int
    """How many phones the city has."""

    @property
    def gateway(self) -> str:
        """The namespace of the gateway: bridge ``lan`` and veth ``wan``."""
        return f"{self.prefix}-gw"

    @property
    def internet(self) -> str:
        """The namespace of the Internet side; the portal answers here too."""
        return f"{self.prefix}-inet"

    @property
    def access_points(self) -> str:
        """The namespace of the APs' bridges, one for each phone."""
        return f"{self.prefix}-aps"

    def phone(self, number: int) -> str:
        """The namespace of phone ``number``, counted from 1."""
        return f"{self.prefix}-phone-{number}"

    @property
    def namespaces(self) -> list[str]:
        """Every namespace of the city, in the order in which they are made."""
        phones = [self.phone(number) for number in range(1, self.phones + 1)]
        return [self.internet, self.gateway, self.access_points, *phones]


def phone_mac(run: int, number: int) -> str:
    """The MAC address of phone ``number``: locally administered, as phones' addresses are today."""
    return f"0a:6b:{(run >> 16) & 0xFF:02x}:{(run >> 8) & 0xFF:02x}:{run & 0xFF:02x}:{number & 0xFF:02x}"


def gateway_commands(layout: Layout) -> list[str]:
    """The ``ip -batch`` lines for the gateway's namespace, its side of every link included."""
    return [
        "link set lo up",
        "link add lan type bridge forward_delay 0",
        f"addr add {LAN_GATEWAY}/{LAN_PREFIX_LENGTH} dev lan",
        "link set lan up",
        f"link add wan type veth peer name uplink netns {layout.internet}",
        f"addr add {WAN_GATEWAY}/{WAN_PREFIX_LENGTH} dev wan",
        "link set wan up",
        f"route add default via {WAN_INTERNET}",
        *(
            line
            for number in range(1, layout.phones + 1)
            for line in (
                f"link add ap-{number} type veth peer name up-{number} netns {layout.access_points}",
                f"link set ap-{number} master lan up",
            )
        ),
    ]


def internet_commands() -> list[str]:
    """The ``ip -batch`` lines for the Internet side, after the gateway's."""
    return [
        "link set lo up",
        *(f"addr add {address}/32 dev lo" for address in internet_addresses()),
        f"addr add {WAN_INTERNET}/{WAN_PREFIX_LENGTH} dev uplink",
        "link set uplink up",
        # The portal sees phones by their own addresses: the gateway does not translate to it.
        f"route add {LAN_CIDR} via {WAN_GATEWAY}",
    ]


def access_point_commands(layout: Layout) -> list[str]:
    """The ``ip -batch`` lines for the APs' bridges: an uplink and one radio port each."""
    return [
        "link set lo up",
        *(
            line
            for number in range(1, layout.phones + 1)
            for line in (
                f"link add br-{number} type bridge forward_delay 0",
                f"link set br-{number} up",
                f"link set up-{number} master br-{number} up",
                f"link add sta-{number} type veth peer name wlan0 netns {layout.phone(number)}",
                f"link set sta-{number} master br-{number} up",
            )
        ),
    ]


def phone_commands(mac: str) -> list[str]:
    """The ``ip -batch`` lines for a phone, which has no address until DHCP gives it one."""
    return ["link set lo up", f"link set wlan0 address {mac}"]
