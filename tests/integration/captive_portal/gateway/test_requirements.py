import os

import pytest

from captive_portal.gateway.requirements import check_requirements
from captive_portal.gateway.settings import GatewaySettings
from controller.core.errors import DeniedError, InvalidInputError, UnavailableError
from tests.factories.gateway_lab import PORTAL, ip


@pytest.fixture
def settings(lab):
    return GatewaySettings(netns=lab.gateway, portal_addresses=[PORTAL])


async def test_a_fit_machine_passes(settings):
    check_requirements(settings)


async def test_says_that_it_needs_root(settings, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(DeniedError, match="needs root"):
        check_requirements(settings)


async def test_names_the_missing_program(settings, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("captive_portal.gateway.programs._SYSTEM_PATH", str(tmp_path))
    with pytest.raises(UnavailableError, match="ip is not installed") as caught:
        check_requirements(settings)
    assert "apt-get install iproute2" in caught.value.hint


async def test_names_the_missing_interface(settings):
    with pytest.raises(UnavailableError, match="no interface 'wan9'"):
        check_requirements(settings.model_copy(update={"wan_interface": "wan9"}))


async def test_names_the_missing_setting(settings):
    with pytest.raises(InvalidInputError, match="KOLCO_GATEWAY_PORTAL_ADDRESSES"):
        check_requirements(settings.model_copy(update={"portal_addresses": []}))


async def test_names_the_missing_namespace(settings):
    with pytest.raises(InvalidInputError, match="network namespace"):
        check_requirements(settings.model_copy(update={"netns": "no-such-place"}))


async def test_says_that_the_kernel_does_not_forward(settings, lab):
    ip("netns", "exec", lab.gateway, "sysctl", "-qw", "net.ipv4.ip_forward=0")
    with pytest.raises(UnavailableError, match="does not forward"):
        check_requirements(settings)
