"""Everything that can be set from outside, with its default and its meaning: ``FIRSTWORD_*`` variables and options.

Each may also lie in a file of the variable's name, in small letters, below ``/run/secrets``, where containers find what
must not stand in their environment; ``FIRSTWORD_SECRETS_DIR`` names another folder. The environment goes before it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from services.common.errors import BadInput

__all__ = [
    "FromOutside",
    "LlmSettings",
    "MailboxSettings",
    "Settings",
    "SmtpSettings",
    "default_data_dir",
    "read_from_outside",
    "read_settings",
]

S = TypeVar("S", bound=BaseSettings)
SECRETS_DIR = Path("/run/secrets")


def default_data_dir() -> Path:
    """``$XDG_DATA_HOME/firstword``, by default ``~/.local/share/firstword`` (XDG Base Directory Specification 0.8)."""
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "firstword"


class FromOutside(BaseSettings):
    """Settings from the environment, and from files of secrets where there are any."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is given goes before the environment, and that before files."""
        folder = Path(os.environ.get("FIRSTWORD_SECRETS_DIR") or SECRETS_DIR)
        if not folder.is_dir():
            return init_settings, env_settings
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, secrets_dir=folder)


class SmtpSettings(FromOutside):
    """How mail leaves: ``FIRSTWORD_SMTP_HOST`` and so on. Without a host, messages are copied by hand."""

    model_config = SettingsConfigDict(env_prefix="FIRSTWORD_SMTP_", env_ignore_empty=True, extra="ignore", frozen=True)

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: str | None = Field(default=None, description="the From address when the manager has none")
    timeout_seconds: float = Field(default=30, gt=0)
    token_file: Path | None = Field(
        default=None, description="holds an OAuth2 access token that something else keeps fresh; instead of a password"
    )
    unsubscribe: str | None = Field(default=None, description="the address that hears who wishes no more mail")
    dkim_key: Path | None = Field(default=None, description="signs mail: an RSA key as PEM (needs firstword[dkim])")
    dkim_selector: str = "firstword"
    dkim_domain: str | None = Field(default=None, description="by default that of the sender")


