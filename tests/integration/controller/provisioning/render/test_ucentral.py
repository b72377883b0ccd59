"""Every configuration we render is valid against the published uCentral schema (test data, not shipped)."""

import ipaddress
import json
import re
from itertools import product
from pathlib import Path

import jsonschema
import pytest

from controller.provisioning.merge import merge
from controller.provisioning.render.ucentral import render
from controller.provisioning.types import ApFacts
from controller.provisioning.validate import validate
from controller.wlans.types import WlanView

SCHEMA = Path(__file__).parents[6] / "shared" / "vectors" / "ucentral.schema.json"

pytestmark = pytest.mark.skipif(
    not SCHEMA.exists(),
    reason="the published uCentral schema is not beside this checkout (../shared/vectors)",
)


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft7Validator:
    checker = jsonschema.FormatChecker()

    @checker.checks("uc-host")
    def host(value) -> bool:
        return re.fullmatch(r"[A-Za-z0-9.:-]{1,253}", value) is not None

    @checker.checks("uc-mac")
    def mac(value) -> bool:
        return re.fullmatch(r"([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}", value) is not None

    @checker.checks("uc-cidr4", raises=ValueError)
    def cidr4(value) -> bool:
        return value.startswith("auto/") or bool(ipaddress.IPv4Network(value))

    return jsonschema.Draft7Validator(json.loads(SCHEMA.read_text()), format_checker=checker)


def closed(schema: dict, document, path: str = "$") -> list[str]:
    """Members of the document that the schema does not name: it allows them, agents ignore them."""
    schema = resolve(schema)
    if isinstance(document, dict) and "properties" in schema:
        unknown = [f"{path}.{key}" for key in document if key not in schema["properties"]]
        known = [closed(schema["properties"][key], document[key], f"{path}.{key}")
                 for key in document if key in schema["properties"]]  # fmt: skip
        return unknown + [item for found in known for item in found]
    if isinstance(document, list) and "items" in schema:
        return [item for value in document for item in closed(schema["items"], value, f"{path}[]")]
    return []


def resolve(schema: dict) -> dict:
    if "$ref" in schema:
        return json.loads(SCHEMA.read_text())["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return schema


MODELS = ["edgecore_eap104", "cig_wf196"]
SECURITIES = ["open", "owe", "owe-transition"]
BANDS = [("2.4",), ("2.4", "5"), ("5", "6")]
VLANS = [None, 1, 4050]


@pytest.mark.parametrize(("model", "security"), list(product(MODELS, SECURITIES)))
def test_rendered_configurations_are_valid(validator, model, security):
    ap = ApFacts("0a1b2c3d4e5f", "Арбат, дом 1 «кафе»", model, "s", "Арбат", "ул. Арбат, 1")
    for number, (bands, vlan, isolate) in enumerate(product(BANDS, VLANS, [True, False])):
        if "6" in bands and security != "owe":
            continue
        wlans = [
            WlanView("a", "Москва_Бесплатно", security, bands, vlan, isolate, True, True, ()),
            WlanView("b", f"City {number}", "open", ("2.4",), None, True, True, True, ()),
        ]
        config = {**render(merge(ap, wlans)), "uuid": 1_763_900_000 + number}
        assert validate(config) == ()
        assert [error.message for error in validator.iter_errors(config)] == []
        assert closed(json.loads(SCHEMA.read_text()), config) == []


def test_the_validator_would_notice(validator):
    ap = ApFacts("0a1b2c3d4e5f", "x", "cig_wf196", "s", "x", "")
    config = render(merge(ap, []))
    config["radios"][0]["tx-power"] = 31
    assert list(validator.iter_errors(config))
