"""Grafana's JSON from the dashboards: pure text, one file per dashboard."""

import json
from typing import Final

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard

from monitoring.dashboards.city_wall import build_city_wall

__all__ = ["DASHBOARDS", "render_dashboard", "render_dashboards"]

DASHBOARDS: Final = {"city-wall.json": build_city_wall}


def render_dashboard(built: dashboard.Dashboard) -> str:
    """Render one dashboard, keys sorted, so that a change in it is a small diff."""
    return json.dumps(built, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def render_dashboards() -> dict[str, str]:
    """Every dashboard: file name to JSON."""
    return {name: render_dashboard(build()) for name, build in DASHBOARDS.items()}
