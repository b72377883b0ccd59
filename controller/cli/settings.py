"""Settings of the commands that talk to a running controller."""

from pathlib import Path

from pydantic import Field, SecretStr

from controller.core.settings import Section, section


class CliSettings(Section):
    """Where `kolco ap`, `kolco wlan` and the like find the controller, and who they are."""

    model_config = section("cli")

    api_url: str = Field("http://127.0.0.1:8480", description="Base URL of the controller's API.")
    token: SecretStr | None = Field(
        None,
        description="Token of an operator. Unset: the local operator's, from `token_file`.",
    )
    token_file: Path | None = Field(
        None,
        description="File that holds the token. Unset: `operator.token` in the data directory, "
        "which the controller makes on its first start.",
    )
    timeout_s: float = Field(30.0, gt=0, description="How long to wait for an answer, in seconds.")
