"""The portal's metrics: the funnel from page to login, by outcome. No label holds personal data."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_LATENCY_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class PortalMetrics:
    """Counters and histograms `kolco_portal_…`, registered at construction."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Register everything with `registry`."""
        self.pages = Counter(
            "kolco_portal_pages_total", "Pages shown.", ["page", "language"], registry=registry
        )
        self.codes_requested = Counter(
            "kolco_portal_codes_requested_total",
            "Requests for a code, by outcome: accepted, or why not.",
            ["outcome"],
            registry=registry,
        )
        self.codes_sent = Counter(
            "kolco_portal_codes_sent_total",
            "Codes given to the sender, by outcome: sent, or why not.",
            ["outcome"],
            registry=registry,
        )
        self.codes_verified = Counter(
            "kolco_portal_codes_verified_total",
            "Codes typed in, by outcome: right, or what was wrong.",
            ["outcome"],
            registry=registry,
        )
        self.send_seconds = Histogram(
            "kolco_portal_sms_send_seconds",
            "Time until the sender took a message.",
            buckets=_LATENCY_S,
            registry=registry,
        )
        self.logins = Counter("kolco_portal_logins_total", "Logins.", ["method"], registry=registry)
        self.logouts = Counter("kolco_portal_logouts_total", "Logouts on the page.", registry=registry)
        self.extensions = Counter(
            "kolco_portal_extensions_total", "Sessions extended on the page.", registry=registry
        )
        self.failures = Counter(
            "kolco_portal_failures_total", "Refusals and failures.", ["reason"], registry=registry
        )
        self.capport = Counter(
            "kolco_portal_capport_requests_total",
            "Answers of the captive portal API: captive, open, redirect or unknown.",
            ["answer"],
            registry=registry,
        )
        self.request_seconds = Histogram(
            "kolco_portal_request_seconds",
            "Time to answer a request.",
            ["route", "status"],
            buckets=_LATENCY_S,
            registry=registry,
        )
        # A counter that is first seen at 1 has no rate: the steps of the funnel start at 0.
        for counter, outcomes in (
            (self.codes_requested, ("accepted", "cooldown", "code-limited")),
            (self.codes_sent, ("sent", "unavailable", "throttled", "rejected", "timeout")),
            (self.codes_verified, ("right", "code-wrong", "code-spent")),
            (self.logins, ("sms", "voucher")),
            (self.capport, ("captive", "open", "redirect", "unknown")),
        ):
            for outcome in outcomes:
                counter.labels(outcome)
        # Series that count from zero: the first login must not be lost to rate().
        for counter, outcome in (
            (self.codes_requested, "accepted"),
            (self.codes_sent, "sent"),
            (self.codes_verified, "right"),
            (self.logins, "sms"),
            (self.logins, "voucher"),
        ):
            counter.labels(outcome)
