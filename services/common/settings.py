"""All settings, with defaults and descriptions: ``FIRSTWORD_*`` environment variables and command-line options.

Each may also be in a file with the variable's name in lower case below ``/run/secrets``, where containers find their
secrets; ``FIRSTWORD_SECRETS_DIR`` selects another folder. Environment variables take precedence over these files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from typing import Literal, TypeVar
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SecretsSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from services.common.errors import BadInput

__all__ = [
    "EndpointSettings",
    "EnvironmentSettings",
    "LlmSettings",
    "MailboxSettings",
    "OpenIdSettings",
    "SecondReaderSettings",
    "Settings",
    "SmtpSettings",
    "default_data_dir",
    "load_settings",
    "read_settings",
]

S = TypeVar("S", bound=BaseSettings)
#: A mail address or an http(s) URL, in the characters that a comment of a header may have (RFC 9110, 5.6.5).
_CONTACT = re.compile(
    r"https?://[!#-\x27*-\[\]-~]{1,200}|[!#-\x27*-?A-\[\]-~]{1,100}@[A-Za-z0-9.-]{1,100}\.[A-Za-z0-9-]{2,63}"
)
#: Names that mean something only inside a network.
_PRIVATE_NAMES = (".local", ".localhost", ".internal", ".intranet", ".lan", ".home.arpa", ".test", ".invalid")
SECRETS_DIR = Path("/run/secrets")


def default_data_dir() -> Path:
    """Return ``$XDG_DATA_HOME/firstword``, or ``~/.local/share/firstword`` (XDG Base Directory Specification 0.8)."""
    base = os.environ.get("XDG_DATA_HOME") or "~/.local/share"
    return Path(base).expanduser() / "firstword"


class EnvironmentSettings(BaseSettings):
    """Settings from the environment and from secret files."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Give arguments precedence over the environment, and the environment over secret files."""
        folder = Path(os.environ.get("FIRSTWORD_SECRETS_DIR") or SECRETS_DIR)
        if not folder.is_dir():
            return init_settings, env_settings
        return init_settings, env_settings, SecretsSettingsSource(settings_cls, secrets_dir=folder)


