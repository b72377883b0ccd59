import pytest

from controller.access_points.import_service import ImportRejectedError
from controller.api.problems import status_of
from controller.core.errors import (
    ConflictError,
    DeniedError,
    InvalidInputError,
    KolcoError,
    NotFoundError,
    UnavailableError,
)
from controller.operators.errors import RoleError, UnauthenticatedError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidInputError("x"), 422),
        (ImportRejectedError([]), 422),
        (UnauthenticatedError("x"), 401),
        (RoleError("x"), 403),
        (DeniedError("x"), 403),
        (NotFoundError("x"), 404),
        (ConflictError("x"), 409),
        (UnavailableError("x"), 503),
        (KolcoError("x"), 500),
    ],
)
def test_each_error_has_its_status(error, status):
    assert status_of(error) == status
