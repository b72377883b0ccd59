import pytest

from captive_portal.gateway.programs import command_in, find_program
from controller.core.errors import UnavailableError


def test_finds_a_program_beyond_the_path(monkeypatch):
    monkeypatch.setenv("PATH", "")
    assert find_program("nft").endswith("/nft")


def test_names_the_package_of_a_missing_one(tmp_path):
    with pytest.raises(UnavailableError, match="nft is not installed") as caught:
        find_program("nft", path=str(tmp_path))
    assert caught.value.hint == "apt-get install nftables"


def test_runs_inside_a_namespace():
    assert command_in("gw", "nft", "-f", "-")[1:4] == ["netns", "exec", "gw"]
    assert command_in(None, "nft")[0].endswith("/nft")
