"""What the portal counts, and that no label could hold a person."""

from prometheus_client import CollectorRegistry

from captive_portal.portal.metrics import PortalMetrics


def test_names_and_labels() -> None:
    registry = CollectorRegistry()
    metrics = PortalMetrics(registry)
    metrics.pages.labels("login", "ru").inc()
    assert registry.get_sample_value("kolco_portal_pages_total", {"page": "login", "language": "ru"}) == 1
    assert registry.get_sample_value("kolco_portal_logins_total", {"method": "sms"}) == 0
    families = list(registry.collect())
    assert all(family.name.startswith("kolco_portal_") for family in families)
    labels = {label for family in families for sample in family.samples for label in sample.labels}
    assert labels <= {"page", "language", "outcome", "method", "reason", "answer", "route", "status", "le"}
