"""Asks a server once before a load: whether anybody answers, and with the same shared secret."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from controller.core.errors import InvalidInputError, UnavailableError
from radius.load.plan import LoadPlan, Pace
from radius.load.run import run_load
from radius.probe import Probe, ask

_PAUSE_S: Final = 0.5
_WAIT_S: Final = 4.0
"""An Access-Reject may be kept back for some seconds."""
_RETRY_S: Final = 1.0


def check_answers(plan: LoadPlan, *, now: Callable[[], float]) -> None:
    """Ask for the server's status and, for servers that tell none, send the load's first request.

    Args:
        plan: the load that is to come.
        now: a clock that only goes on.

    Raises:
        InvalidInputError: the plan cannot be carried out, or what answers has another shared secret.
        UnavailableError: nobody answers; the hint says what to look at.
    """
    problem = plan.problem()
    if problem:
        raise InvalidInputError(problem)
    target = plan.target
    status = ask(
        Probe("status"), target.host, target.port, target.secret, timeout_s=_PAUSE_S, tries=2, now=now
    )
    try:
        asyncio.run(status)
    except UnavailableError as silence:
        one = replace(
            plan,
            count=1,
            interims=0,
            lanes=1,
            verify_every=1,
            pace=Pace(in_flight=1, timeout_s=_WAIT_S, retry_s=_RETRY_S),
        )
        report = run_load(one)
        if report.faults:
            raise InvalidInputError(
                f"what answers at {target.host}:{target.port} is not to be believed: "
                + ", ".join(sorted(report.faults)),
                hint="the shared secret is another there; --unsigned believes answers that are not signed",
            ) from silence
        if not report.answered:
            raise silence from None
