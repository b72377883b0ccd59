"""The `kolco` command: one file a noun, imported only when that noun is used."""

from collections.abc import Callable, Iterator, Mapping, MutableMapping
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
import typer.core
import typer.main

from controller.cli import output

_COMMANDS = {
    "up": "up:command",
    "city": "city:command",
    "serve": "serve:command",
    "ap": "ap:app",
    "site": "site:app",
    "zone": "zone:app",
    "wlan": "wlan:app",
    "config": "config:app",
    "session": "session:app",
    "account": "account:app",
    "plan": "plan:app",
    "voucher": "voucher:app",
    "radius": "radius:app",
    "monitor": "monitor:app",
    "operator": "operator:app",
    "db": "db:app",
    "doctor": "doctor:command",
    "docs": "reference:docs",
}
"""Name: file of this folder, and what in it is mounted; in the order of the help."""
_HIDDEN = {"docs"}


class _Commands(MutableMapping[str, Any]):
    """Commands by name, each made when it is first asked for: their imports take most of a start."""

    def __init__(self, places: Mapping[str, str]) -> None:
        self._places = dict(places)
        self._made: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._made:
            self._made[name] = _load(name, self._places[name])
        return self._made[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._places.setdefault(name, "")
        self._made[name] = command

    def __delitem__(self, name: str) -> None:
        del self._places[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._places)

    def __len__(self) -> int:
        return len(self._places)


class _Nouns(typer.core.TyperGroup):
    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.commands = _Commands(_COMMANDS)


def _load(name: str, place: str) -> Any:
    file, attribute = place.split(":")
    mounted: typer.Typer | Callable[..., None] = getattr(import_module(f"{__name__}.{file}"), attribute)
    if isinstance(mounted, typer.Typer):
        command: Any = typer.main.get_command(_without_completion(mounted))
    else:
        single = typer.Typer(add_completion=False, rich_markup_mode=None)
        single.command(name, hidden=name in _HIDDEN)(mounted)
        command = typer.main.get_command(single)
    command.name = name
    return command


def _without_completion(noun: typer.Typer) -> typer.Typer:
    """Return the noun under a root, so that only `kolco` itself offers to install completion."""
    noun._add_completion = False  # noqa: SLF001 - Typer has no public way to say so after the fact
    noun.rich_markup_mode = None
    return noun


app = typer.Typer(
    name="kolco",
    cls=_Nouns,
    help="kolco, the controller of a city's public Wi-Fi.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback(invoke_without_command=True)
def _root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Show the version and end.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as installed  # noqa: PLC0415 - slow, and rarely asked

        typer.echo(f"kolco {installed('kolco')}")
        raise typer.Exit


def main() -> NoReturn:
    """Run the command line."""
    output.run(app)
