"""The collection as its own tools see it: lint, syntax, documentation."""

import os
import subprocess
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).parents[3]
COLLECTION = ROOT / "ansible"
BIN = Path(sys.executable).parent
ENVIRONMENT = os.environ | {"PATH": f"{BIN}:{os.environ['PATH']}", "NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1"}


def run(*command: object) -> str:
    result = subprocess.run(
        [str(part) for part in command],
        cwd=COLLECTION,
        env=ENVIRONMENT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


def test_ansible_lint_in_its_strictest_profile():
    run("ansible-lint", "--offline", "--profile", "production")


def test_syntax():
    run("ansible-playbook", "--syntax-check", "playbooks/site.yml")


def test_the_inventory_example_names_hosts_and_services():
    listed = run("ansible-inventory", "--list")
    assert "gw-park.example.invalid" in listed
    assert "kolco_gateways" in listed


def test_no_package_marker_shadows_ansible_itself():
    assert not list(COLLECTION.rglob("__init__.py"))
    code = "import ansible.release; print(ansible.release.__file__)"
    found = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "site-packages" in found.stdout


def test_every_default_is_documented_and_the_reverse():
    role = COLLECTION / "roles" / "controller"
    specs = yaml.safe_load((role / "meta" / "argument_specs.yml").read_text())["argument_specs"]
    options = specs["main"]["options"]
    defaults = yaml.safe_load((role / "defaults" / "main.yml").read_text())
    assert {name: option["default"] for name, option in options.items()} == defaults
    assert all(option["description"] for option in options.values())