class SmtpSettings(EnvironmentSettings):
    """The outgoing mail server: ``FIRSTWORD_SMTP_HOST`` etc. Without a host, account managers copy messages by hand."""

    model_config = SettingsConfigDict(env_prefix="FIRSTWORD_SMTP_", env_ignore_empty=True, extra="ignore", frozen=True)

    host: str | None = None
    port: int = Field(default=587, ge=1, le=65535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    username: str | None = None
    password: SecretStr | None = None
    sender: str | None = Field(
        default=None, description="the From address of account managers without one of their own"
    )
    timeout_seconds: float = Field(default=30, gt=0)
    token_file: Path | None = Field(
        default=None,
        description="a file with an OAuth2 access token that another program renews; replaces the password",
    )
    unsubscribe: str | None = Field(default=None, description="the address for unsubscribe requests")
    dkim_key: Path | None = Field(
        default=None, description="an RSA key (PEM) that signs mail with DKIM; needs firstword[dkim]"
    )
    dkim_selector: str = "firstword"
    dkim_domain: str | None = Field(default=None, description="the signing domain; default: the domain of the sender")


class MailboxSettings(EnvironmentSettings):
    """The mailbox for undelivered mail: ``FIRSTWORD_MAILBOX_HOST`` etc. Without a host, no mailbox is read."""

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


class EndpointSettings(EnvironmentSettings):
    """A language model behind an OpenAI-compatible endpoint. Without ``url``, it is not used."""

    url: str | None = Field(default=None, description="the base URL of the endpoint, such as http://127.0.0.1:8000/v1")
    key: SecretStr | None = Field(default=None, description="the API key, sent as a bearer token")
    model: str = Field(default="default", description="the name of the model at the endpoint")
    seconds: float = Field(default=20, gt=0, le=300, description="the timeout of a request, in seconds")
    max_tokens: int = Field(default=400, ge=50, le=4_000, description="the maximum number of tokens in a response")
    daily_tokens: int = Field(
        default=200_000, ge=0, description="the maximum number of tokens per day (UTC), requests and responses together"
    )


class LlmSettings(EndpointSettings):
    """The language model that may reword or write drafts: ``FIRSTWORD_LLM_URL`` etc.

    ``url`` is the base URL of an OpenAI-compatible endpoint, including ``/v1``. Without it, no model is used.
    """

    model_config = SettingsConfigDict(env_prefix="FIRSTWORD_LLM_", env_ignore_empty=True, extra="ignore", frozen=True)

    writes: Literal["off", "reword", "write"] = Field(
        default="reword",
        description="what the model is asked for: nothing (off), other phrasings of our own words (reword), or the "
        "whole message from plan and evidence (write), for which it is sent the news",
    )
    share_news: bool = Field(
        default=False, description="whether the quoted news is sent as context to a model that rewords"
    )


class SecondReaderSettings(EndpointSettings):
    """The language model that may read public news a second time: ``FIRSTWORD_SECOND_READER_URL`` etc.

    ``url`` is the base URL of an OpenAI-compatible endpoint, including ``/v1``. Without it, nothing is read again.
    """

    model_config = SettingsConfigDict(
        env_prefix="FIRSTWORD_SECOND_READER_", env_ignore_empty=True, extra="ignore", frozen=True
    )

    daily_tokens: int = Field(
        default=500_000, ge=0, description="the maximum number of tokens per day (UTC), requests and responses together"
    )
    least_score: float = Field(
        default=0.3, ge=0, le=1, description="the probability of being worth telling from which an item is read again"
    )


class OpenIdSettings(EnvironmentSettings):
    """An OpenID Connect provider by which people sign in to the desk: ``FIRSTWORD_OIDC_ISSUER`` etc."""

    model_config = SettingsConfigDict(env_prefix="FIRSTWORD_OIDC_", env_ignore_empty=True, extra="ignore", frozen=True)

    issuer: str | None = Field(
        default=None,
        description="the provider's address, exactly as it calls itself; without it, people sign in by link",
    )
    client_id: str | None = Field(default=None, description="this installation's id at the provider")
    client_secret: SecretStr | None = Field(default=None, description="this installation's secret at the provider")
    name: str = Field(default="your company account", description="what people call it: Sign in with …")


class Settings(EnvironmentSettings):
    """The settings of the embedded system, or of one service of the stack."""

    model_config = SettingsConfigDict(env_prefix="FIRSTWORD_", env_ignore_empty=True, extra="ignore", frozen=True)

    data: Path = Field(default_factory=default_data_dir, description="the data folder")
    database: SecretStr | None = Field(
        default=None,
        description="the stack's PostgreSQL database: postgresql://user:password@host/name; default: a file in data",
    )
    database_password: SecretStr | None = Field(
        default=None, description="the database password, if the database URL has none; may contain any characters"
    )
    database_ca: Path | None = Field(
        default=None,
        description="a file with the certificate of the authority that signed the database server's (PEM): the "
        "connection is then encrypted, and the server's certificate and name are checked",
    )
    secret: SecretStr | None = Field(
        default=None,
        description="the key that signs sessions of the desk; default: generated, in a file in data",
    )
    keys: SecretStr | None = Field(
        default=None,
        description="the keys that encrypt secrets in the database, newest first; default: generated, in a file",
    )
    host: str = Field(default="127.0.0.1", description="the address on which the desk listens")
    port: int = Field(default=8080, ge=0, le=65535)
    base_url: str | None = Field(default=None, description="the public URL of the desk, if it runs behind a proxy")
    allowed_hosts: tuple[str, ...] = Field(default=(), description="additional host names of the desk")
    websub: bool = Field(
        default=True,
        description="whether feeds' hubs are asked to report news at once; needs a base_url that is public, with https",
    )
    contact: str | None = Field(
        default=None,
        description="a mail address or web page at which the owners of servers can ask about requests from here; it is "
        "sent with each in User-Agent; default: only product and version",
    )
    allow_private: tuple[str, ...] = Field(
        default=(),
        description="private networks (10.1.0.0/16) and hosts (feeds.intranet:8080) to which Firstword may connect",
    )
    sample: bool = Field(
        default=True, description="whether 'firstword sample play' fills an empty stack with sample data"
    )
    thresholds: Path | None = Field(
        default=None, description="a file with thresholds; thresholds that it does not contain keep their default"
    )
    trades: Path | None = Field(
        default=None, description="your firm's trades, a file or a folder; default: 'trades' in data"
    )
    playbooks: Path | None = Field(
        default=None, description="your firm's playbooks, a file or a folder; default: 'playbooks' in data"
    )
    gate: Path | None = Field(
        default=None, description="your firm's rules on what may be sent, a file; default: 'gate.yaml' in data"
    )
    undo_seconds: int = Field(
        default=10,
        ge=0,
        le=300,
        description="for how long a decision at the desk can be undone; an approved message is held for that time",
    )
    retention: dict[str, int] = Field(
        default={},
        description='for how many days kinds of data are kept, where not the default: {"deliveries": 2557}; '
        "'firstword people retention' lists the kinds",
    )
    retention_hold: bool = Field(
        default=False, description="whether old data is not removed for now, as during a dispute or an investigation"
    )
    fetch_concurrency: int = Field(default=8, ge=1, le=64)
    reader_processes: int = Field(
        default=1, ge=1, le=64, description="processes that parse feeds, apart from everything else; one for each core"
    )
    slack_hooks: dict[str, SecretStr] = Field(
        default={},
        description='Slack webhook URLs by client, and by "manager:" + account manager: {"claire-arnaud": "https://…"}',
    )
    teams_hooks: dict[str, SecretStr] = Field(default={}, description="the same for Microsoft Teams")
    notices_to: str | None = Field(
        default=None,
        description="the recipient of notices about disabled webhooks: an email address, slack:NAME or teams:NAME",
    )
    log_format: Literal["console", "json"] = "console"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    smtp: SmtpSettings = Field(default_factory=SmtpSettings)
    mailbox: MailboxSettings = Field(default_factory=MailboxSettings)
    llm: LlmSettings = Field(default_factory=LlmSettings)
    second_reader: SecondReaderSettings = Field(default_factory=SecondReaderSettings)
    oidc: OpenIdSettings = Field(default_factory=OpenIdSettings)

    @field_validator("contact")
    @classmethod
    def _contact_is_an_address(cls, contact: str | None) -> str | None:
        """Refuse what nobody could write to, and what would be no part of a header."""
        if contact is None or _CONTACT.fullmatch(contact.strip()):
            return contact and contact.strip()
        raise ValueError("write it as feeds@your-firm.example or https://your-firm.example/feeds, in ASCII")

    @property
    def database_file(self) -> Path:
        """The database file of the embedded system."""
        return self.data / "firstword.db"

    @property
    def key_file(self) -> Path:
        """The file with the keys that encrypt secrets in the database of the embedded system."""
        return self.data / "keys"

    @property
    def database_url(self) -> str | None:
        """The URL of the stack's database with its password and certificates; None in the embedded system."""
        if self.database is None:
            return None
        given = urlsplit(self.database.get_secret_value())
        parts = given
        user, _, host = parts.netloc.rpartition("@")
        if self.database_password is not None and ":" not in user:
            password = quote(self.database_password.get_secret_value(), safe="")
            parts = parts._replace(netloc=f"{user}:{password}@{host}")
        if self.database_ca is not None:
            kept = [pair for pair in parse_qsl(parts.query) if pair[0] not in ("sslmode", "sslrootcert")]
            checked = [*kept, ("sslmode", "verify-full"), ("sslrootcert", str(self.database_ca))]
            parts = parts._replace(query=urlencode(checked))
        return self.database.get_secret_value() if parts == given else parts.geturl()

    @property
    def public_address(self) -> str | None:
        """The URL at which everybody can reach the desk; None unless ``base_url`` is https and names a public host."""
        parts = urlsplit(self.base_url or "")
        host = (parts.hostname or "").rstrip(".").lower()
        try:
            public = ip_address(host).is_global
        except ValueError:
            public = "." in host and not host.endswith(_PRIVATE_NAMES)
        return self.address if public and parts.scheme == "https" else None

    @property
    def address(self) -> str:
        """The URL of the desk for people, without a trailing slash."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


def read_settings(**given: object) -> Settings:
    """Read the settings from the environment; ``given`` command-line options (None: not given) take precedence.

    Raises:
        BadInput: a value is invalid; the message names the variable or option and the reason.
    """
    return load_settings(Settings, given)


def load_settings(kind: type[S], given: Mapping[str, object]) -> S:
    """Read settings of a ``kind``; ``given`` values (None: not given) take precedence.

    Raises:
        BadInput: a value is invalid; the message names the variable or option and the reason, but never a secret.
    """
    try:
        return kind(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        raise BadInput(_problem(kind, error), fix="Correct it, or remove it to use the default.") from None
    except SettingsError as error:  # its text has the field, its cause the reason
        _, name, *_ = str(error).split('"')
        raise BadInput(
            f"{kind.model_config['env_prefix']}{name.upper()} can't be read: {error.__cause__}.",
            fix="Write tables and lists as JSON: {…}, […]. Make files readable (in containers, for group 10001).",
        ) from None


def _problem(kind: type[BaseSettings], error: ValidationError) -> str:
    """Describe the first problem; the parts of Settings have prefixes of their own."""
    first = error.errors()[0]
    parts: tuple[type[BaseSettings], ...]
    parts = (SmtpSettings, MailboxSettings, LlmSettings, SecondReaderSettings, OpenIdSettings)
    part = next((part for part in parts if part.__name__ == error.title), kind)
    name = "_".join(str(step) for step in first["loc"] if not isinstance(step, int))
    option = f" (or --{name.replace('_', '-')})" if part is Settings else ""
    field = part.model_fields.get(str(first["loc"][0]))
    secret = field is not None and "SecretStr" in repr(field.annotation)
    shown = "" if secret else f"; it is {first['input']!r}"
    return f"{part.model_config['env_prefix']}{name.upper()}{option}: {first['msg']}{shown}."
