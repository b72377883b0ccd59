"""Settings that cannot work are refused at the start."""

import pytest
from pydantic import SecretStr, ValidationError

from captive_portal.portal.settings import PortalSettings


def test_defaults_stay_on_loopback_and_hold_no_secret() -> None:
    settings = PortalSettings()
    assert {settings.host, settings.admin_host} == {"127.0.0.1"}
    assert settings.public_host is None
    assert settings.smpp_password is None
    assert settings.origin == "https://localhost:8443"
    assert settings.public_name == "localhost"
    assert settings.sms_prefixes == ("+7",)


@pytest.mark.parametrize(
    "wrong",
    [
        {"portal_url": "http://wifi.example"},
        {"portal_url": "https://wifi.example/path"},
        {"portal_url": "https://"},
        {"certificate": "/a.pem"},
        {"sms_prefixes": ("7",)},
        {"sms_prefixes": ()},
        {"sms_sender": "smpp"},
        {"methods": ()},
        {"sms_code_tries": 0},
    ],
)
def test_what_cannot_work_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        PortalSettings.model_validate(wrong)


def test_the_password_is_not_shown() -> None:
    settings = PortalSettings(sms_sender="smpp", smpp_system_id="kolco", smpp_password=SecretStr("secret12"))
    assert "secret12" not in repr(settings)


def test_every_setting_is_described() -> None:
    assert all(field.description for field in PortalSettings.model_fields.values())
