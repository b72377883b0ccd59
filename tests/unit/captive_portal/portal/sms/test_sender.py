"""What senders share: a message does not show itself, an error has a word."""

from captive_portal.portal.sms.sender import Message, SendError


def test_a_message_never_gets_into_a_log_by_its_representation() -> None:
    shown = repr(Message("+79161234567", "code 123456"))
    assert "7916" not in shown
    assert "123456" not in shown


def test_an_error_carries_its_reason() -> None:
    assert SendError("throttled").reason == "throttled"
