"""Puts the journal together: a writer in each process that answers, the applier where books are kept."""

from datetime import timedelta
from pathlib import Path

from controller.core.runtime import Runtime
from controller.directory.service import Directory
from radius.accounting import Accountant
from radius.journal.applier import Applier, Heard
from radius.journal.housekeeping import Housekeeping, Patience
from radius.journal.metrics import ApplierMetrics, WriterMetrics
from radius.journal.writer import Journal, Limits
from radius.metrics import RadiusMetrics
from radius.reply import ACCOUNTED
from radius.session_class import ClassCodec
from radius.settings import RadiusSettings
from radius.tally import Tally

_MEGABYTE = 1 << 20
_BATCHES = {"sqlite": 300, "postgresql": 2_000}
_BATCH_ALONE = 100
"""Where the same process answers, which must not stand still for long."""
_ASIDES_KEPT = timedelta(days=90)


def journal_directory(data_dir: Path) -> Path:
    """Return where all journals of a data directory are."""
    return data_dir / "radius" / "journal"


def open_journal(data_dir: Path, settings: RadiusSettings, tally: Tally) -> Journal:
    """Return the writer of a process that answers; an async context manager."""
    limits = Limits(max_bytes=settings.journal_max_mb * _MEGABYTE, decisions_per_s=settings.decisions_per_s)
    return Journal(journal_directory(data_dir), limits, WriterMetrics(tally), confirmation=ACCOUNTED)


def keep_books(
    runtime: Runtime,
    settings: RadiusSettings,
    metrics: RadiusMetrics,
    codec: ClassCodec,
    *,
    heard: Heard,
) -> Applier:
    """Start applying what the journals hold, and ending what nobody tells of any more.

    Args:
        runtime: what the daemon stands on.
        settings: of RADIUS.
        metrics: counts.
        codec: reads Class.
        heard: told of what shows whether a session is over.
    """
    WriterMetrics(metrics.tally)  # what the workers count is shown here; without workers, made again by them
    shown = ApplierMetrics(metrics.tally, runtime.registry, metrics)
    shown.show_limit(settings.journal_max_mb * _MEGABYTE)
    applier = Applier(
        runtime.db,
        journal_directory(runtime.data_dir),
        Accountant(Directory(runtime.secrets)),
        codec,
        runtime.clock,
        metrics=shown,
        heard=heard,
        batch_max=settings.apply_batch_max or _default_batch(runtime, settings),
        wait_s=settings.apply_wait_ms / 1000,
        lag_max_s=settings.apply_lag_s,
    )
    patience = Patience(
        ap_down=timedelta(seconds=settings.ap_down_s),
        silent=timedelta(seconds=settings.silent_s),
        decisions=timedelta(days=settings.decisions_days),
        asides=_ASIDES_KEPT,
    )
    housekeeping = Housekeeping(
        runtime.db, runtime.clock, patience, metrics=shown, backlog_age_s=applier.backlog_age_s
    )
    runtime.tasks.spawn("radius-applier", applier.run)
    runtime.tasks.spawn("radius-housekeeping", housekeeping.run)
    return applier


def _default_batch(runtime: Runtime, settings: RadiusSettings) -> int:
    return _BATCHES[runtime.db.dialect] if settings.worker_count else _BATCH_ALONE
