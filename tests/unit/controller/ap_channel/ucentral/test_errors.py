from controller.ap_channel.ucentral.errors import (
    LocalProtocolError,
    OversizedError,
    Reason,
    RemoteProtocolError,
    UcentralError,
)


def test_the_tree_tells_who_erred():
    assert issubclass(RemoteProtocolError, UcentralError)
    assert issubclass(OversizedError, LocalProtocolError)
    assert not issubclass(RemoteProtocolError, LocalProtocolError)


def test_errors_carry_data():
    error = RemoteProtocolError(Reason.BAD_PARAMS, "where", request_id=3, fatal=True)
    assert (error.reason, error.detail, error.request_id, error.fatal) == (
        Reason.BAD_PARAMS,
        "where",
        3,
        True,
    )
    assert str(error) == "bad-params: where"
    assert OversizedError(9, 5).size == 9


def test_reasons_are_fit_for_metric_labels():
    assert all(reason.value.replace("-", "").isalpha() for reason in Reason)
