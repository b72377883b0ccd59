from monitoring.dashboards.panels import bars, rows, single, trend

STEPS = ((None, "red"), (1, "green"))


def test_every_kind_carries_what_a_panel_needs():
    built = [
        single("T", "D.", "up", unit="short"),
        trend("T", "D.", ("up", "{{job}}"), ("down", "x"), unit="short"),
        bars("T", "D.", ("up", "{{job}}"), unit="short", steps=STEPS, top=1),
        rows("T", "D.", "up", unit="short"),
    ]
    for panel in (builder.build() for builder in built):
        assert (panel.title, panel.description) == ("T", "D.")
        assert panel.datasource.uid == "${datasource}"
        assert panel.field_config.defaults.unit == "short"
        assert panel.options is not None


def test_queries_are_lettered_in_order():
    panel = trend("T", "D.", ("a", ""), ("b", ""), unit="short").build()
    assert [(target.ref_id, target.expr) for target in panel.targets] == [("A", "a"), ("B", "b")]


def test_a_stat_may_fix_its_decimals():
    assert single("T", "D.", "up", unit="short", decimals=2).build().field_config.defaults.decimals == 2
