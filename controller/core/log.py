"""Structured logs: event names are constants, data are keywords, secrets and personal data never."""

import logging
import re
import sys
from typing import Literal, cast

import structlog

_FORBIDDEN = frozenset({"mac", "phone", "name", "password", "secret", "token", "code", "ip", "client_ip"})
"""Keywords that name personal data or secrets: their values are struck out if someone logs them."""

STRUCK_OUT = "[withheld]"
_DETAIL = re.compile(r"DETAIL: .*")
"""Where PostgreSQL says which values were in the way, on one line."""


def withhold_personal_data(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Replace the value of every forbidden keyword; a structlog processor."""
    for key in _FORBIDDEN & event.keys():
        event[key] = STRUCK_OUT
    return event


def withhold_values(
    _logger: object, _method: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Strike out the values that a database repeats in its errors; a structlog processor."""
    if "exception" in event:
        event["exception"] = _DETAIL.sub(f"DETAIL: {STRUCK_OUT}", event["exception"])
    return event


def configure_logging(level: str, fmt: Literal["console", "json"], service: str) -> None:
    """Send this process's logs to standard error.

    Args:
        level: a standard level name, `info` or `INFO`.
        fmt: `console` for people, `json` for programs, one object a line.
        service: the daemon's name, added to every line.
    """
    threshold = logging.getLevelNamesMapping()[level.upper()]
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if fmt == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            withhold_personal_data,
            structlog.processors.format_exc_info,
            withhold_values,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    structlog.contextvars.bind_contextvars(service=service)
    logging.basicConfig(
        level=max(threshold, logging.WARNING), stream=sys.stderr, format="%(name)s: %(message)s"
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """Return the logger of a module; `name` stands in each line as `module`."""
    return cast("structlog.stdlib.BoundLogger", structlog.get_logger(module=name))
