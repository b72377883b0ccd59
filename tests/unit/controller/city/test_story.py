import pytest

from controller.city.story import Step, StepFailedError, StepResult, Told, report, tell
from controller.core.errors import UnavailableError


class Ticks:
    """A clock that moves on by a second with each look."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        self.now += 1.0
        return self.now


def step(name, result):
    async def act():
        if isinstance(result, Exception):
            raise result
        return result

    return Step(name, name.title(), act)


async def told(*steps):
    seen = []
    story = await tell(steps, monotonic=Ticks(), seen=seen.append)
    assert tuple(seen) == story.results
    return story


async def test_every_step_is_taken_and_timed():
    story = await told(step("lease", "10.77.0.9"), step("login", "in"))
    assert [(r.name, r.outcome, r.seconds, r.detail) for r in story.results] == [
        ("lease", "passed", 1.0, "10.77.0.9"),
        ("login", "passed", 1.0, "in"),
    ]
    assert story.failed is None
    assert story.seconds == 2.0


@pytest.mark.parametrize(
    "error", [StepFailedError("no page", hint="look"), UnavailableError("no page", hint="look")]
)
async def test_the_first_step_that_fails_ends_the_story_and_is_named(error):
    story = await told(step("lease", "ok"), step("login", error), step("logout", "ok"))
    assert [result.outcome for result in story.results] == ["passed", "failed", "not reached"]
    assert story.failed is not None
    assert story.failed.name == "login"
    assert story.failed.detail == "no page (look)"


async def test_a_defect_of_the_story_itself_is_named_by_its_step_too():
    story = await told(step("lease", ZeroDivisionError("by zero")), step("login", "in"))
    assert story.failed is not None
    assert (story.failed.name, story.failed.detail) == ("lease", "ZeroDivisionError: by zero")


def test_the_report_names_the_failed_step():
    results = (
        StepResult("lease", "A lease", "passed", 0.12345, "10.77.0.9"),
        StepResult("login", "A login", "failed", 1.0, "no page"),
        StepResult("logout", "A logout", "not reached", 0.0, ""),
    )
    content = report(Told(results), aps=300, phones=3, database="sqlite", bus="embedded")
    assert content["outcome"] == "failed"
    assert content["failed_step"] == "login"
    assert content["error"] == "no page"
    assert content["seconds"] == 1.123
    assert content["steps"][0] == {
        "name": "lease",
        "title": "A lease",
        "outcome": "passed",
        "seconds": 0.123,
        "detail": "10.77.0.9",
    }


def test_the_report_of_a_story_that_held():
    told = Told((StepResult("lease", "A lease", "passed", 1.0, "x"),))
    content = report(told, aps=300, phones=3, database="postgresql", bus="nats")
    assert (content["outcome"], content["failed_step"], content["error"]) == ("passed", None, None)
    assert (content["aps"], content["phones"], content["database"], content["bus"]) == (
        300,
        3,
        "postgresql",
        "nats",
    )
