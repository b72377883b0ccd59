"""Settings of the gateway: `KOLCO_GATEWAY_…` or the table `[gateway]`."""

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Annotated, Self

from pydantic import Field, StringConstraints, model_validator

from controller.core.settings import Section, section

_MIN_DYNAMIC = 2
_RESERVED = 256
"""Addresses at the start of a large LAN that DHCP leaves to equipment."""

Interface = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.:-]{1,15}$")]
Slug = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]


class GatewaySettings(Section):
    """One gateway: a LAN of clients, a way to the Internet, and the portal."""

    model_config = section("gateway")

    id: Slug = Field("gw-1", description="The gateway's identifier, unique in the city.")
    name: str = Field("Gateway", description="The gateway's name for people.")
    site_id: str | None = Field(None, description="The site the gateway stands at; it must exist.")
    netns: str | None = Field(
        None, description="Network namespace with the two interfaces. Unset: the process's own."
    )
    lan_interface: Interface = Field("lan", description="Interface (a bridge, usually) to the clients.")
    wan_interface: Interface = Field("wan", description="Interface to the Internet.")
    lan_address: IPv4Interface = Field(
        IPv4Interface("10.77.0.1/16"), description="The gateway's own address on the LAN, with its prefix."
    )
    dhcp_first: IPv4Address | None = Field(
        None, description="First address that DHCP gives out. Unset: the LAN's 256th, or 10th if it is small."
    )
    dhcp_last: IPv4Address | None = Field(
        None, description="Last address that DHCP gives out. Unset: the LAN's last."
    )
    lease_s: int = Field(3600, ge=120, description="Length of a DHCP lease in seconds.")
    serve_dhcp_dns: bool = Field(True, description="Run dnsmasq on the LAN. False: something else does.")
    dns_upstream: list[IPv4Address] = Field(
        default_factory=list,
        description='Resolvers that DNS is asked of, a JSON list: `["192.0.2.53"]`. '
        "Empty: those of /etc/resolv.conf.",
    )
    portal_url: str = Field(
        "https://portal.kolco.test",
        pattern=r"^https?://[A-Za-z0-9.-]+(:\d{1,5})?$",
        description="The portal as clients reach it; its host is answered by the gateway's own DNS.",
    )
    portal_addresses: list[IPv4Address] = Field(
        default_factory=list,
        description='Addresses of the portal, a JSON list: `["192.0.2.10"]`. Captives reach them, '
        "and traffic to them is not translated. Needed.",
    )
    walled_garden: list[IPv4Network] = Field(
        default_factory=list,
        description="Networks that captives may reach on ports 80 and 443 besides the portal, a JSON list.",
    )
    redirector_port: int = Field(
        8081, ge=1, le=65535, description="Port on the LAN address where captives' plain HTTP arrives."
    )
    max_clients: int = Field(131_072, ge=16, description="Size of the kernel's sets.")
    table: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")] = Field(
        "kolco", description="Name of the nftables table (family inet)."
    )
    accounting_poll_s: float = Field(
        15.0,
        gt=0,
        description="Seconds between two readings of the kernel's counters. "
        "A thousand clients with traffic cost about a second of database work at each.",
    )
    reconcile_s: float = Field(
        30.0, gt=0, description="Seconds between two comparisons of the kernel with the database."
    )
    teardown_on_exit: bool = Field(
        False,
        description="Remove the ruleset at a clean stop. False: clients that are online stay online.",
    )
    admin_host: str = Field("127.0.0.1", description="Address of /metrics and /healthz.")
    admin_port: int = Field(9482, ge=0, le=65535, description="Port of /metrics and /healthz.")

    @model_validator(mode="after")
    def _check_range(self) -> Self:
        network = self.lan_address.network
        if network.num_addresses < _MIN_DYNAMIC + 2:
            raise ValueError("lan_address: the LAN is too small")
        first, last = self.dhcp_range
        if first not in network or last not in network or first > last:
            raise ValueError("dhcp_first, dhcp_last: not a range inside the LAN")
        return self

    @property
    def lan(self) -> IPv4Network:
        """The clients' network."""
        return self.lan_address.network

    @property
    def dhcp_range(self) -> tuple[IPv4Address, IPv4Address]:
        """First and last address that DHCP gives out."""
        network = self.lan_address.network
        skip = _RESERVED if network.num_addresses >= 4 * _RESERVED else min(10, network.num_addresses // 4)
        first = self.dhcp_first or network.network_address + skip
        last = self.dhcp_last or network.broadcast_address - 1
        return first, last

    @property
    def portal_host(self) -> str:
        """Host of the portal's URL."""
        return self.portal_url.split("://", 1)[1].split(":", 1)[0]

    @property
    def portal_ports(self) -> tuple[int, ...]:
        """Ports of the portal that captives may reach."""
        port = self.portal_url.split("://", 1)[1].partition(":")[2]
        return tuple(sorted({80, 443, *([int(port)] if port else [])}))

    @property
    def capport_uri(self) -> str:
        """URI of the captive portal API (RFC 8908), told by DHCP option 114 (RFC 8910)."""
        return f"{self.portal_url}/capport/{self.id}"
