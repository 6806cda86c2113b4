"""How workers reach Kafka and how they behave there: ``FIRSTWORD_KAFKA`` and ``FIRSTWORD_KAFKA_*``."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import AliasChoices, Field
from pydantic_settings import SettingsConfigDict

from firstword.runtimes.dead_letter_limit import DEAD_LETTERS_PER_HOUR
from services.common.errors import BadInput
from services.common.settings import EnvironmentSettings, load_settings

__all__ = ["KafkaSettings", "find_kafka_settings", "read_kafka_settings"]


class KafkaSettings(EnvironmentSettings):
    """Settings of one worker. Intervals are those of measurements on Kafka 4.1 with faust-streaming 0.15.3."""

    model_config = SettingsConfigDict(
        env_prefix="FIRSTWORD_KAFKA_", env_ignore_empty=True, extra="ignore", frozen=True, populate_by_name=True
    )

    brokers: str = Field(
        default="",
        validation_alias=AliasChoices("brokers", "FIRSTWORD_KAFKA"),
        description="bootstrap servers, host:port, several with commas",
    )
    prefix: str = Field(default="", pattern=r"^[A-Za-z0-9._-]*$", description="put before every topic and group")
    replication: int = Field(default=1, ge=1, le=5, description="copies of every partition; 3 with three brokers")
    batch: int = Field(default=500, ge=1, le=10_000, description="the most records that are decided together")
    linger_ms: int = Field(default=5, ge=0, le=1_000)
    commit_interval_seconds: float = Field(default=0.5, gt=0, le=60)
    session_timeout_seconds: float = Field(
        default=8, ge=6, description="after so long without a heartbeat a worker's partitions go to the others"
    )
    heartbeat_seconds: float = Field(default=2, gt=0)
    request_timeout_seconds: float = Field(
        default=1_200, ge=60, description="how long a broker may be away; short ones lose what is being sent"
    )
    instance: str | None = Field(
        default=None, description="a name that stays over restarts: partitions wait for it instead of moving"
    )
    store: Literal["memory", "rocksdb"] = "memory"
    state_dir: Path = Field(default=Path("/var/lib/firstword"), description="where rocksdb keeps states")
    tick_seconds: float = Field(default=0.25, gt=0, description="how often an idle worker looks for due timers")
    drain_seconds: float = Field(default=25, gt=0, le=30, description="how long SIGTERM may take")
    stall_seconds: float = Field(default=60, gt=0, description="waiting records without progress for so long: ill")
    health_port: int | None = Field(default=None, ge=0, le=65535)
    health_host: str = "0.0.0.0"  # noqa: S104 - in a container, where the engine asks from outside of it
    dead_letters_per_hour: int = Field(
        default=DEAD_LETTERS_PER_HOUR, ge=0, description="more events than this that fail within an hour stop a worker"
    )

    def topic(self, name: str) -> str:
        """The name on the broker of our topic ``name``."""
        return f"{self.prefix}{name}"

    def name(self, topic: str) -> str:
        """Our name for ``topic`` as the broker calls it."""
        return topic.removeprefix(self.prefix)

    def group(self, service: str) -> str:
        """The consumer group of a service; it is the Faust application's id as well."""
        return f"{self.prefix}firstword-{service}"


def find_kafka_settings(**given: object) -> KafkaSettings | None:
    """Return the settings, or None if no broker is named; see :func:`read_kafka_settings`."""
    settings = load_settings(KafkaSettings, given)
    return settings if settings.brokers else None


def read_kafka_settings(**given: object) -> KafkaSettings:
    """Return the settings: those ``given`` on the command line (None: not given), else those of the environment.

    Raises:
        BadInput: no broker is named, or a value is not valid.
    """
    settings = find_kafka_settings(**given)
    if settings is None:
        raise BadInput("No Kafka is named.", fix="Give --brokers host:9092, or set FIRSTWORD_KAFKA=host:9092.")
    return settings
