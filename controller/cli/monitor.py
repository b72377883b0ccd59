"""`kolco monitor`: files for Prometheus and Grafana, rendered from code."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from prometheus_client import CollectorRegistry

from captive_portal.gateway.metrics import GatewayMetrics
from captive_portal.portal.metrics import PortalMetrics
from controller.ap_channel.metrics import ChannelMetrics
from controller.core.errors import InvalidInputError
from controller.core.tasks import Tasks
from monitoring.dashboards.render import render_dashboards
from monitoring.files import write_all, write_atomically
from monitoring.prometheus import DEFAULT_TARGETS, Target, parse_target, render_prometheus
from monitoring.reference import render_reference
from monitoring.rules.render import render_rules
from radius.eap.metrics import EapMetrics
from radius.index.metrics import show_all as show_index
from radius.journal.metrics import show_all as show_journal
from radius.metrics import RadiusMetrics
from radius.mpsk.metrics import show_all as show_ring
from radius.proxy.metrics import ProxyMetrics
from radius.radsec.metrics import RadsecMetrics
from radius.tables import show_all as show_tables
from radius.workers.metrics import show_all

__all__ = ["app", "render_metrics"]

app = typer.Typer(
    name="monitor", help="Prometheus and Grafana files, rendered from code.", no_args_is_help=True
)


def _target(text: str) -> Target:
    try:
        return parse_target(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


@app.command("prometheus-config")
def prometheus_config(
    target: Annotated[
        list[Target] | None,
        typer.Option(
            parser=_target,
            metavar="SERVICE=HOST:PORT",
            help="An admin port to scrape; give it again for each. Default: every service on loopback.",
        ),
    ] = None,
    rule_file: Annotated[
        list[str] | None, typer.Option(help="A rule file or glob, as Prometheus sees the path.")
    ] = None,
    alertmanager: Annotated[list[str] | None, typer.Option(help="HOST:PORT of an Alertmanager.")] = None,
    scrape_interval: Annotated[int, typer.Option(min=1, help="Seconds between scrapes.")] = 15,
    out: Annotated[Path | None, typer.Option(help="Write to this file, whole or not at all.")] = None,
) -> None:
    """Render the Prometheus configuration.

    Example: kolco monitor prometheus-config --target gateway=10.0.0.1:9482 --out prometheus.yml
    """
    text = render_prometheus(
        target or DEFAULT_TARGETS,
        rule_files=rule_file or [],
        scrape_interval_s=scrape_interval,
        alertmanagers=alertmanager or [],
    )
    if out is None:
        typer.echo(text, nl=False)
    else:
        with _writing(out):
            changed = write_atomically(out, text)
        _tell(out, changed=changed)


@app.command("rules")
def rules(
    out: Annotated[Path | None, typer.Option(help="Write one file per subject into this directory.")] = None,
) -> None:
    """Render the recording and alert rules.

    Example: kolco monitor rules --out /etc/prometheus/rules
    """
    _write(render_rules(), out)


@app.command("dashboards")
def dashboards(
    out: Annotated[
        Path | None, typer.Option(help="Write one file per dashboard into this directory.")
    ] = None,
) -> None:
    """Render the Grafana dashboards as JSON.

    Example: kolco monitor dashboards --out /var/lib/grafana/dashboards
    """
    _write(render_dashboards(), out)


def render_metrics() -> str:
    """Render docs/metrics.md: what every daemon shows, what is recorded, alerted on and drawn."""
    registries: dict[str, Callable[[CollectorRegistry], object]] = {
        "Every daemon": Tasks,
        "The controller: access point channel": ChannelMetrics,
        "The portal": PortalMetrics,
        "The gateway": partial(GatewayMetrics, gateway_id=""),
        "RADIUS": RadiusMetrics,
        "RADIUS: worker processes": show_all,
        "RADIUS: the account index": show_index,
        "RADIUS: small tables": show_tables,
        "RADIUS: the journal of accounting": show_journal,
        "RADIUS: EAP": EapMetrics,
        "RADIUS: network keys of devices": show_ring,
        "RADIUS: RadSec": RadsecMetrics,
        "RADIUS: home servers": ProxyMetrics,
    }
    filled: dict[str, CollectorRegistry] = {}
    for name, make in registries.items():
        filled[name] = CollectorRegistry()
        make(filled[name])
    return render_reference(filled)


def _write(files: dict[str, str], out: Path | None) -> None:
    if out is None:
        for text in files.values():
            typer.echo(text, nl=False)
        return
    with _writing(out):
        changed = set(write_all(out, files))
    for name in files:
        _tell(out / name, changed=out / name in changed)


@contextmanager
def _writing(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InvalidInputError(
            f"cannot write {out}: {error.strerror}", hint="name a path you may write to with --out"
        ) from error


def _tell(path: Path, *, changed: bool) -> None:
    typer.echo(f"{path} {'written' if changed else 'unchanged'}", err=True)
