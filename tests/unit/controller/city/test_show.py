from pathlib import Path
from types import SimpleNamespace

from controller.city.layout import Layout
from controller.city.parts import PACKAGES, Found
from controller.city.ports import Ports
from controller.city.show import ideas_of, links_of


def city(*, laid, programs=frozenset(PACKAGES)):
    return SimpleNamespace(
        laid=laid,
        found=Found(root=laid is not None, programs=programs, playwright=True),
        ports=Ports(*range(20_000, 20_012)),
        env={"KOLCO_CLI_API_URL": "http://127.0.0.1:20000"},
        env_file=Path("/data/env"),
        data_dir=Path("/data"),
        prometheus_url="http://127.0.0.1:20011",
    )


def test_there_are_three_things_to_try_with_and_without_a_network():
    laid = ideas_of(city(laid=Layout("kc1", 2)))
    assert len(laid) == 3
    assert "ip netns exec kc1-phone-1 curl" in laid[2].command
    bare = ideas_of(city(laid=None))
    assert len(bare) == 3
    assert bare[0].command.startswith(". /data/env && kolco ")
    assert all(idea.command.startswith("kolco ") for idea in bare[1:])


def test_the_commands_can_be_copied_from_a_terminal_of_80_columns():
    running = city(laid=Layout("kc0123abcd", 200))
    running.env_file = Path("/tmp/kolco-city-abcdefgh/env")
    frame_and_indent = 7
    assert all(len(idea.command) <= 80 - frame_and_indent for idea in ideas_of(running))


def test_prometheus_is_linked_only_if_it_runs():
    assert "Prometheus" in [link.name for link in links_of(city(laid=None))]
    without = links_of(city(laid=None, programs=frozenset()))
    assert "Prometheus" not in [link.name for link in without]
    assert without[0].url == "http://127.0.0.1:20000/api/v1/openapi.json"
