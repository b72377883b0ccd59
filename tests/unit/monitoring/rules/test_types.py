from monitoring.rules.types import Alert, Group, Recording


def test_a_recording():
    assert Recording("a:b:sum", "sum(b)").as_mapping() == {"record": "a:b:sum", "expr": "sum(b)"}
    assert Recording("a:b:sum", "sum(b)", {"x": "y"}).as_mapping()["labels"] == {"x": "y"}


def test_an_alert_in_a_group():
    alert = Alert("Down", "up == 0", "1m", "page", "s", "d", "kolco doctor", keep_firing="2m")
    assert Group("g", (alert,)).as_mapping() == {
        "name": "g",
        "rules": [
            {
                "alert": "Down",
                "expr": "up == 0",
                "for": "1m",
                "keep_firing_for": "2m",
                "labels": {"severity": "page"},
                "annotations": {"summary": "s", "description": "d", "command": "kolco doctor"},
            }
        ],
    }
