"""A configuration profile for iPhones, iPads and Macs: one network, EAP-TLS with a certificate. Pure.

Apple's "Configuration Profile Reference": payloads com.apple.wifi.managed, com.apple.security.pkcs12 and
com.apple.security.root. The certificate's password is not in it: the device asks for it.
"""

import plistlib
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

_EAP_TLS: Final = 13
_VERSION: Final = 1


def render_apple_profile(ssid: str, server_name: str, ca_pem: bytes, pkcs12: bytes, username: str) -> bytes:
    """Return the profile, XML.

    Args:
        ssid: the network it joins.
        server_name: the name the RADIUS server's certificate must have.
        ca_pem: the authority of that certificate.
        pkcs12: the device's certificate and key, under a password.
        username: the credential's name.
    """
    authority = x509.load_pem_x509_certificate(ca_pem).public_bytes(Encoding.DER)
    root = _payload("com.apple.security.root", "ca", username, PayloadContent=authority)
    identity = _payload(
        "com.apple.security.pkcs12",
        "identity",
        username,
        PayloadContent=pkcs12,
        PayloadCertificateFileName=f"{username}.p12",
    )
    network = _payload(
        "com.apple.wifi.managed",
        "wifi",
        username,
        SSID_STR=ssid,
        HIDDEN_NETWORK=False,
        AutoJoin=True,
        EncryptionType="WPA2",
        PayloadCertificateUUID=identity["PayloadUUID"],
        EAPClientConfiguration={
            "AcceptEAPTypes": [_EAP_TLS],
            "PayloadCertificateAnchorUUID": [root["PayloadUUID"]],
            "TLSTrustedServerNames": [server_name],
            "TLSMinimumVersion": "1.2",
        },
    )
    profile = _payload(
        "Configuration",
        "profile",
        username,
        PayloadDisplayName=ssid,
        PayloadContent=[root, identity, network],
    )
    return plistlib.dumps(profile)


def _payload(kind: str, part: str, username: str, **content: object) -> dict[str, object]:
    """Return a payload; the same one has the same identifiers, so that a new profile replaces it."""
    identifier = f"kolco.{username}.{part}"
    return {
        "PayloadType": kind,
        "PayloadVersion": _VERSION,
        "PayloadIdentifier": identifier,
        "PayloadUUID": str(uuid5(NAMESPACE_URL, identifier)).upper(),
        **content,
    }
