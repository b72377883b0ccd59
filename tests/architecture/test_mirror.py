"""Tests mirror modules: whoever changes a module knows where its tests are."""

from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("controller", "captive_portal", "radius", "monitoring")
MIRRORS = ("tests/unit", "tests/integration")

DECLARATIONS = ("models", "migrations")
"""Folders that only declare: tables, and the history `alembic` checks against them."""


def modules():
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            relative = path.relative_to(ROOT)
            if relative.name in {"__init__.py", "__main__.py"} or set(relative.parts) & set(DECLARATIONS):
                continue
            yield relative


def declares_only(path: Path) -> bool:
    """A module without a function or method body holds nothing to test: types, events, constants."""
    return "def " not in (ROOT / path).read_text(encoding="utf-8")


def mirror(path: Path, root: str) -> Path:
    return Path(root) / path.parent / f"test_{path.name}"


def has_test(path: Path) -> bool:
    if path.name == "repository.py":  # SQL is tried through the feature that runs it, on both databases
        return any((ROOT / "tests/integration" / path.parent).rglob("test_*.py"))
    return any((ROOT / mirror(path, root)).exists() for root in MIRRORS)


def test_every_module_has_a_test_of_its_own():
    missing = [str(path) for path in modules() if not declares_only(path) and not has_test(path)]
    assert not missing, "no test for " + ", ".join(missing)


def test_every_mirroring_test_has_its_module():
    orphans = []
    for test in sorted((ROOT / "tests/unit").rglob("test_*.py")):
        relative = test.relative_to(ROOT / "tests/unit")
        module = relative.parent / relative.name.removeprefix("test_")
        package = relative.parent / relative.stem.removeprefix("test_") / "__init__.py"
        if not (ROOT / module).exists() and not (ROOT / package).exists():
            orphans.append(str(relative))
    assert not orphans, f"tests of modules that are not there: {orphans}"
