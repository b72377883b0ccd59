"""Metrics of network keys; never by key, person or device."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Gauge

from radius.tally import Tally


class RingMetrics:
    """What is counted of network keys.

    Args:
        tally: where counts are shown.
        registry: where gauges are shown.
    """

    def __init__(self, tally: Tally, registry: CollectorRegistry) -> None:
        self._tries = tally.counter(
            "kolco_radius_network_key_tries",
            "Network keys that were tried to find the one a device has, by the MIC of its handshake.",
        )
        self._keys = Gauge(
            "kolco_radius_network_keys", "Network keys that access points may ask for.", registry=registry
        )

    def count_tries(self, tried: int) -> None:
        """Count keys that were tried."""
        self._tries.inc(by=tried)

    def watch(self, keys: Callable[[], float]) -> None:
        """Show how many keys there are, read when it is asked for."""
        self._keys.set_function(keys)


def show_all(registry: CollectorRegistry) -> None:
    """Show every metric of network keys, for the reference."""
    RingMetrics(Tally(registry), registry)
