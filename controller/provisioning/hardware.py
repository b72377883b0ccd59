"""What radios a model has and what the country allows them. Pure facts, no planning.

Channels are left to the access point's own selection among non-overlapping ones, until a channel
plan exists. Power limits: Russian GKRCh decisions, 100 mW at 2.4 GHz, 200 mW at 5 GHz, 200 mW indoor
at 6 GHz (5925 to 6425 MHz).
"""

from __future__ import annotations

from controller.provisioning.types import RadioIntent
from controller.wlans.types import Band

COUNTRY = "RU"
TIMEZONE = "MSK-3"

_RADIOS: dict[Band, RadioIntent] = {
    "2.4": RadioIntent("2.4", (1, 6, 11), 20, 20, "HE"),
    "5": RadioIntent("5", (36, 44, 52, 60, 132, 140, 149, 157), 40, 23, "HE"),
    "6": RadioIntent("6", (5, 21, 37, 53, 69, 85), 80, 23, "HE"),
}
_DUAL: tuple[Band, ...] = ("2.4", "5")
_TRIPLE: tuple[Band, ...] = ("2.4", "5", "6")
_TRIPLE_MODELS = ("cig_wf196", "edgecore_eap105", "edgecore_oap101-6e", "sonicfi_rap7110", "wf-196")


def radios_of(model: str) -> tuple[RadioIntent, ...]:
    """Radios of ``model``, in the order of bands; a model not known here has 2.4 and 5 GHz."""
    name = model.lower()
    has_6 = name.startswith(_TRIPLE_MODELS) or name.endswith("-6e")
    return tuple(_RADIOS[band] for band in (_TRIPLE if has_6 else _DUAL))
