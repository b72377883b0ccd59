"""The static ruleset as nft text: pure, no kernel.

One table `inet <table>`; people come and go only as elements of its sets, so that 100,000 clients
cost a packet no more than one. Loading the text is one transaction that keeps the sets and their
elements if the table is there already: a restart throws nobody out.

The order of the decisions is what makes a logout cut running connections: first the IP must belong
to the MAC, then the pair must be in `auth`, then the limit, and there is no rule that lets
established connections of clients pass by itself.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

AUTH = "auth"
"""`ipv4_addr . ether_addr` with timeout: who may send."""
AUTH_IP = "auth_ip"
"""`ipv4_addr` with timeout: who may be sent to."""
UP = "up"
"""`ipv4_addr . ether_addr` with [limit,] counter and the session id as comment."""
DOWN = "down"
"""`ipv4_addr`, the same for the way to the client."""
BOUND = "bound"
"""`ipv4_addr . ether_addr`: leased pairs."""
BOUND_IP = "bound_ip"
"""`ipv4_addr`: leased addresses."""

NTP_CLIENT_BYTES = 56
"""UDP length of a plain NTP request or answer (8 + 48): anything longer may be a tunnel."""


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """What the text depends on. Addresses are IPv4 text, checked by the settings."""

    table: str
    lan_interface: str
    wan_interface: str
    lan_cidr: str
    redirector_port: int
    portal_addresses: Sequence[str]
    portal_ports: Sequence[int]
    walled_garden: Sequence[str]
    max_clients: int


CHAINS = ("spoof", "captive_nat", "source_nat", "local", "passage", "from_lan", "to_lan", "open_up")


def _sets(settings: RuleSettings) -> Iterator[str]:
    size = settings.max_clients
    pair = f"type ipv4_addr . ether_addr; size {size};"
    address = f"type ipv4_addr; size {size};"
    yield f"{AUTH} {{ {pair} flags timeout; }}"
    yield f"{AUTH_IP} {{ {address} flags timeout; }}"
    yield f"{UP} {{ {pair} }}"
    yield f"{DOWN} {{ {address} }}"
    yield f"{BOUND} {{ {pair} }}"
    yield f"{BOUND_IP} {{ {address} }}"
    yield "portal { type ipv4_addr; }"
    yield "garden { type ipv4_addr; flags interval; auto-merge; }"


def _chains(settings: RuleSettings) -> Iterator[str]:
    table = f"inet {settings.table}"
    yield f"add chain {table} spoof {{ type filter hook prerouting priority raw; policy accept; }}"
    yield f"add chain {table} captive_nat {{ type nat hook prerouting priority dstnat; policy accept; }}"
    yield f"add chain {table} source_nat {{ type nat hook postrouting priority srcnat; policy accept; }}"
    yield f"add chain {table} local {{ type filter hook input priority filter; policy accept; }}"
    yield f"add chain {table} passage {{ type filter hook forward priority filter; policy accept; }}"
    yield f"add chain {table} from_lan"
    yield f"add chain {table} to_lan"
    yield f"add chain {table} open_up"


def _rules(settings: RuleSettings) -> Iterator[tuple[str, str]]:
    lan = f'"{settings.lan_interface}"'
    wan = f'"{settings.wan_interface}"'
    pair = "ip saddr . ether saddr"
    ports = ", ".join(str(port) for port in settings.portal_ports)

    # An address that was leased belongs to one MAC; DHCP itself has no address yet.
    yield "spoof", f"iifname != {lan} accept"
    yield "spoof", "meta nfproto ipv6 accept"
    yield "spoof", "udp sport 68 udp dport 67 accept"
    yield "spoof", f"ip saddr != {settings.lan_cidr} counter drop"
    yield "spoof", f"ip saddr @{BOUND_IP} {pair} != @{BOUND} counter drop"

    # Captives: their DNS is ours, their plain HTTP gets the portal. The open are never intercepted.
    yield "captive_nat", f"iifname != {lan} accept"
    yield "captive_nat", "meta nfproto ipv6 accept"
    yield "captive_nat", f"{pair} @{AUTH} accept"
    yield "captive_nat", "udp dport 53 redirect to :53"
    yield "captive_nat", "tcp dport 53 redirect to :53"
    yield "captive_nat", "ip daddr @portal accept"
    yield "captive_nat", "ip daddr @garden accept"
    yield "captive_nat", f"tcp dport 80 redirect to :{settings.redirector_port}"

    # The portal sees the client's own address; the Internet sees the gateway's.
    yield "source_nat", f"ip saddr {settings.lan_cidr} oifname {wan} ip daddr != @portal masquerade"

    # The gateway itself offers clients DHCP, DNS, the redirect and an echo, nothing else.
    yield "local", f"iifname != {lan} accept"
    yield "local", "ct state established,related accept"
    yield "local", "udp dport { 53, 67 } accept"
    yield "local", f"tcp dport {{ 53, {settings.redirector_port} }} accept"
    # A portal on the gateway itself, as on a single machine.
    yield "local", f"ip daddr @portal tcp dport {{ {ports} }} accept"
    yield "local", "icmp type echo-request limit rate 200/second accept"
    yield "local", "icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"
    yield "local", "counter drop"

    yield "passage", f"iifname {lan} goto from_lan"
    yield "passage", f"oifname {lan} goto to_lan"

    # There are no IPv6 sessions: say so at once, or phones wait for an answer that never comes.
    yield "from_lan", "meta nfproto ipv6 counter reject with icmpv6 admin-prohibited"
    yield "from_lan", f"oifname {lan} counter drop"
    yield "from_lan", f"ip daddr @portal tcp dport {{ {ports} }} accept"
    yield "from_lan", "ip daddr @garden meta l4proto { tcp, udp } th dport { 80, 443 } accept"
    yield "from_lan", f"{pair} @{AUTH} goto open_up"
    yield "from_lan", f"udp dport 123 udp length {NTP_CLIENT_BYTES} limit rate 500/second accept"
    # Never a false certificate: a reset, at once, so that the phone falls back and asks its probe.
    yield "from_lan", "tcp dport { 443, 853 } counter reject with tcp reset"
    yield "from_lan", "meta l4proto udp counter reject with icmp port-unreachable"
    yield "from_lan", "counter drop"

    yield "open_up", f"{pair} @{UP} accept"
    yield "open_up", "counter drop"

    yield "to_lan", "meta nfproto ipv6 counter drop"
    yield "to_lan", "ip saddr @portal accept"
    yield "to_lan", "ct state != { established, related } counter drop"
    yield "to_lan", "ip saddr @garden accept"
    yield "to_lan", f"ip daddr @{AUTH_IP} ip daddr @{DOWN} accept"
    yield "to_lan", f"udp sport 123 udp length {NTP_CLIENT_BYTES} accept"
    yield "to_lan", "counter drop"


def render_ruleset(settings: RuleSettings) -> str:
    """The text for `nft -f -`: one transaction, the same again changes nothing."""
    table = f"inet {settings.table}"
    lines = [f"add table {table}"]
    lines += [f"add set {table} {definition}" for definition in _sets(settings)]
    lines += _chains(settings)
    lines += [f"flush chain {table} {chain}" for chain in CHAINS]
    for name, members in (("portal", settings.portal_addresses), ("garden", settings.walled_garden)):
        lines.append(f"flush set {table} {name}")
        if members:
            lines.append(f"add element {table} {name} {{ {', '.join(members)} }}")
    lines += [f"add rule {table} {chain} {rule}" for chain, rule in _rules(settings)]
    return "\n".join(lines) + "\n"


def render_teardown(table: str) -> str:
    """The text that removes the whole table, whether or not it is there."""
    return f"add table inet {table}\ndelete table inet {table}\n"
