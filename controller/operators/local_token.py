"""The token of the operator on the controller's own machine, in a file only its owner reads.

It lets `kolco` work right after the first start. Does not know operators: the service gives the
token its role.
"""

import secrets
from pathlib import Path

from controller.core.errors import InvalidInputError
from controller.core.secrets import write_private

FILE_NAME = "operator.token"
TOKEN_PREFIX = "kolco_"  # noqa: S105  lets secret scanners know a leaked token
_TOKEN_BYTES = 32


def new_token() -> str:
    """Return a fresh token of 256 random bits."""
    return TOKEN_PREFIX + secrets.token_urlsafe(_TOKEN_BYTES)


def read_or_make_token(data_dir: Path) -> str:
    """Return the token in `data_dir`/operator.token; the file is made (mode 0600) when missing.

    Raises:
        InvalidInputError: the file does not hold a token.
    """
    path = data_dir / FILE_NAME
    if not path.exists():
        write_private(path, f"{new_token()}\n".encode())
    token = path.read_text(encoding="utf-8").strip()
    if not token.startswith(TOKEN_PREFIX):
        raise InvalidInputError(
            f"{path} does not hold a token", hint="delete it and restart the controller: a new one is made"
        )
    return token
