"""The Prometheus configuration for a set of admin ports, as text. Writing it is `files.py`'s work.

Pure. It does not start Prometheus and knows no remote storage and no Alertmanager by itself.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import yaml

__all__ = ["DEFAULT_TARGETS", "Target", "parse_target", "render_prometheus"]

JOB_PREFIX: Final = "kolco-"
SERVICES: Final = ("controller", "portal", "gateway", "radius", "monitor")
# The fleet page is large; everything else must stay small, so a label gone wild is cut off early.
FLEET_SAMPLE_LIMIT: Final = 1_000_000
SAMPLE_LIMIT: Final = 20_000
LABEL_LIMIT: Final = 20
MAX_PORT: Final = 65_535
LABEL_VALUE_LENGTH_LIMIT: Final = 1024
"""Bytes. Above 200 characters of a name in UTF-8: one label too long fails the whole scrape."""
_WIDTH: Final = 10_000
_HEADER: Final = "# Written by `kolco monitor prometheus-config`; changes here are lost.\n"


@dataclass(frozen=True, slots=True)
class Target:
    """An admin port: which service answers there, and `host:port`."""

    service: str
    address: str


DEFAULT_TARGETS: Final = tuple(
    Target(service, f"127.0.0.1:{port}") for service, port in zip(SERVICES, range(9480, 9485), strict=True)
)


def parse_target(text: str) -> Target:
    """Parse `service=host:port`.

    Raises:
        ValueError: the text has another form, or the service is not one of `SERVICES`.
    """
    service, equals, address = text.partition("=")
    host, colon, port = address.rpartition(":")
    if (
        not equals
        or not colon
        or not host
        or not (port.isascii() and port.isdigit() and 0 < int(port) <= MAX_PORT)
    ):
        raise ValueError(f"{text!r} is not service=host:port")
    if service not in SERVICES:
        raise ValueError(f"{service!r} is none of {', '.join(SERVICES)}")
    return Target(service, address)


def render_prometheus(
    targets: Iterable[Target],
    *,
    rule_files: Sequence[str] = (),
    scrape_interval_s: int = 15,
    alertmanagers: Sequence[str] = (),
) -> str:
    """Render the configuration: one job per service, targets in the order given.

    Args:
        targets: the admin ports to scrape.
        rule_files: paths or globs of the rule files.
        scrape_interval_s: how often to scrape and to evaluate rules.
        alertmanagers: `host:port` of each Alertmanager.
    """
    by_service: dict[str, list[str]] = {}
    for target in targets:
        by_service.setdefault(target.service, []).append(target.address)
    interval = f"{scrape_interval_s}s"
    config: dict[str, Any] = {
        "global": {
            "scrape_interval": interval,
            "evaluation_interval": interval,
            "scrape_timeout": f"{min(10, scrape_interval_s)}s",
        },
        "rule_files": list(rule_files),
        "scrape_configs": [
            {
                "job_name": f"{JOB_PREFIX}{service}",
                "sample_limit": FLEET_SAMPLE_LIMIT if service == "monitor" else SAMPLE_LIMIT,
                "label_limit": LABEL_LIMIT,
                "label_value_length_limit": LABEL_VALUE_LENGTH_LIMIT,
                "static_configs": [{"targets": addresses}],
            }
            for service, addresses in by_service.items()
        ],
    }
    if alertmanagers:
        config["alerting"] = {"alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}]}
    return _HEADER + yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=_WIDTH)
