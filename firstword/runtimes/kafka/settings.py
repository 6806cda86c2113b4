"""The workers' settings for Kafka: ``FIRSTWORD_KAFKA`` and ``FIRSTWORD_KAFKA_*``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field, SecretStr
from pydantic_settings import SettingsConfigDict

from firstword.runtimes.dead_letter_limit import DEAD_LETTERS_PER_HOUR
from services.common.errors import BadInput
from services.common.settings import EnvironmentSettings, load_settings

__all__ = ["KafkaSettings", "find_kafka_settings", "read_kafka_settings"]


class KafkaSettings(EnvironmentSettings):
    """Settings of one worker. The intervals were measured on Kafka 4.1 with faust-streaming 0.15.3."""

    model_config = SettingsConfigDict(
        env_prefix="FIRSTWORD_KAFKA_", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    brokers: str = Field(
        default="",
        validation_alias=AliasChoices("brokers", "FIRSTWORD_KAFKA"),
        description="bootstrap servers as host:port, separated by commas",
    )
    security: Literal["plaintext", "tls"] = Field(
        default="plaintext", description="how to connect to the brokers; with tls, their certificates are checked"
    )
    ca: Path | None = Field(
        default=None,
        description="a file with the certificates of those who sign the brokers' (PEM); default: the system's",
    )
    sasl: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = Field(
        default="SCRAM-SHA-512", description="how the password is sent, if there is a user name; only over TLS"
    )
    username: str | None = Field(default=None, description="the user name for the brokers; needs TLS and a password")
    password: SecretStr | None = None
    prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$", description="prefix of every topic and group")
    replication: int = Field(default=1, ge=1, le=5, description="copies of every partition; 3 with three brokers")
    batch: int = Field(default=500, ge=1, le=10_000, description="maximum number of records per batch")
    linger_ms: int = Field(default=5, ge=0, le=1_000)
    commit_interval_seconds: float = Field(default=0.5, gt=0, le=60)
    session_timeout_seconds: float = Field(
        default=8, ge=6, description="a worker without a heartbeat for this long loses its partitions to the others"
    )
    heartbeat_seconds: float = Field(default=2, gt=0)
    request_timeout_seconds: float = Field(
        default=1_200,
        ge=60,
        description="how long a broker may be unavailable; a short timeout loses records that are being sent",
    )
    instance: str | None = Field(
        default=None,
        description="a name that is the same after a restart: its partitions wait for it instead of moving",
    )
    store: Literal["memory", "rocksdb"] = Field(
        default="memory",
        description="where the matcher keeps its states; rocksdb is for more than about 100,000 watched names",
    )
    state_dir: Path = Field(default=Path("/var/lib/firstword"), description="folder in which rocksdb stores states")
    tick_seconds: float = Field(default=0.25, gt=0, description="how often an idle worker checks for due timers")
    drain_seconds: float = Field(default=25, gt=0, le=30, description="maximum time for a stop after SIGTERM")
    stall_seconds: float = Field(
        default=60, gt=0, description="a worker is unhealthy if records wait and it makes no progress for this long"
    )
    health_port: int | None = Field(default=None, ge=0, le=65535)
    health_host: str = "0.0.0.0"  # noqa: S104 - in a container, health checks come from outside
    dead_letters_per_hour: int = Field(
        default=DEAD_LETTERS_PER_HOUR, ge=0, description="more events than this that fail within an hour stop a worker"
    )

    def topic(self, name: str) -> str:
        """Return the topic ``name`` with the prefix, as the broker knows it."""
        return f"{self.prefix}{name}"

    def name(self, topic: str) -> str:
        """Return the broker's ``topic`` without the prefix."""
        return topic.removeprefix(self.prefix)

    def group(self, service: str) -> str:
        """Return the consumer group of a service, which is also the id of the Faust application."""
        return f"{self.prefix}firstword-{service}"


def find_kafka_settings(**given: object) -> KafkaSettings | None:
    """Return the settings, or None if no broker is named; see :func:`read_kafka_settings`.

    Raises:
        BadInput: a value is not valid, or the settings of TLS don't fit together.
    """
    settings = load_settings(KafkaSettings, given)
    if not settings.brokers:
        return None
    if settings.security == "plaintext" and (settings.username or settings.ca):
        raise BadInput(
            "FIRSTWORD_KAFKA_USERNAME or _CA is set, but connections to Kafka are not encrypted.",
            fix="Set FIRSTWORD_KAFKA_SECURITY=tls, or remove the others.",
        )
    if (settings.username is None) != (settings.password is None):
        missing = "PASSWORD" if settings.password is None else "USERNAME"
        raise BadInput(
            f"FIRSTWORD_KAFKA_{missing} is missing.", fix="Set both the user name and the password, or none."
        )
    return settings


def read_kafka_settings(**given: object) -> KafkaSettings:
    """Return the settings: those ``given`` on the command line (None: not given), else those of the environment.

    Raises:
        BadInput: no broker is named, or a value is not valid.
    """
    settings = find_kafka_settings(**given)
    if settings is None:
        raise BadInput(
            "No Kafka broker is configured.", fix="Give --brokers host:9092, or set FIRSTWORD_KAFKA=host:9092."
        )
    return settings
