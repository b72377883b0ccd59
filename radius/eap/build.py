"""EAP put together from the settings, for the daemon."""

import secrets
from functools import partial

from controller.core.log import get_logger
from controller.core.runtime import Runtime
from radius.deciding import Decide, Render
from radius.eap.metrics import EapMetrics
from radius.eap.offers import OfferMaker
from radius.eap.responder import ABANDONED, EapResponder, HandOver
from radius.eap.sessions import EapSession, EapSessions
from radius.eap.trust import open_eap_trust
from radius.settings import RadiusSettings

LOG_EXPIRED = "radius.eap_certificate_expired"

_SILENCES = 2
"""A frame that was lost on the air is sent again by then."""

_log = get_logger(__name__)


def build_eap(
    runtime: Runtime,
    settings: RadiusSettings,
    decide: Decide,
    render: Render,
    *,
    state_prefix: bytes = b"",
    hand_over: HandOver = lambda _request, _state: False,
) -> EapResponder | None:
    """Return what answers EAP; None if no method is offered.

    Raises:
        InvalidInputError: the certificate cannot be used.
    """
    if not settings.eap_methods:
        return None
    trust = open_eap_trust(runtime, settings)
    offers = OfferMaker(
        settings.eap_methods,
        trust.identity,
        trust.client_ca_pem,
        secrets.token_bytes,
        resumed_for_s=settings.eap_resumption_s,
    )
    metrics = EapMetrics(runtime.registry)
    expires_at = trust.identity.expires_at()
    metrics.show_expiry(expires_at)
    if expires_at <= runtime.clock.now():
        _log.error(LOG_EXPIRED, hint="devices refuse our certificate: replace it")

    def abandoned(session: EapSession) -> None:
        metrics.count(session.conversation.method, ABANDONED)

    sessions = EapSessions(
        most=settings.eap_sessions_max,
        lifetime_s=settings.eap_timeout_s,
        silent_s=_SILENCES * settings.nas_timeout_s,
        abandoned=abandoned,
    )
    metrics.watch(partial(len, sessions))
    return EapResponder(
        offers,
        sessions,
        decide,
        render,
        count=metrics.count,
        random_octets=secrets.token_bytes,
        fragment_max=settings.eap_fragment_bytes,
        state_prefix=state_prefix,
        hand_over=hand_over,
    )
