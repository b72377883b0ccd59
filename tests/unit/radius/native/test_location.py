import ast
import json

import pytest

from radius.native import location
from radius.native.location import MODULES, SOURCES, STAMP, State

READ = (*MODULES, "controller/core/ids.py")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder for compiled modules that is looked at anew; afterwards it is as it was."""
    monkeypatch.setenv(location.FOLDER_VARIABLE, str(tmp_path))
    monkeypatch.delenv(location.PURE_VARIABLE, raising=False)
    location.state.cache_clear()
    yield tmp_path
    location.state.cache_clear()


def write(folder, stamp):
    (folder / STAMP).write_text(stamp)


def test_with_nothing_compiled_plain_python_runs(folder):
    assert location.state() is State.PURE
    assert location.search_path("radius.protocol") == []


def test_what_was_made_of_this_very_source_is_taken(folder):
    write(folder, json.dumps(location.stamp_of(SOURCES, READ)))
    assert location.state() is State.COMPILED
    assert location.search_path("radius.protocol") == [str(folder / "radius/protocol")]


def test_what_was_made_of_other_source_is_not(folder):
    stamp = location.stamp_of(SOURCES, READ)
    write(folder, json.dumps(stamp | {MODULES[0]: "0" * 64}))
    assert location.state() is State.STALE
    assert location.search_path("radius.protocol") == []


def test_what_was_made_for_another_python_is_not(folder):
    write(folder, json.dumps(location.stamp_of(SOURCES, READ) | {"python": ".cpython-39.so"}))
    assert location.state() is State.STALE


@pytest.mark.parametrize("changed", ["controller/core/ids.py", "radius/gone.py"])
def test_what_was_made_of_another_source_that_it_imports_is_not(folder, changed):
    write(folder, json.dumps(location.stamp_of(SOURCES, READ) | {changed: "0" * 64}))
    assert location.state() is State.STALE


@pytest.mark.parametrize("stamp", ["{", "[]", "{}"])
def test_a_damaged_stamp_is_none(folder, stamp):
    write(folder, stamp)
    assert location.state() is State.STALE


def test_plain_python_may_be_asked_for(folder, monkeypatch):
    write(folder, json.dumps(location.stamp_of(SOURCES, READ)))
    monkeypatch.setenv(location.PURE_VARIABLE, "1")
    assert location.state() is State.REFUSED


def test_the_stamp_must_name_each_module(folder):
    write(folder, json.dumps(location.stamp_of(SOURCES, MODULES[1:])))
    assert location.state() is State.STALE


def test_no_compiled_coroutine_awaits_another():
    trees = {name: list(ast.walk(ast.parse((SOURCES / name).read_bytes()))) for name in MODULES}
    coroutines = {n.name for nodes in trees.values() for n in nodes if isinstance(n, ast.AsyncFunctionDef)}
    assert "decide_all" in coroutines
    awaited = {
        f"{name}: {ast.unparse(node)}"
        for name, nodes in trees.items()
        for node in nodes
        if isinstance(node, ast.Await) and isinstance(call := node.value, ast.Call)
        if called_by_name(call) in coroutines
    }
    assert not awaited


def called_by_name(call):
    """Return the function's or own method's name; what belongs to another object cannot be told."""
    match call.func:
        case ast.Name(name) | ast.Attribute(ast.Name("self"), name):
            return name
    return None
