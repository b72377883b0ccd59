"""What EAP rests on: our certificate, and the authority of the devices' own; made on first use.

Worker processes read what their parent made, so that no two of them make it.
"""

from dataclasses import dataclass

from OpenSSL import SSL

from controller.core.errors import InvalidInputError
from controller.core.pki import CertificateAuthority
from controller.core.runtime import Runtime
from radius.eap.server_certificate import keep_identity, read_identity
from radius.protocol.eap.tls import TlsIdentity, TlsServer
from radius.settings import RadiusSettings


@dataclass(frozen=True, slots=True)
class EapTrust:
    """See the module.

    Attributes:
        identity: our certificate and its key.
        client_ca_pem: the authority of the devices' certificates.
    """

    identity: TlsIdentity
    client_ca_pem: bytes


def open_eap_trust(runtime: Runtime, settings: RadiusSettings) -> EapTrust:
    """Return what EAP rests on, known to be usable.

    Raises:
        InvalidInputError: a file cannot be read, or certificate and key do not belong together.
    """
    authority = CertificateAuthority.open(runtime.data_dir / "pki")
    if settings.eap_certificate is not None and settings.eap_private_key is not None:
        identity = read_identity(settings.eap_certificate, settings.eap_private_key)
    else:
        name, now = settings.eap_server_name, runtime.clock.now()
        identity = keep_identity(authority, runtime.data_dir / "radius", name=name, now=now)
    try:
        TlsServer(identity, authority.certificate_pem)
    except (ValueError, SSL.Error) as error:
        raise InvalidInputError(
            "cannot use the EAP certificate with its key",
            hint="KOLCO_RADIUS_EAP_CERTIFICATE and KOLCO_RADIUS_EAP_PRIVATE_KEY name PEM files of one pair",
        ) from error
    return EapTrust(identity, authority.certificate_pem)
