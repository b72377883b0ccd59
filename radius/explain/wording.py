"""The languages in which decisions are explained (Project Fluent): for help desks, not for programs."""

from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files
from typing import Final

from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax.ast import Message

LANGUAGES: Final = ("en", "ru")

Translate = Callable[..., str]


def choose_language(environment: Mapping[str, str]) -> str:
    """Return the language of a process's environment (POSIX: LC_ALL, LC_MESSAGES, LANG); else English."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = environment.get(name, "")
        if value:
            return "ru" if value.lower().startswith("ru") else "en"
    return "en"


def translator(language: str) -> Translate:
    """Return the function from a message id and arguments to text in that language.

    The function raises LookupError for a message that is not there or lacks an argument.
    """
    bundle = _bundle(language)

    def translate(message_id: str, /, **arguments: str | int) -> str:
        message = bundle.get_message(message_id)
        if message.value is None:
            raise LookupError(message_id)
        # Numbers are written as they are: ids and counts are copied into other programs.
        texts = {name: str(value) for name, value in arguments.items()}
        text, faults = bundle.format_pattern(message.value, texts)
        if faults:
            raise LookupError(f"{message_id}: {faults[0]}")
        return str(text)

    return translate


def message_ids(language: str) -> frozenset[str]:
    """Return the ids of every message of a language; for the test that languages agree."""
    entries = FluentResource(_source(language)).body
    return frozenset(entry.id.name for entry in entries if isinstance(entry, Message))


def _source(language: str) -> str:
    return files(__package__).joinpath("locales", f"{language}.ftl").read_text(encoding="utf-8")


@cache
def _bundle(language: str) -> FluentBundle:
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource(_source(language)))
    return bundle
