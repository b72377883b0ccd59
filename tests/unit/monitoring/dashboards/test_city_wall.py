import json

from monitoring.dashboards.city_wall import build_city_wall
from monitoring.dashboards.render import render_dashboard

WALL = json.loads(render_dashboard(build_city_wall()))


def test_variables_go_from_the_source_to_district_and_site():
    variables = {variable["name"]: variable for variable in WALL["templating"]["list"]}
    assert list(variables) == ["datasource", "district", "site"]
    assert "$district" in variables["site"]["query"]["query"]


def test_sections_from_the_general_to_the_particular():
    rows = [panel["title"] for panel in WALL["panels"] if panel["type"] == "row"]
    assert rows[0] == "Now"
    assert rows[-1] == "Our own machines"
