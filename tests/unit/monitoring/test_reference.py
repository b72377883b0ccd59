from prometheus_client import CollectorRegistry, Counter

from monitoring.metrics import CATALOGUE
from monitoring.reference import render_reference
from monitoring.rules.render import all_rules
from monitoring.rules.types import Alert


def render() -> str:
    registry = CollectorRegistry()
    Counter("kolco_x", "Things | done.", registry=registry)
    return render_reference({"The X daemon": registry})


def test_everything_stands_in_it():
    text = render()
    assert all(f"`{metric.name}`" in text for metric in CATALOGUE)
    assert all(f"`{rule.alert}`" in text for rule in all_rules() if isinstance(rule, Alert))
    assert "| `kolco_x_total` | counter | Things \\| done. |" in text
    assert "Availability by district" in text


def test_templates_are_words():
    text = render()
    assert "{{" not in text
    assert "`kolco ap show AP`" in text


def test_every_row_has_the_columns_of_its_table():
    columns = 0
    for line in render().splitlines():
        if not line.startswith("|"):
            columns = 0
            continue
        count = line.replace("\\|", "").count("|")
        columns = columns or count
        assert count == columns, line
