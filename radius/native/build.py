"""Compiles the hot path by mypyc: `python -m radius.native.build`, which is `make compile`.

Makes nothing anew that is up to date. With no C compiler or no headers of Python there is nothing to do:
kolco runs as plain Python, slower. The result stands where `location` looks for it and is no part of the
sources or of a release.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from radius.native.location import MODULES, SOURCES, STAMP, folder, is_current, stamp_of

_PACKAGES: Final = ("radius", "controller")
_MYPY: Final = ("--config-file=", "--strict", "--no-warn-unused-ignores", "--follow-imports=silent")


def why_not() -> str:
    """Return what is missing to compile; empty if nothing is."""
    compiler = (sysconfig.get_config_var("CC") or "cc").split()[0]
    if shutil.which(compiler) is None:
        return f"there is no C compiler ({compiler})"
    if not Path(sysconfig.get_path("include"), "Python.h").is_file():
        return "Python's headers are not there"
    return ""


def build(target: Path) -> None:
    """Compile all modules into a folder, in place of what is there.

    Raises:
        CalledProcessError: the compiler failed; its output tells why.
    """
    with tempfile.TemporaryDirectory(prefix="kolco-native-") as scratch:
        made, copy = Path(scratch, "made"), _copy_sources(Path(scratch, "sources"))
        subprocess.run(
            [sys.executable, "-c", _SCRIPT, str(made), *_MYPY, *MODULES],
            cwd=copy,
            env={**os.environ, "PYTHONPATH": ""},
            capture_output=True,
            text=True,
            check=True,
        )
        (made / STAMP).write_text(json.dumps(stamp_of(copy, read_with(copy, MODULES))), "utf-8")
        _replace(target, made)


def read_with(sources: Path, names: Iterable[str]) -> set[str]:
    """Return sources with all those of ours that they import, at any remove."""
    found, left = set[str](), list(names)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left += _imported(sources, ast.parse((sources / name).read_bytes()))
    return found


def _imported(sources: Path, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        modules: list[str] = []
        if isinstance(node, ast.Import):
            modules = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        for module in modules:
            path = module.replace(".", "/")
            if path.split("/")[0] in _PACKAGES:
                yield from (
                    name for name in (f"{path}.py", f"{path}/__init__.py") if (sources / name).is_file()
                )


def _replace(target: Path, made: Path) -> None:
    """Put a folder in the place of another; whoever starts meanwhile finds one or none."""
    new, old = target.with_name(f"{target.name}.new"), target.with_name(f"{target.name}.old")
    for left_over in (new, old):
        shutil.rmtree(left_over, ignore_errors=True)
    shutil.copytree(made, new)
    if target.exists():
        target.rename(old)
    new.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _copy_sources(copy: Path) -> Path:
    """Copy what the compiler reads, so that it leaves nothing in the tree, and sees no change half-way."""
    for package in _PACKAGES:
        shutil.copytree(
            SOURCES / package, copy / package, ignore=shutil.ignore_patterns("*.so", "__pycache__")
        )
    return copy


_SCRIPT: Final = """
import sys
from mypyc.build import mypycify
from setuptools import Distribution

made, *arguments = sys.argv[1:]
modules = mypycify(arguments, opt_level="2", debug_level="0", target_dir="generated")
command = Distribution({"name": "kolco-native", "ext_modules": modules}).get_command_obj("build_ext")
command.build_lib, command.build_temp = made, "objects"
command.ensure_finalized()
command.run()
"""


def main() -> int:
    """Compile if it is possible and of use; say what was done."""
    target, missing = folder(), why_not()
    if missing:
        sys.stderr.write(f"the RADIUS hot path runs as plain Python: {missing}\n")
    elif not is_current(target):
        sys.stderr.write("compiling the RADIUS hot path\n")
        try:
            build(target)
        except subprocess.CalledProcessError as error:
            sys.stderr.write(f"{error.stdout}\n{error.stderr}\nit runs as plain Python\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
