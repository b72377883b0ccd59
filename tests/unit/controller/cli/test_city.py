import asyncio
import json
import os
import signal

import pytest
import typer
from typer.testing import CliRunner

from controller.city import check as checking
from controller.city import show as showing
from controller.cli import city

app = typer.Typer()
app.command()(city.command)


@pytest.fixture
def story(monkeypatch):
    """Replaces the story; what it was asked to tell, and what it shall answer."""
    told = {"asked": [], "answer": {"outcome": "passed", "failed_step": None}}

    async def check(options, _found, _console):
        told["asked"].append(options)
        return told["answer"]

    monkeypatch.setattr(checking, "check", check)
    return told


def run(*arguments):
    return CliRunner().invoke(app, arguments)


def test_a_story_that_holds_ends_with_zero_and_one_json_object(story):
    result = run("--aps", "300", "--phones", "3", "--check", "-o", "json")
    assert result.exit_code == 0
    assert json.loads(result.stdout) == story["answer"]
    assert (story["asked"][0].aps, story["asked"][0].phones) == (300, 3)


def test_a_story_that_breaks_ends_with_one(story):
    story["answer"] = {"outcome": "failed", "failed_step": "lease"}
    result = run("--check", "-o", "json")
    assert result.exit_code == 1
    assert json.loads(result.stdout)["failed_step"] == "lease"


def test_for_people_no_json_is_printed(story):
    assert run("--check").stdout == ""


def test_servers_and_pace_are_handed_on(story):
    run(
        "--check",
        "--database-url",
        "postgresql+asyncpg://x",
        "--bus-url",
        "nats://y",
        "--state-interval",
        "5",
    )
    (asked,) = story["asked"]
    assert (asked.database_url, asked.bus_url, asked.state_interval_s) == (
        "postgresql+asyncpg://x",
        "nats://y",
        5,
    )


def test_an_interrupt_ends_the_story_after_it_has_cleaned_up(monkeypatch):
    cleaned = []

    async def check(_options, _found, _console):
        try:
            os.kill(os.getpid(), signal.SIGINT)
            await asyncio.Event().wait()
        finally:
            os.kill(os.getpid(), signal.SIGINT)  # once more, while it cleans up
            await asyncio.sleep(0)
            cleaned.append(True)

    monkeypatch.setattr(checking, "check", check)
    result = run("--check")
    assert result.exit_code == 2
    assert "nothing is left behind" in result.stderr
    assert cleaned == [True]


def test_a_city_to_look_at_ends_with_zero_when_it_is_interrupted(monkeypatch):
    async def show(_options, _found, _console):
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.Event().wait()

    monkeypatch.setattr(showing, "show", show)
    assert run().exit_code == 0
