"""``kolco city``: progress while it starts, then the live summary until it is cancelled."""

import asyncio

from rich.console import Console
from rich.live import Live

from controller.city import layout, parts, summary
from controller.city.parts import Found
from controller.city.run import City, Options
from controller.city.summary import Idea, Link
from controller.core.errors import KolcoError

REFRESH_S = 1.0


async def show(options: Options, found: Found, console: Console) -> None:
    """Start a city and show it until cancelled; it is gone when this ends, however it ends."""
    missing = parts.left_out(found, phones=options.phones)
    city = City(options, found)
    try:
        with summary.shown_progress(console) as tell:
            await city.start(tell)
        await _join_phones(city, console)
        if missing:
            console.print(summary.render_left_out(missing))
        await _watch(city, console)
    finally:
        console.print("ending the city …")
        await city.stop()
        console.print("it is gone")


async def _join_phones(city: City, console: Console) -> None:
    for phone in city.phones:
        try:
            await phone.join()
        except KolcoError as error:
            console.print(f"phone {phone.number}: {error.message}")


async def _watch(city: City, console: Console) -> None:
    """Redraw the summary every second; without a terminal draw it once and wait."""
    links, ideas = links_of(city), ideas_of(city)
    if not console.is_terminal:
        console.print(summary.render_city(await city.vitals(), links, ideas, up_s=city.up_s))
        await asyncio.Event().wait()
    with Live(console=console, auto_refresh=False) as live:
        while True:
            vitals = await city.vitals()
            live.update(summary.render_city(vitals, links, ideas, up_s=city.up_s), refresh=True)
            await asyncio.sleep(REFRESH_S)


def links_of(city: City) -> list[Link]:
    """What can be opened from this machine."""
    links = [
        Link("API", f"{city.env['KOLCO_CLI_API_URL']}/api/v1/openapi.json"),
        Link("fleet metrics", f"http://127.0.0.1:{city.ports.monitor_admin}/metrics"),
        Link("portal", f"https://localhost:{city.ports.portal_https}/about"),
        Link("logs", str(city.data_dir / "logs")),
    ]
    if "prometheus" in city.found.programs:
        links.insert(1, Link("Prometheus", city.prometheus_url))
    return links


def ideas_of(city: City) -> list[Idea]:
    """Three things to try, which need no more than a second terminal."""
    source = f". {city.env_file}"
    ideas = [
        Idea("In another terminal: see the access points", f"{source} && kolco ap list --limit 10"),
        Idea("There too: give the network a new name", "kolco wlan set city --ssid Москва_Бесплатно"),
    ]
    if city.laid is None:
        return [*ideas, Idea("There too: make a voucher", "kolco voucher create --plan city")]
    probe = f"http://{min(layout.PROBE_HOSTS, key=len)}/"  # short: a command must fit into 80 columns
    first = city.laid.phone(1)
    return [*ideas, Idea("Be a phone that is not logged in", f"ip netns exec {first} curl -i {probe}")]
