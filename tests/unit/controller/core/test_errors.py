from controller.core import errors


def test_each_error_has_a_code_of_its_own_and_carries_its_data():
    kinds = [kind for kind in errors.KolcoError.__subclasses__() if kind.__module__ == errors.__name__]
    assert len({kind.code for kind in kinds}) == len(kinds) == 5
    error = errors.NotFoundError("no such plan", hint="list them", plan="x")
    assert (str(error), error.message, error.hint, error.data) == (
        "no such plan",
        "no such plan",
        "list them",
        {"plan": "x"},
    )
