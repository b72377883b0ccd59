"""An HTTP answer as ``curl --include`` prints it, read into its parts.

Pure. It reads the last answer only, after any ``100 Continue`` and followed redirects.
"""

from dataclasses import dataclass

from controller.core.errors import InvalidInputError

_SPLIT = b"\r\n\r\n"
_INTERIM = 200


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """One answer."""

    status: int
    headers: dict[str, str]
    """Names in lower case; of a repeated header the last."""
    body: bytes

    @property
    def location(self) -> str:
        """Where it redirects to, or nothing."""
        return self.headers.get("location", "")

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


def parse_answer(raw: bytes) -> HttpAnswer:
    """Read the output of ``curl --include``; raises :class:`InvalidInputError` when it is no HTTP answer."""
    while True:
        head, found, rest = raw.partition(_SPLIT)
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ", 2)
        if not found or not lines[0].startswith("HTTP/") or len(words) < 2 or not _is_status(words[1]):  # noqa: PLR2004
            raise InvalidInputError(f"not an HTTP answer: {raw[:80]!r}")
        status = int(words[1])
        if status >= _INTERIM or not rest.startswith(b"HTTP/"):
            break
        raw = rest
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return HttpAnswer(status, headers, rest)


def _is_status(word: str) -> bool:
    return len(word) == 3 and word.isascii() and word.isdecimal()  # noqa: PLR2004
