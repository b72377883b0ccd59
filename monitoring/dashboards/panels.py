"""The few kinds of panel our dashboards are made of, so that every one looks and behaves alike.

Each panel has a title, a description, a unit and the templated datasource; queries are filtered by
district and site through `SELECTOR`. It does not lay panels out: `Dashboard.with_panel` does.
"""

from typing import Final, Literal

from grafana_foundation_sdk.builders import bargauge, common, dashboard, prometheus, stat, table, timeseries
from grafana_foundation_sdk.models import common as model
from grafana_foundation_sdk.models import dashboard as dashboard_model
from grafana_foundation_sdk.models import prometheus as prometheus_model

__all__ = ["DATASOURCE", "HEIGHT", "SELECTOR", "Panel", "bars", "rows", "single", "trend"]

DATASOURCE: Final = dashboard_model.DataSourceRef(type_val="prometheus", uid="${datasource}")
SELECTOR: Final = 'district=~"$district", site=~"$site"'
HEIGHT: Final = 8
STAT_HEIGHT: Final = 4
REFS: Final = "ABCDEFGH"

Steps = tuple[tuple[float | None, str], ...]
"""Thresholds: from this value on (None: from the bottom) in this colour."""
Query = tuple[str, str]
"""A PromQL expression and the legend of its series."""
Panel = stat.Panel | timeseries.Panel | bargauge.Panel | table.Panel


def _target(number: int, query: Query, kind: Literal["instant", "range", "table"]) -> prometheus.Dataquery:
    expr, legend = query
    target = prometheus.Dataquery().ref_id(REFS[number]).expr(expr).legend_format(legend)
    if kind == "range":
        return target.range()
    if kind == "table":
        return target.instant().format(prometheus_model.PromQueryFormat.TABLE)
    return target.instant()


def _thresholds(steps: Steps) -> dashboard.ThresholdsConfig:
    return (
        dashboard.ThresholdsConfig()
        .mode(dashboard_model.ThresholdsMode.ABSOLUTE)
        .steps([dashboard_model.Threshold(value=value, color=colour) for value, colour in steps])
    )


def single(
    title: str,
    description: str,
    query: str,
    *,
    unit: str,
    steps: Steps = ((None, "blue"),),
    width: int = 4,
    decimals: int | None = None,
) -> stat.Panel:
    """One number, now, with its recent course behind it."""
    panel = (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .thresholds(_thresholds(steps))
        .color_mode(model.BigValueColorMode.BACKGROUND_SOLID)
        .graph_mode(model.BigValueGraphMode.AREA)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(_target(0, (query, ""), "range"))
        .height(STAT_HEIGHT)
        .span(width)
    )
    return panel if decimals is None else panel.decimals(decimals)


def trend(
    title: str,
    description: str,
    *queries: Query,
    unit: str,
    width: int = 12,
    top: float | None = None,
    stacked: bool = False,
) -> timeseries.Panel:
    """Lines over time; `top` fixes the upper end of the axis."""
    panel = (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .min(0)
        .fill_opacity(30 if stacked else 8)
        .show_points(model.VisibilityMode.NEVER)
        .legend(
            common.VizLegendOptions()
            .display_mode(model.LegendDisplayMode.LIST)
            .placement(model.LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(
            common.VizTooltipOptions().mode(model.TooltipDisplayMode.MULTI).sort(model.SortOrder.DESCENDING)
        )
        .targets([_target(number, query, "range") for number, query in enumerate(queries)])
        .height(HEIGHT)
        .span(width)
    )
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(model.StackingMode.NORMAL))
    return panel if top is None else panel.max(top)


def bars(
    title: str, description: str, query: Query, *, unit: str, steps: Steps, top: float, width: int = 12
) -> bargauge.Panel:
    """One bar for each series, now."""
    return (
        bargauge.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .min(0)
        .max(top)
        .thresholds(_thresholds(steps))
        .orientation(model.VizOrientation.HORIZONTAL)
        .display_mode(model.BarGaugeDisplayMode.BASIC)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .with_target(_target(0, query, "instant"))
        .height(HEIGHT)
        .span(width)
    )


def rows(title: str, description: str, query: str, *, unit: str, width: int = 12) -> table.Panel:
    """One table row for each series, now."""
    return (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(DATASOURCE)
        .unit(unit)
        .show_header(True)
        .with_transformation(
            dashboard_model.DataTransformerConfig(
                id_val="organize", options={"excludeByName": {"Time": True, "__name__": True}}
            )
        )
        .with_target(_target(0, (query, ""), "table"))
        .height(HEIGHT)
        .span(width)
    )
