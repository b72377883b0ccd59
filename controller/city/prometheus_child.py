"""A real Prometheus on loopback that scrapes the city's daemons, with the product's own configuration."""

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path

from controller.city.ports import LOOPBACK
from controller.city.process import Child, Finished

SCRAPE_S = 2


async def start(
    kolco: Callable[..., Awaitable[Finished]],
    *,
    targets: Mapping[str, int],
    port: int,
    directory: Path,
    log: Path,
) -> Child:
    """Render the configuration with the command line and start Prometheus; it may not answer yet.

    ``targets`` are daemons and their admin ports, ``directory`` is emptied first: of an earlier city
    nothing must be counted as of this one. Raises :class:`~controller.core.errors.UnavailableError`
    when the configuration cannot be rendered.
    """
    _empty(directory)
    configuration, rules = directory / "prometheus.yml", directory / "rules"
    scraped = [f"--target={name}={LOOPBACK}:{admin}" for name, admin in targets.items()]
    options = [f"--rule-file={rules}/*.yml", f"--scrape-interval={SCRAPE_S}", f"--out={configuration}"]
    written = await asyncio.gather(
        kolco("monitor", "rules", f"--out={rules}"),
        kolco("monitor", "prometheus-config", *scraped, *options),
    )
    for ended in written:
        ended.checked()
    argv = [
        "prometheus",
        f"--config.file={configuration}",
        f"--storage.tsdb.path={directory / 'data'}",
        f"--web.listen-address={LOOPBACK}:{port}",
        "--log.level=warn",
    ]
    return await Child.start("prometheus", argv, log=log)


def _empty(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
