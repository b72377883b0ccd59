"""Grafana dashboards as code. The JSON beside this file is what the code builds; a test compares them."""
