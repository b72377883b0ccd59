import ast
from pathlib import Path

import pytest

from radius import explain
from radius.explain.wording import LANGUAGES, choose_language, message_ids, translator
from radius.protocol.eap.steps import EapFailure
from radius.question import Refusal

FOLDER = Path(explain.__file__).parent


def test_languages_say_the_same():
    assert message_ids("en") == message_ids("ru")


@pytest.mark.parametrize("reason", [*Refusal, *EapFailure])
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_refusal_has_its_words(reason, language):
    assert translator(language)(f"refusal-{reason.value}")


def test_every_step_has_a_name():
    names = set()
    for path in FOLDER.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Step":
                names.add(ast.literal_eval(node.args[0]))
    assert names
    assert {f"step-{name}" for name in names} == {one for one in message_ids("en") if one.startswith("step-")}


def test_holes_are_faults():
    translate = translator("en")
    assert translate("time-left", seconds=7200) == "7200 s"
    for message, values in (("time-left", {}), ("none", {})):
        with pytest.raises(LookupError):
            translate(message, **values)


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "ru_RU.UTF-8"}, "ru"),
        ({"LANG": "ru_RU.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LC_MESSAGES": "ru_RU", "LANG": "de_DE"}, "ru"),
    ],
)
def test_the_terminals_language(environment, language):
    assert choose_language(environment) == language
