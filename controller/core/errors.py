"""The errors that people and programs see, drawn as a tree.

KolcoError
├── InvalidInputError    what was given is wrong: say where and why
├── NotFoundError        what was named does not exist
├── ConflictError        it clashes with what is there
├── DeniedError          the asker may not
└── UnavailableError     a part that is needed is away; try again

Each carries a message, a hint (what to do next) and data. Mapping to HTTP, RADIUS or exit codes
happens in one place each, not here.
"""

from typing import ClassVar


class KolcoError(Exception):
    """An error that somebody outside the code is meant to read.

    Args:
        message: what is wrong, one sentence.
        hint: what the reader can do next; may be empty.
        data: machine-readable details, JSON-able.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, hint: str = "", **data: object) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.data = data


class InvalidInputError(KolcoError):
    """What was given is wrong."""

    code = "invalid_input"


class NotFoundError(KolcoError):
    """What was named does not exist."""

    code = "not_found"


class ConflictError(KolcoError):
    """The change clashes with what is there."""

    code = "conflict"


class DeniedError(KolcoError):
    """The asker may not do this."""

    code = "denied"


class UnavailableError(KolcoError):
    """A part that is needed does not answer."""

    code = "unavailable"
