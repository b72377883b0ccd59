"""The two rings the service began with, read from `rings.geojson` beside this module.

Approximate polygons, good for counting APs and drawing them, not for survey.
"""

import json
from importlib.resources import files

from controller.zones.types import ZoneView


def read_rings() -> list[ZoneView]:
    """Return the Garden Ring and the Third Ring; the outer one holds the inner one."""
    text = files("controller.zones").joinpath("rings.geojson").read_text(encoding="utf-8")
    return [
        ZoneView(
            id=feature["properties"]["id"],
            name=feature["properties"]["name"],
            name_en=feature["properties"]["name_en"],
            polygon=feature["geometry"],
        )
        for feature in json.loads(text)["features"]
    ]
