import json

import structlog

from controller.core.log import STRUCK_OUT, configure_logging, get_logger


def test_lines_are_json_and_personal_data_is_struck_out(capsys):
    configure_logging("info", "json", "portal")
    try:
        get_logger("here").info("login.done", session="01X", mac="aa:bb:cc:dd:ee:ff", phone="+7999")
        get_logger("here").debug("too.quiet")
    finally:
        structlog.reset_defaults()
        structlog.contextvars.clear_contextvars()
    (line,) = [json.loads(text) for text in capsys.readouterr().err.splitlines()]
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "login.done",
        "level": "info",
        "module": "here",
        "service": "portal",
        "session": "01X",
        "mac": STRUCK_OUT,
        "phone": STRUCK_OUT,
    }
