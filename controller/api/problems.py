"""The one place that maps errors to HTTP: problem JSON with code, message and hint (RFC 9457).

Does not word errors: whoever raises them does.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from controller.api.repository import DatabaseError, is_clash
from controller.core.db import is_away
from controller.core.errors import (
    ConflictError,
    DeniedError,
    InvalidInputError,
    KolcoError,
    NotFoundError,
    UnavailableError,
)
from controller.core.log import get_logger
from controller.operators.errors import UnauthenticatedError

LOG_UNREACHABLE = "api.dependency_unreachable"
LOG_FAILED = "api.request_failed"

MEDIA_TYPE = "application/problem+json"

_STATUS: Mapping[type[KolcoError], HTTPStatus] = {
    UnauthenticatedError: HTTPStatus.UNAUTHORIZED,
    DeniedError: HTTPStatus.FORBIDDEN,
    NotFoundError: HTTPStatus.NOT_FOUND,
    ConflictError: HTTPStatus.CONFLICT,
    InvalidInputError: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnavailableError: HTTPStatus.SERVICE_UNAVAILABLE,
}

_log = get_logger(__name__)


class Problem(BaseModel):
    """Why a request was not done."""

    status: int
    code: str = Field(description="Stable word for programs.")
    message: str = Field(description="What is wrong, for people.")
    hint: str = Field("", description="What to do next; may be empty.")
    data: dict[str, Any] = Field(default_factory=dict, description="Details, by code.")


def status_of(error: KolcoError) -> HTTPStatus:
    """Return the HTTP status of an error: that of its nearest mapped class."""
    for kind in type(error).__mro__:
        if kind in _STATUS:
            return _STATUS[kind]
    return HTTPStatus.INTERNAL_SERVER_ERROR


def install(app: FastAPI) -> None:
    """Have every error of the application answered as a problem."""
    app.add_exception_handler(KolcoError, _answer_ours)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(OSError, _answer_unreachable)
    app.add_exception_handler(DatabaseError, _answer_database)
    app.add_exception_handler(Exception, _answer_failure)


def _answer(problem: Problem, headers: Mapping[str, str] | None = None) -> JSONResponse:
    return JSONResponse(
        problem.model_dump(mode="json"), status_code=problem.status, media_type=MEDIA_TYPE, headers=headers
    )


async def _answer_ours(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, KolcoError):
        raise TypeError from error
    status = status_of(error)
    headers = {"WWW-Authenticate": "Bearer"} if status == HTTPStatus.UNAUTHORIZED else None
    problem = Problem(
        status=status, code=error.code, message=error.message, hint=error.hint, data=dict(error.data)
    )
    return _answer(problem, headers)


async def _answer_validation(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, RequestValidationError):
        raise TypeError from error
    faults = [
        # Without the input itself: it may be what must not be repeated.
        {"where": ".".join(str(part) for part in fault["loc"]), "message": fault["msg"]}
        for fault in error.errors()
    ]
    first = faults[0]
    return _answer(
        Problem(
            status=HTTPStatus.UNPROCESSABLE_ENTITY,
            code=InvalidInputError.code,
            message=f"{first['where']}: {first['message']}",
            data={"faults": faults},
        )
    )


async def _answer_http(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, HTTPException):
        raise TypeError from error
    status = HTTPStatus(error.status_code)
    problem = Problem(status=status, code=status.name.lower(), message=str(error.detail))
    return _answer(problem, error.headers)


async def _answer_unreachable(_request: Request, error: Exception) -> JSONResponse:
    _log.error(LOG_UNREACHABLE, error=type(error).__name__)
    return _answer(
        Problem(
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            code=UnavailableError.code,
            message="the controller does not reach its database",
            hint="kolco doctor, on the controller's machine",
        )
    )


async def _answer_database(request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, DatabaseError):
        raise TypeError from error
    if is_away(error):
        return await _answer_unreachable(request, error)
    if not is_clash(error):
        return await _answer_failure(request, error)
    return _answer(
        Problem(
            status=HTTPStatus.CONFLICT,
            code=ConflictError.code,
            message="somebody changed the same thing at the same moment; nothing was done",
            hint="try again",
        )
    )


async def _answer_failure(request: Request, error: Exception) -> JSONResponse:
    route = request.scope.get("route")
    _log.error(LOG_FAILED, route=getattr(route, "path", ""), exc_info=error)
    return _answer(
        Problem(
            status=HTTPStatus.INTERNAL_SERVER_ERROR,
            code="internal",
            message="the controller failed; its log says where",
        )
    )
