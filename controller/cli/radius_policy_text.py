"""Reads policies for `kolco radius policy`, from the database or a file, and puts conditions into words."""

import sys
from pathlib import Path

from controller.cli.local import opened
from radius.policy import service
from radius.policy.rules import Condition, Policy, TimeCondition
from radius.policy.text import PolicyTextError, Problem, render_windows


async def read_policy(revision: int | None = None) -> Policy:
    """Return the policy in force, or that of a revision."""
    async with opened(write=False) as (tx, _):
        return await service.read(tx, revision)


def read_file(file: str) -> str:
    """Return a policy's text; `-`: of the standard input."""
    if file == "-":
        return sys.stdin.read()
    try:
        return Path(file).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise PolicyTextError([Problem(0, f"{file} is not UTF-8")]) from error


def show_condition(condition: Condition | TimeCondition) -> str:
    """Return a condition as its text says it."""
    negated = "not " if condition.negated else ""
    if isinstance(condition, Condition):
        return f"{condition.fact} {negated}{', '.join(condition.values)}"
    return f"time {negated}{render_windows(condition.windows)}"