class MailboxSettings(FromOutside):
    """Where mails come back to: ``FIRSTWORD_MAILBOX_HOST`` and so on. Without a host, nobody looks for them."""

    model_config = SettingsConfigDict(
        env_prefix="FIRSTWORD_MAILBOX_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    host: str | None = None
    port: int = Field(default=993, ge=1, le=65535)
    security: Literal["tls", "none"] = "tls"
    username: str = ""
    password: SecretStr = SecretStr("")
    folder: str = "INBOX"
    poll_seconds: float = Field(default=300, gt=0)


class LlmSettings(FromOutside):
    """The language model that may reword drafts, if there is one: ``FIRSTWORD_LLM_URL`` and so on.

    ``url`` is the base of an OpenAI-compatible endpoint, up to and with ``/v1``. Without it, nothing leaves the house.
    """

    model_config = SettingsConfigDict(env_prefix="FIRSTWORD_LLM_", env_ignore_empty=True, extra="ignore", frozen=True)

    url: str | None = Field(default=None, description="the endpoint's base, such as http://127.0.0.1:8000/v1")
    key: SecretStr | None = Field(default=None, description="sent as a bearer token")
    model: str = Field(default="default", description="the model's name as the endpoint knows it")
    seconds: float = Field(default=20, gt=0, le=300, description="how long an answer may take")
    max_tokens: int = Field(default=400, ge=50, le=4_000, description="tokens of an answer, at most")
    daily_tokens: int = Field(default=200_000, ge=0, description="tokens of a day (UTC), asked and answered, at most")
    share_news: bool = Field(default=False, description="whether the model may read the quoted news, as context")


class Settings(FromOutside):
    """The settings of an embedded system, or of one service of the stack."""

    model_config = SettingsConfigDict(env_prefix="FIRSTWORD_", env_ignore_empty=True, extra="ignore", frozen=True)

    data: Path = Field(default_factory=default_data_dir, description="the folder that holds everything")
    database: SecretStr | None = Field(
        default=None, description="the stack's PostgreSQL: postgresql://user:password@host/name; else a file in data"
    )
    database_password: SecretStr | None = Field(
        default=None, description="the password to it, where the address has none; any characters"
    )
    secret: SecretStr | None = Field(
        default=None, description="what signs the desk's sessions; else it is made, and kept in a file in data"
    )
    keys: SecretStr | None = Field(
        default=None,
        description="what seals secrets in the database, the newest first; else it is made, and kept in a file in data",
    )
    host: str = Field(default="127.0.0.1", description="the address that the desk listens on")
    port: int = Field(default=8080, ge=0, le=65535)
    base_url: str | None = Field(default=None, description="the desk's address as people type it, behind a proxy")
    allowed_hosts: tuple[str, ...] = Field(default=(), description="further host names that the desk answers to")
    allow_private: tuple[str, ...] = Field(
        default=(),
        description="private networks (10.1.0.0/16) and hosts (feeds.intranet:8080) that may be fetched from",
    )
    sample: bool = Field(default=True, description="whether 'firstword sample play' fills an empty stack")
    thresholds: Path | None = Field(
        default=None, description="a file of thresholds of judgment; what it doesn't name is as shipped"
    )
    playbooks: Path | None = Field(
        default=None, description="the house's own playbooks: a file or a folder; else 'playbooks' in the data folder"
    )
    fetch_concurrency: int = Field(default=8, ge=1, le=64)
    slack_hooks: dict[str, SecretStr] = Field(
        default={},
        description='Slack addresses by client, and by "manager:" and account manager: {"claire-arnaud": "https://…"}',
    )
    teams_hooks: dict[str, SecretStr] = Field(default={}, description="the same for Microsoft Teams")
    notices_to: str | None = Field(
        default=None,
        description="what is told of webhook endpoints that are given up on: a mail address, slack:NAME or teams:NAME",
    )
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
    mailbox: MailboxSettings = Field(default_factory=MailboxSettings)
    llm: LlmSettings = Field(default_factory=LlmSettings)

    @property
    def database_file(self) -> Path:
        """The one database file of an embedded system."""
        return self.data / "firstword.db"

    @property
    def key_file(self) -> Path:
        """Where an embedded system keeps the keys that seal secrets in the database."""
        return self.data / "keys"

    @property
    def database_url(self) -> str | None:
        """The stack's database with the password to it; None in an embedded system."""
        if self.database is None or self.database_password is None:
            return self.database.get_secret_value() if self.database else None
        parts = urlsplit(self.database.get_secret_value())
        user, _, place = parts.netloc.rpartition("@")
        if ":" in user:
            return parts.geturl()
        password = quote(self.database_password.get_secret_value(), safe="")
        return urlunsplit(parts._replace(netloc=f"{user}:{password}@{place}"))

    @property
    def address(self) -> str:
        """The desk's address for people, without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


def read_settings(**given: object) -> Settings:
    """Settings from the environment, with what was ``given`` on the command line (None: not given) above it.

    Raises:
        BadInput: naming the variable or option that can't be used, and why.
    """
    return read_from_outside(Settings, given)


def read_from_outside(kind: type[S], given: Mapping[str, object]) -> S:
    """Settings of a ``kind``, with what was ``given`` (None: not given) above what is found outside.

    Raises:
        BadInput: naming the variable or option that can't be used, and why; never what a secret is.
    """
    try:
        return kind(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise BadInput(_told(kind, error), fix="Correct it, or leave it out for the default.") from None
    except SettingsError as error:  # it names the field, and what is wrong with it is its cause
        _, name, *_ = str(error).split('"')
        raise BadInput(
            f"{kind.model_config['env_prefix']}{name.upper()} can't be read: {error.__cause__}.",
            fix="Tables and lists are JSON: {…}, […]. Files must be readable (in containers for group 10001).",
        ) from None


def _told(kind: type[BaseSettings], error: ValidationError) -> str:
    """The first thing that is wrong; the parts of Settings have names and prefixes of their own."""
    first = error.errors()[0]
    part = next((each for each in (SmtpSettings, MailboxSettings, LlmSettings) if each.__name__ == error.title), kind)
    name = "_".join(str(step) for step in first["loc"] if not isinstance(step, int))
    option = f" (or --{name.replace('_', '-')})" if part is Settings else ""
    field = part.model_fields.get(str(first["loc"][0]))
    secret = field is not None and "SecretStr" in repr(field.annotation)
    shown = "" if secret else f"; it is {first['input']!r}"
    return f"{part.model_config['env_prefix']}{name.upper()}{option}: {first['msg']}{shown}."
