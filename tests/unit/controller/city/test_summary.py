from io import StringIO

from rich.console import Console

from controller.city import summary
from controller.city.parts import LeftOut
from controller.city.story import StepResult
from controller.city.summary import Idea, Link, Vitals


def shown(renderable):
    console = Console(width=100, file=StringIO())
    console.print(renderable)
    return console.file.getvalue()


def test_the_summary_has_numbers_links_and_things_to_try():
    vitals = Vitals(
        aps=300, connected=299, settled=298, clients=4711, online=2, restarts={"portal": 0, "gateway": 3}
    )
    text = shown(
        summary.render_city(
            vitals,
            [Link("Prometheus", "http://127.0.0.1:9490")],
            [Idea("List the access points", "kolco ap list")],
            up_s=75.4,
        ),
    )
    for part in ("299 of 300 connected, 298 configured", "4711", "gateway ×3", "http://127.0.0.1:9490"):
        assert part in text
    assert "1. List the access points" in text
    assert "kolco ap list" in text
    assert "up 1:15" in text
    assert "portal ×" not in text


def test_what_is_left_out_says_why_and_how():
    text = shown(summary.render_left_out([LeftOut("gateway and phones", "no root", "sudo kolco city")]))
    assert "gateway and phones" in text
    assert "no root" in text
    assert "sudo kolco city" in text


def test_a_step_shows_how_it_went():
    assert shown(summary.render_step(StepResult("a", "A lease", "passed", 1.23, "10.77.0.9"))).split(
        "\n"
    ) == [
        "✓ A lease  1.2 s",
        "    10.77.0.9",
        "",
    ]
    assert "✗ A login" in shown(summary.render_step(StepResult("b", "A login", "failed", 0.0, "no page")))
    assert "· A logout" in shown(summary.render_step(StepResult("c", "A logout", "not reached", 0.0, "")))


def test_progress_goes_away_when_it_is_done():
    assert summary.progress(Console()).live.transient
