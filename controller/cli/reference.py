"""Writes docs/cli.md, settings.md and metrics.md from the code, so that they cannot say anything else.

`kolco docs --out docs` is run after a change of commands or settings; a test compares the files.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, get_args, get_origin

import typer
import typer.main
from pydantic.fields import FieldInfo

from controller.cli.monitor import render_metrics
from controller.cli.output import ExitCode, note
from controller.cli.serve import DaemonName, settings_class
from controller.cli.settings import CliSettings
from controller.core.settings import CONFIG_VARIABLE, CoreSettings, Section

_GENERATED = "<!-- Written by `kolco docs --out docs`. Do not edit. -->"

_EXIT_CODES = {
    ExitCode.OK: "done, also when there was nothing to do",
    ExitCode.ERROR: "an error: refused by a rule, a conflict, a failed check",
    ExitCode.USAGE: "wrong usage, or cancelled",
    ExitCode.NOT_FOUND: "what was named does not exist",
    ExitCode.DENIED: "no valid token, or the role does not allow it",
    ExitCode.UNAVAILABLE: "the controller, or a part it needs, does not answer: try again later",
}

_CLI_INTRO = """# Commands

Every command is `kolco NOUN VERB`. Results go to stdout, messages to stderr. `-o table` and `-o wide`
are for people; `-o json` prints what the API answers, and `-o name` one `kind/name` a line. Colour is
left out in pipes and with `NO_COLOR`. What changes something takes `--dry-run`; what hurts somebody asks
first, and without a terminal wants `--yes`. `kolco --install-completion` sets up your shell.

| exit code | meaning |
|---|---|
"""

_TABLE_HEAD = ("| variable | type | default | meaning |", "|---|---|---|---|")

_SETTINGS_INTRO = f"""# Settings

Read once, when a program starts: from the environment, else from the TOML file that `{CONFIG_VARIABLE}`
names, else the default. No secret has a default: secrets are made in the data directory on the first
start. Lists are JSON in the environment.
"""


def docs(
    out: Annotated[Path, typer.Option(file_okay=False, help="Directory of the documents.")] = Path("docs"),
) -> None:
    """Write cli.md, settings.md and metrics.md from the code."""
    from controller.cli import app  # noqa: PLC0415  it mounts this command

    out.mkdir(parents=True, exist_ok=True)
    texts = {"cli.md": render_cli(app), "settings.md": render_settings(), "metrics.md": render_metrics()}
    for name, text in texts.items():
        (out / name).write_text(text, encoding="utf-8")
        note(f"{out / name} written")


def render_cli(app: typer.Typer) -> str:
    """Return the reference of every command that is not hidden, in Markdown."""
    codes = "".join(f"| {code.value} | {meaning} |\n" for code, meaning in _EXIT_CODES.items())
    root: Any = typer.main.get_command(app)
    context = root.context_class(root, info_name="kolco")
    return f"{_GENERATED}\n\n{_CLI_INTRO}{codes}\n" + "\n".join(_render_command(root, context, "kolco", 2))


def _render_command(command: Any, context: Any, path: str, level: int) -> Iterator[str]:
    commands: dict[str, Any] = getattr(command, "commands", {})
    yield f"{'#' * min(level, 4)} {path}\n"
    if command.help:
        yield f"{_plain(command.help)}\n"
    records = [record for param in command.params if (record := param.get_help_record(context))]
    arguments = [_argument(param) for param in command.params if param.param_type_name == "argument"]
    yield f"```\n{path}{' [OPTIONS]' if records else ''}{''.join(arguments)}"
    yield f"{path} COMMAND …\n```\n" if commands else "```\n"
    if records:
        yield "| | |\n|---|---|"
        yield from (f"| `{_cell(names)}` | {_cell(text)} |" for names, text in records)
        yield ""
    for name, inner in commands.items():
        if not inner.hidden:
            nested = inner.context_class(inner, info_name=name, parent=context)
            yield from _render_command(inner, nested, f"{path} {name}", level + 1)


def _argument(param: Any) -> str:
    name = param.name.upper()
    return f" {name}" if param.required else f" [{name}]"


def settings_classes() -> list[type[Section]]:
    """Return every settings class there is, in the order of the document."""
    return [CoreSettings, *(settings_class(name) for name in DaemonName), CliSettings]


def render_settings() -> str:
    """Return the reference of every setting, in Markdown."""
    parts = [_GENERATED, "", _SETTINGS_INTRO]
    for cls in settings_classes():
        prefix = cls.env_prefix()
        table = prefix.removeprefix("KOLCO_").removesuffix("_").lower() or "core"
        parts += [
            f"## [{table}]",
            "",
            _summary(cls),
            "",
            "| variable | type | default | meaning |",
            "|---|---|---|---|",
        ]
        for name, field in cls.model_fields.items():
            cells = (f"`{prefix}{name.upper()}`", _type(field), _default(field), field.description or "")
            parts.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
        parts.append("")
    return "\n".join(parts)


def _summary(cls: type[Section]) -> str:
    return (cls.__doc__ or "").strip().split("\n\n")[0].replace("\n    ", " ")


def _type(field: FieldInfo) -> str:
    return f"`{_type_name(field.annotation)}`"


def _type_name(annotation: Any) -> str:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation is type(None):
        return "unset"
    if origin is None:
        return (
            str(getattr(annotation, "__name__", annotation))
            .replace("SecretStr", "secret")
            .replace("Path", "path")
        )
    if str(origin) == "typing.Literal":
        return " | ".join(str(argument) for argument in arguments)
    if origin in (list, tuple, set, frozenset, dict):
        inner = ", ".join(_type_name(argument) for argument in arguments if argument is not Ellipsis)
        return f"{'object' if origin is dict else 'list'} of {inner}"
    if str(origin) == "typing.Annotated":
        return _type_name(arguments[0])
    return " | ".join(_type_name(argument) for argument in arguments)


def _default(field: FieldInfo) -> str:
    if field.is_required():
        return "must be set"
    value = field.get_default(call_default_factory=True, validated_data={})
    if value is None:
        return "unset"
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        return f"`{value}`" if value != "" else "empty"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if isinstance(value, list | tuple | set | frozenset | dict):
        plain = value if isinstance(value, dict) else [str(item) for item in value]
        return f"`{json.dumps(plain, ensure_ascii=False)}`"
    return f"`{value}`"


def _plain(text: str) -> str:
    return "\n".join(line.rstrip() for line in text.replace("\b\n", "").strip().splitlines())


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
