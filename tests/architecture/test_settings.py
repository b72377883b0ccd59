"""Every setting is documented, and every settings class is among those that are."""

from importlib import import_module
from pathlib import Path

import pytest

from controller.cli.reference import settings_classes
from controller.core.settings import Section

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/settings.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("settings", settings_classes(), ids=lambda cls: cls.__name__)
def test_every_setting_has_a_description_and_stands_in_the_document(settings):
    for name, field in settings.model_fields.items():
        assert field.description, f"{settings.__name__}.{name} has no description"
        assert f"`{settings.env_prefix()}{name.upper()}`" in DOCUMENT, f"{name}: run `make docs`"


@pytest.mark.parametrize("settings", settings_classes(), ids=lambda cls: cls.__name__)
def test_no_secret_has_a_default_and_nothing_listens_beyond_loopback(settings):
    for name, field in settings.model_fields.items():
        if any(word in name for word in ("secret", "password", "token")) and "file" not in name:
            assert not field.default, f"{settings.__name__}.{name} has a default"
        if name == "host" or name.endswith("_host"):
            assert field.default in {"127.0.0.1", None}, f"{settings.__name__}.{name} is {field.default}"


def test_no_settings_class_is_forgotten():
    for package in ("controller", "captive_portal", "radius", "monitoring"):
        for path in (ROOT / package).rglob("settings.py"):
            import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    ours = {cls for cls in Section.__subclasses__() if not cls.__module__.startswith("test")}
    assert ours <= set(settings_classes())
