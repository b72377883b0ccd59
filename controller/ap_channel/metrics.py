"""Prometheus metrics of the access point channel. Labels are closed sets, never serials."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram


class ChannelMetrics:
    """Every metric of the channel, registered once on ``registry``."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.connected = Gauge(
            "kolco_ap_channel_connected", "Access points with an open connection.", registry=registry
        )
        self.handshakes = Gauge(
            "kolco_ap_channel_handshakes", "TLS and websocket handshakes under way.", registry=registry
        )
        self.accepted = Counter(
            "kolco_ap_channel_accepted", "Connections accepted (connect received).", registry=registry
        )
        self.turned_away = Counter(
            "kolco_ap_channel_turned_away",
            "Connections refused before connect, by reason.",
            ["reason"],
            registry=registry,
        )
        self.dropped = Counter(
            "kolco_ap_channel_dropped",
            "Connections that we closed, by reason.",
            ["reason"],
            registry=registry,
        )
        self.messages = Counter(
            "kolco_ap_channel_messages", "Messages received, by method.", ["method"], registry=registry
        )
        self.message_bytes = Counter(
            "kolco_ap_channel_message_bytes", "Bytes of messages received.", registry=registry
        )
        self.refused = Counter(
            "kolco_ap_channel_input_refused", "Malformed input, by reason.", ["reason"], registry=registry
        )
        self.slowed = Counter(
            "kolco_ap_channel_slowed",
            "Seconds in which an access point was not read because it had sent too much.",
            registry=registry,
        )
        self.commands = Counter(
            "kolco_ap_channel_commands",
            "Commands sent, by method and outcome (success, rejects, failed, timeout).",
            ["method", "outcome"],
            registry=registry,
        )
        self.status_rows = Counter(
            "kolco_ap_channel_status_rows", "Status rows written to the database.", registry=registry
        )
        self.rows_refused = Counter(
            "kolco_ap_channel_rows_refused",
            "Rows the database refused and that were dropped.",
            registry=registry,
        )
        self.events_lost = Counter(
            "kolco_ap_channel_events_lost", "Events dropped because the buffer was full.", registry=registry
        )
        self.flush_seconds = Histogram(
            "kolco_ap_channel_flush_seconds",
            "Time to store one batch.",
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
            registry=registry,
        )
