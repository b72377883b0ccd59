"""Runs loads: alone in this process, or in several at the same time that start on one signal."""

import multiprocessing
from collections.abc import Sequence
from dataclasses import replace
from multiprocessing.connection import Connection
from typing import Protocol

from controller.core.errors import InvalidInputError, UnavailableError
from controller.core.limits import allow_open_files
from radius.load.asker import Asker
from radius.load.plan import LoadPlan, Work
from radius.load.report import Part, Report
from radius.load.supplicants import Supplicants

_JOIN_S = 10.0


class _Share(Protocol):
    def run(self) -> Part:
        """Send everything and return what came back."""


def run_load(plan: LoadPlan, *, processes: int = 1) -> Report:
    """Run one load and return what came of it.

    Args:
        plan: the load; its count, rate and what is in flight are shared out.
        processes: how many generate it.

    Raises:
        InvalidInputError: the plan cannot be carried out.
        UnavailableError: a process of the generator failed.
    """
    return run_together([(plan, processes)])[0]


def run_together(loads: Sequence[tuple[LoadPlan, int]]) -> list[Report]:
    """Run loads side by side, each in so many processes; see `run_load`. Reports are in the same order."""
    for plan, _ in loads:
        problem = plan.problem()
        if problem:
            raise InvalidInputError(problem)
    shares = [share for plan, processes in loads for share in _shares(plan, processes)]
    parts = [_prepare(shares[0]).run()] if len(shares) == 1 else _run_in_processes(shares)
    reports = []
    for plan, processes in loads:
        reports.append(Report(plan.work.value, parts[:processes]))
        parts = parts[processes:]
    return reports


def learn_classes(plan: LoadPlan) -> tuple[tuple[bytes, ...], ...]:
    """Log everybody of a plan in once by PAP; return the Class values of each, none for who was refused.

    Every answer is verified.
    """
    asker = Asker(replace(plan, work=Work.PAP, pace=replace(plan.pace, rate=0.0, seconds=0.0)), learn=True)
    classes = asker.run().classes
    return tuple(classes.get(number, ()) for number in range(len(plan.logins)))


def _shares(plan: LoadPlan, processes: int) -> list[LoadPlan]:
    if processes == 1:
        return [plan]
    pace = replace(
        plan.pace,
        rate=plan.pace.rate / processes,
        in_flight=max(1, plan.pace.in_flight // processes),
    )
    lanes = -(-plan.lanes // processes)
    count = -(-plan.count // processes)
    return [replace(plan, count=count, lanes=lanes, pace=pace)] * processes


def _prepare(plan: LoadPlan) -> _Share:
    allow_open_files()  # an open loop may need a thousand sockets
    return Supplicants(plan) if plan.work.is_eap else Asker(plan)


def _run_in_processes(shares: Sequence[LoadPlan]) -> list[Part]:
    context = multiprocessing.get_context("spawn")
    pairs = [context.Pipe() for _ in shares]
    children = [
        context.Process(target=_child, args=(theirs, plan), daemon=True)
        for plan, (_, theirs) in zip(shares, pairs, strict=True)
    ]
    try:
        for child, (_, theirs) in zip(children, pairs, strict=True):
            child.start()
            theirs.close()
        for ours, _ in pairs:
            _hear(ours)
        for ours, _ in pairs:
            ours.send(True)
        return [_hear(ours) for ours, _ in pairs]
    finally:
        for child in children:
            if child.pid is not None:
                child.terminate()
                child.join(_JOIN_S)
        for ours, _ in pairs:
            ours.close()


def _hear(pipe: Connection) -> Part:
    try:
        said: Part = pipe.recv()
    except EOFError as error:
        raise UnavailableError("a process of the load generator ended") from error
    return said


def _child(pipe: Connection, plan: LoadPlan) -> None:
    """Prepare, say so, wait for the signal, run, and say what came of it."""
    share = _prepare(plan)
    pipe.send(Part())
    pipe.recv()
    pipe.send(share.run())
