"""Speaks to the controller's API for the commands. Knows no resources: paths come from the commands."""

import ipaddress
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import quote

import httpx

from controller.cli.output import note
from controller.cli.settings import CliSettings
from controller.core.errors import (
    ConflictError,
    DeniedError,
    InvalidInputError,
    KolcoError,
    NotFoundError,
    UnavailableError,
)
from controller.core.settings import CoreSettings

PREFIX = "/api/v1"
PAGE = 1000

Params = Mapping[str, str | int | bool | None]

_ERRORS: Mapping[int, type[KolcoError]] = {
    401: DeniedError,
    403: DeniedError,
    404: NotFoundError,
    409: ConflictError,
    422: InvalidInputError,
    503: UnavailableError,
}
_OK_BELOW = 400


class ApiClient:
    """A connection to one controller, as one operator.

    Args:
        url: base URL of the API, without `/api/v1`.
        token: the operator's token.
        timeout_s: how long to wait for an answer.
    """

    def __init__(self, url: str, token: str, *, timeout_s: float = 30.0) -> None:
        self._url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=self._url + PREFIX,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout_s,
            trust_env=not _is_loopback(url),  # no proxy reaches this machine's own ports
        )

    def get(self, path: str, params: Params | None = None) -> Any:
        """Return the JSON of a resource. Raises as `send`."""
        return self.send("GET", path, params)

    def find_all(self, path: str, params: Params | None = None, *, limit: int | None = None) -> list[Any]:
        """Return the items of a list, all pages of it or the first `limit`. Raises as `send`."""
        items: list[Any] = []
        for page in self._pages(path, dict(params or {}), limit):
            items += page
            if limit is not None and len(items) >= limit:
                return items[:limit]
        return items

    def send(
        self,
        method: str,
        path: str,
        params: Params | None = None,
        *,
        json: Any = None,
        content: bytes | None = None,
        media_type: str | None = None,
    ) -> Any:
        """Send a request and return the answer's JSON.

        Raises:
            UnavailableError: the controller does not answer, or says it cannot now.
            KolcoError: what the controller answered, as the error it was there.
        """
        given = {key: value for key, value in (params or {}).items() if value is not None}
        headers = {"Content-Type": media_type} if media_type else {}
        try:
            answer = self._http.request(
                method, path, params=given, json=json, content=content, headers=headers
            )
        except httpx.TimeoutException as error:
            raise UnavailableError(
                f"the controller at {self._url} takes too long",
                hint="KOLCO_CLI_TIMEOUT_S gives it more time",
            ) from error
        except (httpx.TransportError, httpx.InvalidURL) as error:
            raise UnavailableError(
                f"no controller answers at {self._url}",
                hint="start it with `kolco up`, or set KOLCO_CLI_API_URL; `kolco doctor` looks for the cause",
            ) from error
        if answer.status_code >= _OK_BELOW:
            _raise(answer)
        return _json(answer)

    def close(self) -> None:
        """Close the connection."""
        self._http.close()

    def _pages(self, path: str, params: dict[str, Any], limit: int | None) -> Iterator[list[Any]]:
        params["limit"] = min(PAGE, limit or PAGE)
        while True:
            page = self.get(path, params)
            yield page["items"]
            if page["next"] is None:
                return
            params["after"] = page["next"]


def open_client() -> ApiClient:
    """Return a client for the controller and operator that the settings name.

    Raises:
        DeniedError: there is no token, or its file cannot be read.
        InvalidInputError: a setting is wrong.
    """
    settings = CliSettings.load()
    if settings.token is not None:
        token = settings.token.get_secret_value()
    else:
        token = _read_token(settings.token_file or CoreSettings.load().data_dir / "operator.token")
    if not (token.isascii() and token.isprintable()):
        raise DeniedError("the token holds characters no token has", hint="set KOLCO_CLI_TOKEN anew")
    try:
        client = ApiClient(settings.api_url, token, timeout_s=settings.timeout_s)
        is_open = httpx.URL(settings.api_url).scheme == "http" and not _is_loopback(settings.api_url)
    except httpx.InvalidURL as error:
        raise InvalidInputError(
            f"KOLCO_CLI_API_URL is not a URL: {error}", hint="write it as http://127.0.0.1:8480"
        ) from error
    if is_open:
        note("warning: the token goes to KOLCO_CLI_API_URL unencrypted; use https")
    return client


def ap_path(client: ApiClient, ap: str) -> str:
    """Return the path of an AP; one whose name holds a slash is looked up by the name first."""
    if "/" in ap:
        named = [
            row["serial"] for row in client.find_all("/access-points", {"text": ap}) if row["name"] == ap
        ]
        if len(named) == 1:
            ap = named[0]
    return f"/access-points/{segment(ap)}"


def segment(name: str) -> str:
    """Return a name as one part of a path.

    Raises:
        InvalidInputError: no path can hold it.
    """
    if name in {"", ".", ".."}:
        raise InvalidInputError(f"{name!r} is not a name")
    return quote(name, safe="")


def _read_token(path: Path) -> str:
    hint = "run as the user of the controller, or set KOLCO_CLI_TOKEN or KOLCO_CLI_TOKEN_FILE"
    try:
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError as error:
        raise DeniedError(
            f"there is no token at {path.absolute()}",
            hint="start the controller here first (`kolco up`): it makes one; "
            "or set KOLCO_DATA_DIR or KOLCO_CLI_TOKEN",
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise DeniedError(f"the token at {path.absolute()} cannot be read", hint=hint) from error


def _is_loopback(url: str) -> bool:
    host = httpx.URL(url).host.strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError as error:
        raise KolcoError(
            f"{answer.request.url.host} does not answer like a controller",
            hint="check KOLCO_CLI_API_URL",
        ) from error


def _raise(answer: httpx.Response) -> NoReturn:
    problem = _json(answer)
    kind = _ERRORS.get(answer.status_code, KolcoError)
    if not isinstance(problem, dict) or "message" not in problem:
        raise kind(f"the controller answered {answer.status_code}", hint="check KOLCO_CLI_API_URL")
    raise kind(problem["message"], hint=problem.get("hint", ""), **problem.get("data", {}))
