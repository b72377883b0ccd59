"""The role run for real, twice, with no network: into directories of the test, as root, no systemd.

`unshare -n -m` gives it an empty network and its own mounts, so nothing it does can reach out.
"""

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from captive_portal.gateway.settings import GatewaySettings
from controller.cli import app
from controller.core.secrets import SecretStore
from controller.core.settings import CoreSettings
from monitoring.settings import MonitorSettings

ROOT = Path(__file__).parents[3]
COLLECTION = ROOT / "ansible"
BIN = Path(sys.executable).parent
DATABASE = "postgresql+asyncpg://kolco@127.0.0.1/kolco"
SECRET = b"not-a-secret-but-32-bytes-long!!"
SERVICES = ["controller", "portal", "gateway", "radius", "monitor"]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    return next(directory.glob("kolco-*.whl"))


class Host:
    """A place to install into, and the playbook run on it."""

    def __init__(self, root: Path, wheel: Path) -> None:
        self.root = root
        secret = root / "portal-handles"
        secret.write_bytes(SECRET)
        self.variables: dict[str, object] = {
            "ansible_python_interpreter": sys.executable,
            "controller_package": f"kolco=={wheel.name.split('-')[1]}",
            "controller_pip_environment": {
                "PIP_NO_DEPS": "1",
                "PIP_NO_INDEX": "1",
                "PIP_FIND_LINKS": str(wheel.parent),
            },
            "controller_python": sys.executable,
            "controller_services": SERVICES,
            "controller_settings": {
                "core": {"log_format": "json", "database_url": DATABASE},
                "gateway": {"id": "gw-park", "portal_addresses": ["192.0.2.10"]},
                "monitor": {"snapshot_interval_s": 5},
            },
            "controller_secret_files": {"portal-handles": str(secret)},
            "controller_user": "root",
            "controller_group": "root",
            "controller_manage_user": False,
            "controller_manage_packages": False,
            "controller_manage_services": False,
            "controller_install_dir": str(root / "opt"),
            "controller_config_dir": str(root / "etc"),
            "controller_state_dir": str(root / "var"),
            "controller_unit_dir": str(root / "units"),
        }
        (root / "units").mkdir()

    def play(self, *options: str, **changes: object) -> subprocess.CompletedProcess[str]:
        inventory = self.root / "hosts.json"
        inventory.write_text(
            json.dumps({"kolco": {"hosts": {"here": {"ansible_connection": "local"}}}}), encoding="utf-8"
        )
        return subprocess.run(
            [
                "unshare", "-n", "-m", BIN / "ansible-playbook", "-i", inventory,
                "-e", json.dumps(self.variables | changes), *options, "playbooks/site.yml",
            ],
            cwd=COLLECTION,
            env=os.environ | {
                "ANSIBLE_NOCOLOR": "1",
                "ANSIBLE_PIPELINING": "1",
                "ANSIBLE_STDOUT_CALLBACK": "ansible.builtin.default",
                "ANSIBLE_LOCAL_TEMP": str(self.root / "tmp"),
                "ANSIBLE_REMOTE_TEMP": str(self.root / "tmp"),
            },
            capture_output=True,
            text=True,
            check=False,
        )  # fmt: skip


def recap(result: subprocess.CompletedProcess[str]) -> dict[str, int]:
    assert result.returncode == 0, result.stdout + result.stderr
    line = result.stdout.rpartition("PLAY RECAP")[2].split(":", 1)[1]
    return {name: int(number) for name, number in (word.split("=") for word in line.split() if "=" in word)}


@pytest.fixture(scope="module")
def host(tmp_path_factory, wheel) -> Host:
    host = Host(tmp_path_factory.mktemp("host"), wheel)
    assert recap(host.play())["changed"] > 0
    return host


def test_the_second_run_changes_nothing(host):
    assert recap(host.play())["changed"] == 0


def test_check_mode_foresees_nothing_after_a_run(host):
    assert recap(host.play("--check", "--diff"))["changed"] == 0


def test_kolco_is_installed(host):
    assert (host.root / "opt/venv/bin/kolco").is_file()
    packages = subprocess.run(
        [host.root / "opt/venv/bin/python", "-m", "pip", "list"], capture_output=True, text=True, check=True
    )
    assert "kolco" in packages.stdout


def test_the_configuration_is_toml_and_private(host):
    path = host.root / "etc/kolco.toml"
    assert tomllib.loads(path.read_text()) == {
        "core": {"data_dir": str(host.root / "var"), "log_format": "json", "database_url": DATABASE},
        "gateway": {"id": "gw-park", "portal_addresses": ["192.0.2.10"]},
        "monitor": {"snapshot_interval_s": 5},
    }
    assert path.stat().st_mode & 0o777 == 0o640
    assert (host.root / "var").stat().st_mode & 0o777 == 0o700


def test_the_daemons_read_the_configuration(host, monkeypatch):
    monkeypatch.setenv("KOLCO_CONFIG", str(host.root / "etc/kolco.toml"))
    assert CoreSettings.load().database == DATABASE
    assert MonitorSettings.load().snapshot_interval_s == 5
    assert [str(address) for address in GatewaySettings.load().portal_addresses] == ["192.0.2.10"]


def test_the_units_start_commands_that_exist(host):
    starts = [
        line.removeprefix("ExecStart=").split()
        for unit in (host.root / "units").glob("*.service")
        for line in unit.read_text().splitlines()
        if line.startswith("ExecStart=")
    ]
    assert len(starts) == 1 + len(SERVICES)
    for program, *arguments in starts:
        assert program == str(host.root / "opt/venv/bin/kolco")
        assert CliRunner().invoke(app, [*arguments, "--help"]).exit_code == 0, arguments


def test_shared_secrets_are_handed_over_and_private(host):
    for directory in ("var", "var-gateway"):
        path = host.root / directory / "secrets" / "portal-handles.key"
        assert SecretStore(path.parent).get("portal-handles") == SECRET
        assert path.stat().st_mode & 0o777 == 0o600


def test_systemd_reads_the_units(host):
    units = sorted((host.root / "units").glob("*.service"))
    assert [unit.stem for unit in units] == sorted(f"kolco-{name}" for name in ("database", *SERVICES))
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"controller_services": ["web"]}, "value of controller_services must be one or more of"),
        ({"controller_settings": {}}, "cannot share one SQLite file"),
    ],
)
def test_a_wrong_variable_stops_it_before_anything_changes(host, changes, complaint):
    result = host.play(**changes)
    assert result.returncode != 0
    assert complaint in result.stdout
    assert "changed=0" in result.stdout


def test_a_service_that_is_named_no_more_is_removed(host):
    assert recap(host.play(controller_services=SERVICES[:2]))["changed"] > 0
    left = {unit.stem for unit in (host.root / "units").glob("*.service")}
    assert left == {"kolco-database", "kolco-controller", "kolco-portal"}
