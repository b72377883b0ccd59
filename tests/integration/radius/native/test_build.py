"""The hot path compiled anew, and the tests of its modules run against it and against plain Python."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from radius.native import build
from radius.native.location import FOLDER_VARIABLE, MODULES, PURE_VARIABLE, SOURCES, STAMP, State, state

pytestmark = pytest.mark.timeout(900)

_TELL = """
import importlib, json, sys
from radius.native.location import MODULES, state
names = [name.removesuffix(".py").replace("/", ".") for name in MODULES]
print(json.dumps([state(), [importlib.import_module(name).__file__ for name in names]]))
"""


def run(folder, *arguments, **more):
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=SOURCES,
        env={**os.environ, FOLDER_VARIABLE: str(folder), **more},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def compiled(tmp_path_factory):
    """The modules as `make setup` compiled them, if it did so from these very sources; else made here."""
    assert not build.why_not()
    copy = tmp_path_factory.mktemp("native") / "compiled"
    if build.is_current(build.folder()):
        shutil.copytree(build.folder(), copy)
    else:
        build.build(copy)
    return copy


def mirror(name):
    path = Path(name)
    return path.parent / f"test_{path.name}"


def tell(folder, **more):
    done = run(folder, "-c", _TELL, **more)
    assert done.returncode == 0, done.stderr
    state, files = json.loads(done.stdout)
    return state, files


def test_each_module_is_compiled(compiled):
    state, files = tell(compiled)
    assert state == "compiled"
    assert all(file.startswith(str(compiled)) and file.endswith(".so") for file in files)
    assert build.is_current(compiled)


def test_a_changed_source_makes_plain_python_run(compiled, tmp_path):
    stamp = json.loads((compiled / STAMP).read_text())
    (tmp_path / STAMP).write_text(json.dumps(stamp | {MODULES[-1]: "changed"}))
    state, files = tell(tmp_path)
    assert state == "stale"
    assert not build.is_current(tmp_path)
    assert all(file.endswith(".py") for file in files)


def test_it_is_made_anew_when_a_source_changes_whose_types_are_compiled_in(compiled):
    names = json.loads((compiled / STAMP).read_text()).keys()
    assert {*MODULES, "radius/policy/repository.py", "controller/core/ids.py"} <= names
    assert not any(name.startswith("radius/native/build") for name in names)


def test_the_other_way_than_that_of_this_run_passes_the_tests_of_its_modules(compiled):
    way = State.REFUSED if state() is State.COMPILED else State.COMPILED
    more = {PURE_VARIABLE: "1" if way is State.REFUSED else ""}
    assert tell(compiled, **more)[0] == way
    tests = [str(test) for name in MODULES if (test := SOURCES / "tests/unit" / mirror(name)).exists()]
    assert len(tests) > len(MODULES) / 2
    done = run(compiled, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests, **more)
    assert done.returncode == 0, done.stdout[-3000:]


def test_it_is_compiled_only_if_need_be(compiled, monkeypatch, capsys):
    monkeypatch.setenv(FOLDER_VARIABLE, str(compiled))
    monkeypatch.setattr(build, "build", lambda target: pytest.fail("it is up to date"))
    assert build.main() == 0
    assert capsys.readouterr().err == ""


def test_with_no_compiler_plain_python_does(monkeypatch, capsys):
    monkeypatch.setattr(build.shutil, "which", lambda _name: None)
    assert build.main() == 0
    assert "plain Python" in capsys.readouterr().err


def test_what_the_compiler_says_is_shown(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.setattr(build, "MODULES", ("radius/no_such_module.py",))
    assert build.main() == 1
    assert "no_such_module" in capsys.readouterr().err
