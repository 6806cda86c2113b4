"""Inspect and change topics on a broker with kafka-python's admin client."""

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
UNREACHABLE_FIX = "Check that it runs and that the address is correct."


class KafkaRefused(FirstwordError):
    """The broker answers but refuses a request."""


@contextlib.contextmanager
def open_admin(settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    """Yield a connected admin client.

    Raises:
        Unreachable: no broker answers.
        KafkaRefused: a broker refuses a request.
    """
    _require_listener(settings.brokers)
    try:
        client = KafkaAdminClient(
            bootstrap_servers=settings.brokers.split(","),
            client_id=f"{settings.prefix}firstword-admin",
            request_timeout_ms=ANSWER_MS,
            bootstrap_timeout_ms=ANSWER_MS,
        )
    except (KafkaError, OSError, ValueError) as error:
        raise Unreachable(f"Kafka at {settings.brokers} can't be reached: {error}.", fix=UNREACHABLE_FIX) from None
    try:
        yield client
    except KafkaError as error:
        raise KafkaRefused(f"Kafka at {settings.brokers} refused the request: {error}.") from error
    finally:
        client.close()


def _require_listener(brokers: str) -> None:
    """Check that a broker listens. Without one, the client leaves its sockets open and takes longer to fail."""
    refusals = []
    for server in brokers.split(","):
        host, _, port = server.strip().rpartition(":")
        try:
            socket.create_connection((host.strip("[]"), int(port)), timeout=CONNECT_SECONDS).close()
        except (OSError, ValueError) as error:
            refusals.append(f"{server}: {error}")
        else:
            return
    raise Unreachable(f"Kafka at {brokers} can't be reached ({'; '.join(refusals)}).", fix=UNREACHABLE_FIX)


class TopicAdmin:
    """Reads and changes topics."""

    def __init__(self, client: KafkaAdminClient) -> None:
        self._client = client

    def existing(self, wanted: Sequence[TopicSpec]) -> dict[str, TopicSpec]:
        """Return the topics of ``wanted`` that exist, with the settings that ``wanted`` names."""
        names = set(self._client.list_topics())
        specs = [spec for spec in wanted if spec.name in names]
        if not specs:
            return {}
        configs = self._configs(specs)
        existing = {}
        for topic in self._client.describe_topics([spec.name for spec in specs]):
            name, partitions = topic["name"], topic["partitions"]
            copies = min(len(partition["replica_nodes"]) for partition in partitions)
            existing[name] = TopicSpec(name, len(partitions), copies, configs.get(name, {}))
        return existing

    def apply(self, changes: Iterable[TopicChange]) -> None:
        """Apply ``changes``, except the refused ones."""
        changes = list(changes)
        new = {
            spec.name: {
                "num_partitions": spec.partitions,
                "replication_factor": spec.replication,
                "configs": dict(spec.config),
            }
            for spec in (change.create for change in changes)
            if spec is not None
        }
        if new:
            self._client.create_topics(new, wait_for_metadata=True)
        for change in changes:
            if change.partitions is not None:
                self._client.create_partitions({change.topic: change.partitions})
            elif change.config:
                self._client.alter_configs(
                    [ConfigResource(ConfigResourceType.TOPIC, change.topic, configs=dict(change.config))]
                )

    def _configs(self, specs: Sequence[TopicSpec]) -> dict[str, dict[str, str]]:
        resources = [
            ConfigResource(ConfigResourceType.TOPIC, spec.name, configs=dict.fromkeys(spec.config)) for spec in specs
        ]
        answer = self._client.describe_configs(resources, config_filter="all")
        return {
            name: {key: str(value["value"]) for key, value in values.items()}
            for topics in answer.values()
            for name, values in topics.items()
        }
