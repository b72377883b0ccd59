"""`kolco voucher` as a process."""

import pytest
import typer

from controller.cli.voucher import parse_span


async def test_codes_go_to_stdout_alone(kolco):
    arguments = ("voucher", "create", "--plan", "city", "--count", "3", "--valid", "24h", "--batch", "desk")
    done = await kolco(*arguments)
    codes = done.out.splitlines()
    assert len(set(codes)) == 3
    assert "3 vouchers of the plan city made" in done.err
    dry = await kolco(*arguments, "--dry-run")
    assert dry.out == ""
    assert "would be made" in dry.err
    assert len((await kolco(*arguments, "-o", "json")).json["codes"]) == 3
    listed = await kolco("voucher", "list", "--batch", "desk", "-o", "json")
    assert len(listed.json) == 6
    assert codes[0] not in listed.out
    assert "USED" in (await kolco("voucher", "list")).out


async def test_what_is_refused(kolco):
    await kolco("voucher", "create", "--plan", "gold", code=3)
    assert "24h" in (await kolco("voucher", "create", "--plan", "city", "--valid", "long", code=2)).err
    await kolco("voucher", "create", "--plan", "city", "--valid", "2s", code=1)
    await kolco("voucher", "create", code=2)


@pytest.mark.parametrize(("text", "seconds"), [("90m", 5400), ("24h", 86_400), ("7d", 604_800), (" 5s", 5)])
def test_spans(text, seconds):
    assert parse_span(text) == seconds


@pytest.mark.parametrize("text", ["", "5", "h", "-5h", "0h", "1.5h", "5h5m", "٣h"])
def test_what_is_no_span(text):
    with pytest.raises(typer.BadParameter):
        parse_span(text)
