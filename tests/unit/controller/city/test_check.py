import asyncio
from io import StringIO

from rich.console import Console

from controller.city.check import check
from controller.city.parts import PACKAGES, Found
from controller.city.run import Options


def told(found, **options):
    console = Console(file=StringIO(), width=200)
    story = asyncio.run(check(Options(**options), found, console))
    return story, console.file.getvalue()


def test_a_machine_without_root_fails_the_first_step_and_says_how_to_get_it():
    found = Found(root=False, programs=frozenset(PACKAGES), playwright=True)
    story, shown = told(found, aps=3, phones=3)
    assert story["failed_step"] == "machine"
    assert "sudo" in str(story["error"])
    assert "✗ this machine has what the story needs" in shown
    assert {step["outcome"] for step in story["steps"][1:]} == {"not reached"}


def test_a_machine_without_a_program_names_its_package():
    found = Found(root=True, programs=frozenset(PACKAGES) - {"radclient"}, playwright=True)
    story, _shown = told(found, aps=3, phones=3)
    assert story["failed_step"] == "machine"
    assert "freeradius-utils" in str(story["error"])


def test_the_story_needs_three_phones():
    found = Found(root=True, programs=frozenset(PACKAGES), playwright=True)
    story, _shown = told(found, aps=3, phones=2)
    assert story["failed_step"] == "machine"
    assert "--phones 3" in str(story["error"])


def test_the_servers_are_named_without_their_addresses():
    found = Found(root=False, programs=frozenset(PACKAGES), playwright=True)
    story, _shown = told(
        found, aps=3, phones=3, database_url="postgresql+asyncpg://u:secret@h/d", bus_url="nats://h"
    )
    assert (story["database"], story["bus"]) == ("postgresql", "nats")
    assert "secret" not in str(story)
