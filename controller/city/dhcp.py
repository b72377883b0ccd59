"""What a phone's ``dhclient`` is told and what it found: configuration, script and captured lease.

Pure text. The script touches nothing but the namespace it runs in and the phone's own directory;
:mod:`controller.city.phones` runs the client.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from controller.core.errors import InvalidInputError

CONFIGURATION: Final = """\
option captive-portal code 114 = text;
timeout 20;
initial-interval 1;
backoff-cutoff 2;
retry 2;
request subnet-mask, broadcast-address, routers, domain-name-servers, captive-portal;
"""
"""Option 114 is RFC 8910 section 2.1; ``dhclient``'s own name for it is older and means something else."""

_SCRIPT: Final = """\
#!/bin/sh
# Configures one phone: its interface, its default route and its own resolv.conf, nothing else.
case "$reason" in
  PREINIT)
    ip link set dev "$interface" up
    ;;
  BOUND|RENEW|REBIND|REBOOT)
    ip -4 addr flush dev "$interface"
    ip -4 addr add "$new_ip_address/$new_subnet_mask" dev "$interface"
    for router in $new_routers; do
      ip -4 route replace default via "$router" dev "$interface"
      break
    done
    for server in $new_domain_name_servers; do echo "nameserver $server"; done > '{resolv_conf}'
    {{ echo "reason=$reason"; env | grep '^new_'; }} > '{lease}.part'
    mv '{lease}.part' '{lease}'
    ;;
  EXPIRE|FAIL|RELEASE|STOP)
    ip -4 addr flush dev "$interface"
    rm -f '{lease}'
    ;;
esac
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """What DHCP gave a phone."""

    ip: str
    router: str
    dns: tuple[str, ...]
    lease_s: int
    captive_portal: str | None
    """The URI of option 114, where the RFC 8908 API answers."""


def script(lease: Path, resolv_conf: Path) -> str:
    """The ``dhclient`` script that writes what it got to ``lease`` and the servers to ``resolv_conf``.

    Raises :class:`InvalidInputError` for a path that cannot stand in single quotes.
    """
    for path in (lease, resolv_conf):
        if "'" in str(path):
            raise InvalidInputError(f"a data directory must have no quote in its path: {path}")
    return _SCRIPT.format(lease=lease, resolv_conf=resolv_conf)


def parse_lease(text: str) -> Lease:
    """Read the lines ``name=value`` that the script wrote.

    Raises :class:`InvalidInputError` when one is missing or wrong.
    """
    values = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    try:
        return Lease(
            ip=values["new_ip_address"],
            router=values["new_routers"].split()[0],
            dns=tuple(values["new_domain_name_servers"].split()),
            lease_s=_seconds(values),
            captive_portal=values.get("new_captive_portal", "").strip('"') or None,
        )
    except (KeyError, IndexError) as error:
        raise InvalidInputError(f"the lease lacks something: {error}") from error


def _seconds(values: Mapping[str, str]) -> int:
    text = values.get("new_dhcp_lease_time", "0")
    if not text.isdecimal():
        raise InvalidInputError(f"the lease's time is no number: {text!r}")
    return int(text)
