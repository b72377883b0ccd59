import pytest
from pydantic import Field

from controller.core.errors import InvalidInputError
from controller.core.settings import CoreSettings, Section, section


class DoorSettings(Section):
    model_config = section("door")

    port: int = Field(80, ge=1, description="Port.")
    names: tuple[str, ...] = Field((), description="Names.")


def test_the_environment_beats_the_file_and_the_file_the_default(monkeypatch, tmp_path):
    path = tmp_path / "kolco.toml"
    path.write_text('[door]\nport = 81\nnames = ["a"]\n[core]\nlog_level = "debug"\n')
    monkeypatch.setenv("KOLCO_CONFIG", str(path))
    assert DoorSettings.load().port == 81
    assert CoreSettings.load().log_level == "debug"
    monkeypatch.setenv("KOLCO_DOOR_PORT", "82")
    assert (DoorSettings.load().port, DoorSettings.load().names) == (82, ("a",))


def test_a_wrong_value_is_named_with_its_variable(monkeypatch):
    monkeypatch.setenv("KOLCO_DOOR_PORT", "none")
    with pytest.raises(InvalidInputError, match="KOLCO_DOOR_PORT: Input should be a valid integer"):
        DoorSettings.load()


@pytest.mark.parametrize("content", ["[door", "[door]\nprot = 1\n", "door = 1\n"])
def test_a_wrong_file_is_refused(monkeypatch, tmp_path, content):
    path = tmp_path / "kolco.toml"
    path.write_text(content)
    monkeypatch.setenv("KOLCO_CONFIG", str(path))
    with pytest.raises(InvalidInputError):
        DoorSettings.load()


def test_an_absent_file_is_refused(monkeypatch):
    monkeypatch.setenv("KOLCO_CONFIG", "/nowhere/kolco.toml")
    with pytest.raises(InvalidInputError, match="cannot read the configuration file"):
        DoorSettings.load()


def test_a_list_that_is_no_json_is_named_with_its_variable(monkeypatch):
    monkeypatch.setenv("KOLCO_DOOR_NAMES", "a")
    with pytest.raises(InvalidInputError, match="KOLCO_DOOR_NAMES is not JSON"):
        DoorSettings.load()


@pytest.mark.parametrize(
    ("settings", "variable", "hint"),
    [
        (DoorSettings, "KOLCO_DOOR_PROT", "did you mean KOLCO_DOOR_PORT?"),
        (DoorSettings, "KOLCO_DOOR_HANDLE", "docs/settings.md shows every setting"),
        (CoreSettings, "KOLCO_DATABSE_URL", "did you mean KOLCO_DATABASE_URL?"),
        (CoreSettings, "KOLCO_CONFG", "did you mean KOLCO_CONFIG?"),
    ],
)
def test_a_misspelt_variable_is_refused_not_ignored(monkeypatch, settings, variable, hint):
    monkeypatch.setenv(variable, "1")
    with pytest.raises(InvalidInputError, match=f"there is no {variable}") as refused:
        settings.load()
    assert refused.value.hint == hint


def test_the_embedded_database_lies_in_the_data_directory(tmp_path):
    assert CoreSettings(data_dir=tmp_path).database == f"sqlite+aiosqlite:///{tmp_path}/kolco.db"


def test_the_citys_time_zone_is_one(monkeypatch):
    assert CoreSettings.load().zone.key == "Europe/Moscow"
    for wrong in ("Europe/Moskva", "../etc/passwd", "Europe"):
        monkeypatch.setenv("KOLCO_TIME_ZONE", wrong)
        with pytest.raises(InvalidInputError, match="KOLCO_TIME_ZONE"):
            CoreSettings.load()
