"""What the NOC sees: the fleet's metrics, rules, dashboards and the Prometheus configuration.

Serves one daemon (`kolco serve monitor`) and renders files for Prometheus and Grafana. It does not
store time series, draw graphs or send alerts: Prometheus, Grafana and Alertmanager do.
"""
