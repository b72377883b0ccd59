import re
from pathlib import Path

import pytest
from pydantic import Field, SecretStr

from controller.cli import app, reference
from controller.cli.monitor import render_metrics
from controller.core.settings import Section, section

ROOT = Path(__file__).parents[4]


def test_every_command_and_option_is_described():
    text = reference.render_cli(app)
    for part in (
        "### kolco ap",
        "#### kolco ap import FILE",
        "`--dry-run`",
        "kolco doctor [OPTIONS]",
        "| 5 | the",
    ):
        assert part.split(" FILE")[0] in text
    assert "kolco docs" not in text.split("# Commands")[1]
    assert "\x1b" not in text


def test_every_option_has_a_help():
    bare = [line for line in reference.render_cli(app).splitlines() if line.endswith("|  |")]
    assert bare == []


def test_every_setting_is_described():
    text = reference.render_settings()
    for cls in reference.settings_classes():
        for name, field in cls.model_fields.items():
            assert field.description, f"{cls.__name__}.{name} has no description"
            assert f"`{cls.env_prefix()}{name.upper()}`" in text


def test_every_settings_class_is_in_the_document():
    found = {cls.__name__ for cls in reference.settings_classes()}
    defined = set()
    for package in ("controller", "captive_portal", "radius", "monitoring"):
        for path in (ROOT / package).rglob("settings.py"):
            lines = path.read_text().splitlines()
            defined |= {
                line.split()[1].split("(")[0]
                for line in lines
                if line.startswith("class ") and "(Section)" in line
            }
    assert found == defined


class _Example(Section):
    """An example."""

    model_config = section("example")

    names: tuple[str, ...] = Field(("a", "ж"), description="With a | bar.")
    secret: SecretStr | None = Field(None, description="Kept.")
    on: bool = Field(True, description="A switch.")
    folder: Path = Field(Path("x"), description="A path.")
    must: int = Field(description="No default.")


def test_types_and_defaults(monkeypatch):
    monkeypatch.setattr(reference, "settings_classes", lambda: [_Example])
    assert reference.render_settings().split("|---|---|---|---|\n")[1] == (
        '| `KOLCO_EXAMPLE_NAMES` | `list of str` | `["a", "ж"]` | With a \\| bar. |\n'
        "| `KOLCO_EXAMPLE_SECRET` | `secret \\| unset` | unset | Kept. |\n"
        "| `KOLCO_EXAMPLE_ON` | `bool` | `true` | A switch. |\n"
        "| `KOLCO_EXAMPLE_FOLDER` | `path` | `x` | A path. |\n"
        "| `KOLCO_EXAMPLE_MUST` | `int` | must be set | No default. |\n"
    )


@pytest.mark.parametrize(
    ("name", "render"),
    [
        ("cli.md", lambda: reference.render_cli(app)),
        ("settings.md", reference.render_settings),
        ("metrics.md", render_metrics),
    ],
)
def test_the_committed_documents_are_up_to_date(name, render):
    hint = "run: kolco docs --out docs"
    assert (ROOT / "docs" / name).read_text(encoding="utf-8") == render(), hint


@pytest.mark.parametrize("package", ["controller", "captive_portal", "radius", "monitoring"])
def test_every_metric_in_the_source_is_in_the_reference(package):
    text = render_metrics()
    source = "".join(path.read_text(encoding="utf-8") for path in (ROOT / package).rglob("*metrics.py"))
    named = set(re.findall(r'"(kolco_[a-z_]+?)(?:_total)?"', source))
    assert named
    assert {name for name in named if f"`{name}`" not in text and f"`{name}_total`" not in text} == set()
