"""Looks at and changes topics on a broker, with kafka-python's admin client."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterable, Iterator, Sequence

from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError

from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.runtimes.kafka.topics import TopicChange, TopicSpec
from services.common.errors import FirstwordError, Unreachable

__all__ = ["KafkaRefused", "TopicAdmin", "open_admin"]

ANSWER_MS = 15_000
CONNECT_SECONDS = 5


class KafkaRefused(FirstwordError):
    """The broker answers, and says no."""


@contextlib.contextmanager
def open_admin(settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    """A connected admin client.

    Raises:
        Unreachable: when no broker answers.
        KafkaRefused: when one refuses what is asked of it.
    """
    _require_an_answer(settings.brokers)
    try:
        client = KafkaAdminClient(
            bootstrap_servers=settings.brokers.split(","),
            client_id=f"{settings.prefix}firstword-admin",
            request_timeout_ms=ANSWER_MS,
            bootstrap_timeout_ms=ANSWER_MS,
        )
    except (KafkaError, OSError, ValueError) as error:
        raise Unreachable(
            f"No Kafka answers at {settings.brokers}: {error}.", fix="Is it up, and is the address right?"
        ) from None
    try:
        yield client
    except KafkaError as error:
        raise KafkaRefused(f"Kafka at {settings.brokers} refuses: {error}.") from error
    finally:
        client.close()


def _require_an_answer(brokers: str) -> None:
    """Look whether anybody listens: the client leaves its sockets open when nobody does, and takes longer to say so."""
    refusals = []
    for server in brokers.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
        except (OSError, ValueError) as error:
            refusals.append(f"{server}: {error}")
        else:
            return
    raise Unreachable(
        f"No Kafka answers at {brokers} ({'; '.join(refusals)}).", fix="Is it up, and is the address right?"
    )


class TopicAdmin:
    """Topics as they are, and changes to them."""

    def __init__(self, client: KafkaAdminClient) -> None:
        self._client = client

    def existing(self, wanted: Sequence[TopicSpec]) -> dict[str, TopicSpec]:
        """Those of ``wanted`` that are there, with the settings that ``wanted`` names."""
        there = set(self._client.list_topics())
        named = [spec for spec in wanted if spec.name in there]
        if not named:
            return {}
        configs = self._configs(named)
        found = {}
        for topic in self._client.describe_topics([spec.name for spec in named]):
            name, partitions = topic["name"], topic["partitions"]
            copies = min(len(partition["replica_nodes"]) for partition in partitions)
            found[name] = TopicSpec(name, len(partitions), copies, configs.get(name, {}))
        return found

    def apply(self, changes: Iterable[TopicChange]) -> None:
        """Make ``changes``, but for those that are refused; each is made or raises."""
        made = list(changes)
        new = {
            spec.name: {
                "num_partitions": spec.partitions,
                "replication_factor": spec.replication,
                "configs": dict(spec.config),
            }
            for spec in (change.create for change in made)
            if spec is not None
        }
        if new:
            self._client.create_topics(new, wait_for_metadata=True)
        for change in made:
            if change.partitions is not None:
                self._client.create_partitions({change.topic: change.partitions})
            elif change.config:
                self._client.alter_configs(
                    [ConfigResource(ConfigResourceType.TOPIC, change.topic, configs=dict(change.config))]
                )

    def _configs(self, named: Sequence[TopicSpec]) -> dict[str, dict[str, str]]:
        asked = [
            ConfigResource(ConfigResourceType.TOPIC, spec.name, configs=dict.fromkeys(spec.config)) for spec in named
        ]
        answer = self._client.describe_configs(asked, config_filter="all")
        return {
            name: {key: str(found["value"]) for key, found in values.items()}
            for topics in answer.values()
            for name, values in topics.items()
        }
