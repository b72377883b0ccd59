"""Layers to one intent: country defaults, the model's radios, the WLANs offered at the site. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from controller.provisioning.hardware import COUNTRY, TIMEZONE, radios_of
from controller.provisioning.types import ApFacts, ApIntent
from controller.wlans.types import WlanView


def merge(ap: ApFacts, wlans: Sequence[WlanView]) -> ApIntent:
    """Return what ``ap`` shall do.

    A WLAN counts when it is enabled, offered at the site, and shares a band with the access point;
    its bands are cut to those. The order is by WLAN id, so that equal input renders equal output.
    """
    radios = radios_of(ap.model)
    bands = {radio.band for radio in radios}
    chosen: list[WlanView] = []
    for wlan in sorted(wlans, key=lambda wlan: wlan.id):
        if not wlan.enabled or not (wlan.all_sites or ap.site_id in wlan.sites):
            continue
        common = tuple(band for band in wlan.bands if band in bands)
        if common:
            chosen.append(replace(wlan, bands=common))
    return ApIntent(ap=ap, country=COUNTRY, timezone=TIMEZONE, radios=radios, wlans=tuple(chosen))
