"""Everything that can be set from outside, with its default and its meaning: ``FIRSTWORD_*`` variables and options."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from firstword.kit.errors import BadInput

__all__ = ["LlmSettings", "Settings", "SmtpSettings", "default_data_dir", "read_settings"]


def default_data_dir() -> Path:
    """``$XDG_DATA_HOME/firstword``, by default ``~/.local/share/firstword`` (XDG Base Directory Specification 0.8)."""
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "firstword"


class SmtpSettings(BaseSettings):
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


class MailboxSettings(BaseSettings):
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


class LlmSettings(BaseSettings):
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


class Settings(BaseSettings):
    """The settings of an embedded system, or of one service of the stack."""

    model_config = SettingsConfigDict(env_prefix="FIRSTWORD_", env_ignore_empty=True, extra="ignore", frozen=True)

    data: Path = Field(default_factory=default_data_dir, description="the folder that holds everything")
    database: SecretStr | None = Field(
        default=None, description="the stack's PostgreSQL: postgresql://user:password@host/name; else a file in data"
    )
    secret: SecretStr | None = Field(
        default=None, description="what signs the desk's sessions; else it is made, and kept in a file in data"
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
        default={}, description='Slack addresses by client: {"claire-arnaud": "https://hooks…"}'
    )
    teams_hooks: dict[str, SecretStr] = Field(default={}, description="the same for Microsoft Teams")
    notices_to: str | None = Field(
        default=None, description="a mail address that is told of webhook endpoints that are given up on"
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
    def address(self) -> str:
        """The desk's address for people, without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


def read_settings(**given: object) -> Settings:
    """Settings from the environment, with what was ``given`` on the command line (None: not given) above it.

    Raises:
        BadInput: naming the variable or option that can't be used, and why.
    """
    try:
        return Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "_".join(str(step) for step in first["loc"] if not isinstance(step, int))
        raise BadInput(
            f"FIRSTWORD_{name.upper()} (or --{name.replace('_', '-')}): {first['msg']}; it is {first['input']!r}.",
            mend="Correct it, or leave it out for the default.",
        ) from None
