"""Settings: read once, from the environment and one TOML file; every field is documented.

A daemon's settings are one `Section`: the section `radius` reads `KOLCO_RADIUS_*` variables and the
`[radius]` table of the file that `KOLCO_CONFIG` names. The environment beats the file. No secret
has a default: secrets are generated into the data directory (see `secrets`).
"""

import difflib
import os
import tomllib
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError

from controller.core.errors import InvalidInputError

CONFIG_VARIABLE = "KOLCO_CONFIG"
SHARED_PREFIX = "KOLCO_"
_NEARLY = 0.9
"""How alike two names of variables are, of 1, when one is taken for a misspelling of the other."""


def section(name: str) -> SettingsConfigDict:
    """Return the model configuration of the section `name` (empty: the shared one)."""
    prefix = f"{SHARED_PREFIX}{name.upper()}_" if name else SHARED_PREFIX
    return SettingsConfigDict(env_prefix=prefix, extra="forbid", frozen=True, env_ignore_empty=True)


class _TomlTable(PydanticBaseSettingsSource):
    """The section's table of the configuration file."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        del field
        return self().get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        path = os.environ.get(CONFIG_VARIABLE)
        if not path:
            return {}
        table = (self.config["env_prefix"].removeprefix("KOLCO_").removesuffix("_") or "core").lower()
        try:
            content = tomllib.loads(Path(path).read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise InvalidInputError(
                f"cannot read the configuration file {path}: {error}",
                hint=f"mend the file, or unset {CONFIG_VARIABLE}",
            ) from error
        value = content.get(table, {})
        if not isinstance(value, dict):
            raise InvalidInputError(f"[{table}] in {path} is not a table")
        return value


class Section(BaseSettings):
    """Base of every settings class."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Rank the sources: arguments, environment, TOML file."""
        del dotenv_settings, file_secret_settings
        return init_settings, env_settings, _TomlTable(settings_cls)

    @classmethod
    def load(cls) -> Self:
        """Read the settings.

        Raises:
            InvalidInputError: a value is wrong, or a variable with this section's prefix is no setting;
                the message names the variable and the reason.
        """
        cls._refuse_strange_variables()
        try:
            return cls()
        except SettingsError as error:
            field = next((name for name in cls.model_fields if f'"{name}"' in str(error)), "")
            raise InvalidInputError(
                f"wrong settings: {cls.env_prefix()}{field.upper()} is not JSON",
                hint='write a list as JSON: ["a", "b"]; docs/settings.md shows every setting',
            ) from error
        except ValidationError as error:
            prefix = cls.model_config["env_prefix"]
            faults = "; ".join(
                f"{'_'.join([prefix.rstrip('_'), *map(str, fault['loc'])]).upper()}: {fault['msg']}"
                for fault in error.errors()
            )
            raise InvalidInputError(
                f"wrong settings: {faults}", hint="see docs/settings.md for every setting"
            ) from error

    @classmethod
    def _refuse_strange_variables(cls) -> None:
        """Refuse what is misspelt in the environment, as in the file.

        The shared section's prefix begins every other's, so there only what is nearly right is refused.
        """
        prefix = cls.env_prefix()
        known = {f"{prefix}{name.upper()}" for name in cls.model_fields}
        if prefix == SHARED_PREFIX:
            known.add(CONFIG_VARIABLE)
        for name in sorted(os.environ):
            if not name.upper().startswith(prefix) or name.upper() in known:
                continue
            nearest = difflib.get_close_matches(name.upper(), known, n=1, cutoff=_NEARLY)
            if nearest or prefix != SHARED_PREFIX:
                raise InvalidInputError(
                    f"wrong settings: there is no {name}",
                    hint=f"did you mean {nearest[0]}?" if nearest else "docs/settings.md shows every setting",
                )

    @classmethod
    def env_prefix(cls) -> str:
        """Return the prefix of this section's environment variables."""
        return cls.model_config["env_prefix"]


class CoreSettings(Section):
    """What every daemon needs."""

    model_config = section("")

    data_dir: Path = Field(
        Path("data"),
        description="Directory of the embedded database, generated secrets and certificates (mode 0700).",
    )
    database_url: str | None = Field(
        None,
        description="SQLAlchemy URL of the database: `postgresql+asyncpg://…` or `sqlite+aiosqlite:///…`. "
        "Unset: SQLite (WAL) in the data directory.",
    )
    bus_url: str | None = Field(
        None,
        description="NATS URL (`nats://host:4222`) of the event bus. "
        "Unset: the embedded bus, fed from the database's outbox, no server needed.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="Least severe level that is logged."
    )
    log_format: Literal["console", "json"] = Field(
        "console", description="`console` for people, `json` for programs."
    )
    time_zone: str = Field(
        "Europe/Moscow",
        description="The city's time zone (IANA name): of its days and hours policies and quotas speak.",
    )

    @field_validator("time_zone")
    @classmethod
    def _check_time_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"{name!r} is no time zone such as Europe/Moscow") from error
        return name

    @property
    def zone(self) -> ZoneInfo:
        """The city's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def database(self) -> str:
        """The database's URL, the embedded default worked out."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir.absolute() / 'kolco.db'}"
