"""The configuration of dnsmasq and its lease hook, as text. Pure: it starts nothing (see `dns_dhcp`)."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface
from pathlib import PurePath

CAPTIVE_PORTAL_OPTION = 114
"""DHCPv4 option of RFC 8910 §2.1: a bare URI of at most 255 bytes, not ended by NUL."""
_MAX_URI_BYTES = 255
_LEASE_LIMIT = 200_000

_HOOK = """\
#!/bin/sh
# Tells the gateway of lease changes: one short line, written whole. Opened for reading too, so that
# it never waits for a gateway that is away.
case "$1" in add|old|del) ;; *) exit 0 ;; esac
exec 3<>"{fifo}"
printf '%s %s %s %s\\n' "$1" "$2" "$3" "${{DNSMASQ_LEASE_EXPIRES:--}}" >&3
"""


@dataclass(frozen=True, slots=True)
class DnsmasqSettings:
    """What the configuration depends on."""

    lan_interface: str
    lan_address: IPv4Interface
    dhcp_range: tuple[IPv4Address, IPv4Address]
    lease_s: int
    capport_uri: str
    portal_host: str
    portal_addresses: Sequence[IPv4Address]
    upstream: Sequence[IPv4Address]
    directory: PurePath

    @property
    def config(self) -> PurePath:
        """Where the configuration is written."""
        return self.directory / "dnsmasq.conf"

    @property
    def lease_file(self) -> PurePath:
        """Where dnsmasq keeps leases."""
        return self.directory / "leases"

    @property
    def hook(self) -> PurePath:
        """Where the hook is written."""
        return self.directory / "lease-hook.sh"

    @property
    def fifo(self) -> PurePath:
        """The pipe of lease changes."""
        return self.directory / "leases.fifo"

    @property
    def pid_file(self) -> PurePath:
        """Where dnsmasq writes its process id."""
        return self.directory / "dnsmasq.pid"


def render_hook(settings: DnsmasqSettings) -> str:
    """The hook that dnsmasq runs on each lease change."""
    return _HOOK.format(fifo=settings.fifo)


def render_config(settings: DnsmasqSettings) -> str:
    """The configuration. Raises `ValueError` when the URI does not fit into the DHCP option."""
    if len(settings.capport_uri.encode()) > _MAX_URI_BYTES:
        raise ValueError(f"the captive portal URI is longer than {_MAX_URI_BYTES} bytes")
    address = settings.lan_address.ip
    first, last = settings.dhcp_range
    lines = [
        "# Written by the gateway at each start.",
        f"interface={settings.lan_interface}",
        "except-interface=lo",
        "bind-dynamic",
        "user=nobody",
        f"pid-file={settings.pid_file}",
        # Its log would name clients; what keeps it from starting goes to standard error all the same.
        "log-facility=/dev/null",
        "quiet-dhcp",
        "no-hosts",
        "no-ping",
        "bogus-priv",
        "domain-needed",
        "cache-size=10000",
        "dns-forward-max=2000",
        # Firefox asks this name before it turns on DNS over HTTPS by itself: NXDOMAIN says no.
        "address=/use-application-dns.net/",
        # Only our own name gets our own answer; probe hosts keep theirs, or Android smells a trick.
        f"local=/{settings.portal_host}/",
        *(f"host-record={settings.portal_host},{portal},60" for portal in settings.portal_addresses),
        "dhcp-authoritative",
        f"dhcp-leasefile={settings.lease_file}",
        f"dhcp-script={settings.hook}",
        "script-on-renewal",
        "dhcp-ignore-names",
        f"dhcp-lease-max={_LEASE_LIMIT}",
        f"dhcp-range=set:clients,{first},{last},{settings.lan_address.netmask},{settings.lease_s}",
        f"dhcp-option=tag:clients,option:router,{address}",
        f"dhcp-option=tag:clients,option:dns-server,{address}",
        f'dhcp-option=tag:clients,{CAPTIVE_PORTAL_OPTION},"{settings.capport_uri}"',
    ]
    if settings.upstream:
        lines += ["no-resolv", *(f"server={server}" for server in settings.upstream)]
    return "\n".join(lines) + "\n"
