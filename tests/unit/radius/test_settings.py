import pytest

from controller.core.errors import InvalidInputError
from radius.settings import RadiusSettings


def test_everything_has_a_safe_default():
    settings = RadiusSettings()
    assert (settings.host, settings.auth_port, settings.acct_port) == ("127.0.0.1", 1812, 1813)
    assert settings.admin_host == "127.0.0.1"
    assert all(field.description for field in RadiusSettings.model_fields.values())


def test_wrong_values_name_their_variable(monkeypatch):
    monkeypatch.setenv("KOLCO_RADIUS_AUTH_PORT", "70000")
    with pytest.raises(InvalidInputError, match="KOLCO_RADIUS_AUTH_PORT"):
        RadiusSettings.load()
