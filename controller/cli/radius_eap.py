"""What `kolco radius test` needs for the EAP methods: a probe from the command line's options."""

from pathlib import Path

from controller.core.errors import InvalidInputError
from controller.core.settings import CoreSettings
from radius.eap.probe import EapProbe
from radius.protocol.eap.tls import TlsIdentity

__all__ = ["make_probe"]


def make_probe(
    method: str,
    *,
    username: str,
    password: str,
    mac: str,
    called: str,
    anonymous: str,
    ca: Path | None,
    certificate: Path | None,
    key: Path | None,
    tls: str,
    resume: bool = False,
) -> EapProbe:
    """Return the probe; the authority is kolco's own unless another is named.

    Raises:
        InvalidInputError: a file is missing, or cannot be read.
    """
    if method == "tls" and (certificate is None or key is None):
        raise InvalidInputError(
            "tls needs a certificate",
            hint="--certificate and --key; `kolco radius credential issue` writes them",
        )
    identity = None
    if certificate is not None and key is not None:
        identity = TlsIdentity(_read(certificate), _read(key))
    authority = ca or CoreSettings.load().data_dir / "pki" / "ca.crt"
    return EapProbe(
        method, _read(authority), anonymous, username, password, identity, mac, called, tls, resume
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInputError(f"cannot read {path}: {error.strerror}") from error
