import json
from pathlib import Path

from controller.city.environment import PORTAL_URL, daemon_names, environment
from controller.city.layout import Layout
from controller.city.ports import Ports

PORTS = Ports(*range(20_000, 20_012))


def made(**changes):
    given = {"database_url": None, "bus_url": None, "laid": Layout("kc1", 2)} | changes
    return environment(PORTS, Path("/data"), **given)


def test_daemons_have_their_own_ports_and_the_command_line_finds_the_api():
    settings = made()
    assert settings["KOLCO_CLI_API_URL"] == f"http://127.0.0.1:{PORTS.api}"
    ports = [value for name, value in settings.items() if name.endswith("_PORT")]
    assert len(set(ports)) == len(ports) == 11


def test_the_portal_and_the_gateway_stand_in_their_namespaces():
    settings = made()
    assert settings["KOLCO_PORTAL_NETNS"] == "kc1-inet"
    assert settings["KOLCO_GATEWAY_NETNS"] == "kc1-gw"
    assert settings["KOLCO_PORTAL_PORTAL_URL"] == settings["KOLCO_GATEWAY_PORTAL_URL"] == PORTAL_URL
    assert json.loads(settings["KOLCO_GATEWAY_PORTAL_ADDRESSES"]) == ["203.0.113.10"]


def test_without_a_network_nothing_needs_a_namespace():
    settings = made(laid=None)
    assert not [name for name in settings if "NETNS" in name]
    assert settings["KOLCO_PORTAL_PORTAL_URL"] == f"https://localhost:{PORTS.portal_https}"
    assert "gateway" not in daemon_names(with_network=False)
    assert daemon_names(with_network=True)[-1] == "gateway"


def test_servers_are_used_only_when_they_are_named():
    assert not {"KOLCO_DATABASE_URL", "KOLCO_BUS_URL"} & made().keys()
    settings = made(database_url="postgresql+asyncpg://x", bus_url="nats://y")
    assert settings["KOLCO_DATABASE_URL"] == "postgresql+asyncpg://x"
    assert settings["KOLCO_BUS_URL"] == "nats://y"
