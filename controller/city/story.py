"""A story of steps, each named and timed; the first that fails ends it.

Pure but for what the steps do: the clock is handed in. The steps themselves are in
:mod:`controller.city.steps`.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from controller.core.errors import KolcoError
from controller.core.log import get_logger

LOG_BROKE = "city.step.broke"

log = get_logger(__name__)

Outcome = Literal["passed", "failed", "not reached"]


class StepFailedError(KolcoError):
    """What a step saw is not what must be."""

    code = "step_failed"


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what must hold, and what makes and checks it."""

    name: str
    """A slug, the same in every version: programs look for it."""
    title: str
    """One sentence for people."""
    act: Callable[[], Awaitable[str]]
    """Does it and returns what was seen, a short text; raises :class:`KolcoError` when it does not hold."""


@dataclass(frozen=True, slots=True)
class StepResult:
    """How one step went."""

    name: str
    title: str
    outcome: Outcome
    seconds: float
    detail: str
    """What was seen, or why it failed."""


@dataclass(frozen=True, slots=True)
class Told:
    """A whole story."""

    results: tuple[StepResult, ...]

    @property
    def failed(self) -> StepResult | None:
        """The step that ended it, or nothing."""
        return next((result for result in self.results if result.outcome == "failed"), None)

    @property
    def seconds(self) -> float:
        """How long all steps took."""
        return sum(result.seconds for result in self.results)


async def tell(
    steps: Sequence[Step],
    *,
    monotonic: Callable[[], float],
    seen: Callable[[StepResult], None],
) -> Told:
    """Take the steps in order until one fails; ``seen`` hears of each as it ends.

    Whatever a step raises makes it a failed one; what is no :class:`KolcoError` is logged too.
    """
    results: list[StepResult] = []
    failed = False
    for step in steps:
        if failed:
            result = StepResult(step.name, step.title, "not reached", 0.0, "")
        else:
            result = await _take(step, monotonic)
            failed = result.outcome == "failed"
        results.append(result)
        seen(result)
    return Told(tuple(results))


async def _take(step: Step, monotonic: Callable[[], float]) -> StepResult:
    begun = monotonic()
    try:
        detail = await step.act()
    except KolcoError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return StepResult(step.name, step.title, "failed", monotonic() - begun, f"{error.message}{hint}")
    except Exception as error:
        # Not swallowed: it is the step's outcome. A story must name the step whatever broke it.
        log.exception(LOG_BROKE, step=step.name)
        told = f"{type(error).__name__}: {error}"
        return StepResult(step.name, step.title, "failed", monotonic() - begun, told)
    return StepResult(step.name, step.title, "passed", monotonic() - begun, detail)


def report(told: Told, *, aps: int, phones: int, database: str, bus: str) -> dict[str, object]:
    """The JSON object of ``kolco city --check -o json``; seconds have three digits."""
    failed = told.failed
    return {
        "outcome": "passed" if failed is None else "failed",
        "failed_step": None if failed is None else failed.name,
        "error": None if failed is None else failed.detail,
        "seconds": round(told.seconds, 3),
        "aps": aps,
        "phones": phones,
        "database": database,
        "bus": bus,
        "steps": [
            {
                "name": result.name,
                "title": result.title,
                "outcome": result.outcome,
                "seconds": round(result.seconds, 3),
                "detail": result.detail,
            }
            for result in told.results
        ],
    }
