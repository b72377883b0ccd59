from pathlib import Path

import monitoring.dashboards
from monitoring.dashboards.render import render_dashboards

FOLDER = Path(monitoring.dashboards.__file__).parent


def test_the_committed_json_is_what_the_code_builds():
    built = render_dashboards()
    assert {path.name for path in FOLDER.glob("*.json")} == set(built)
    for name, text in built.items():
        committed = (FOLDER / name).read_text(encoding="utf-8")
        assert committed == text, "run: kolco monitor dashboards --out monitoring/dashboards"
