"""The portal's languages: which one a request wants, and its texts (Project Fluent)."""

from collections.abc import Callable
from functools import cache
from importlib.resources import files
from typing import Final

from fluent.runtime import FluentBundle, FluentResource
from fluent.syntax.ast import Message

LANGUAGES: Final = ("ru", "en")
DEFAULT_LANGUAGE: Final = "ru"
_RUSSIAN_SPEAKING: Final = frozenset({"ru", "be", "kk", "ky", "tg", "uz", "uk", "hy", "az"})
"""Languages whose speakers in the city mostly read Russian better than English."""
_MAX_RANGES: Final = 32

Translate = Callable[..., str]


def choose_language(accept_language: str) -> str:
    """Return the language of an Accept-Language header (RFC 9110 §12.5.4); Russian if none fits.

    Never raises: what cannot be read is left out.
    """
    best, best_quality = DEFAULT_LANGUAGE, 0.0
    for item in accept_language[:1000].split(",")[:_MAX_RANGES]:
        tag, _, parameters = item.strip().partition(";")
        primary = tag.strip().lower().split("-", maxsplit=1)[0]
        language = "ru" if primary in _RUSSIAN_SPEAKING else "en"
        if not primary.isalpha():
            continue
        quality = _quality(parameters)
        if quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameters: str) -> float:
    name, _, value = parameters.strip().partition("=")
    if not name:
        return 1.0
    try:
        quality = float(value)
    except ValueError:
        return 0.0
    return quality if name.strip().lower() == "q" and 0.0 <= quality <= 1.0 else 0.0


@cache
def _bundle(language: str) -> FluentBundle:
    source = files(__package__).joinpath("locales", f"{language}.ftl").read_text(encoding="utf-8")
    bundle = FluentBundle([language], use_isolating=False)
    bundle.add_resource(FluentResource(source))
    return bundle


def translator(language: str) -> Translate:
    """Return the function from a message id and arguments to text in that language.

    The function raises LookupError for a message that is not there or lacks an argument: a page
    with a hole in it must fail a test.
    """
    bundle = _bundle(language)

    def translate(message_id: str, /, **arguments: str | float) -> str:
        message = bundle.get_message(message_id)
        if message.value is None:
            raise LookupError(message_id)
        text, faults = bundle.format_pattern(message.value, dict(arguments))
        if faults:
            raise LookupError(f"{message_id}: {faults[0]}")
        return str(text)

    return translate


def message_ids(language: str) -> frozenset[str]:
    """Return the ids of every message of a language; for the test that languages agree."""
    source = files(__package__).joinpath("locales", f"{language}.ftl").read_text(encoding="utf-8")
    return frozenset(entry.id.name for entry in FluentResource(source).body if isinstance(entry, Message))
