import pytest

from controller.operators.types import ROLES, Actor


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_what_those_before_it_may(role):
    allowed = [needed for needed in ROLES if Actor("1", "a", role).may(needed)]
    assert allowed == list(ROLES[: ROLES.index(role) + 1])
