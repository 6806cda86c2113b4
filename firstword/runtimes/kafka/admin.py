"""Inspect and change topics on a broker with kafka-python's admin client."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence

from aiokafka.conn import create_conn
from aiokafka.errors import AuthenticationFailedError, SaslAuthenticationFailed, UnsupportedSaslMechanismError
from aiokafka.errors import KafkaError as ClientError
from kafka.admin import ConfigResource, ConfigResourceType, KafkaAdminClient
from kafka.errors import KafkaError

from firstword.runtimes.kafka.security import connection_options, explain_tls_error, tls_context
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.runtimes.kafka.topics import TopicChange, TopicSpec
from services.common.errors import FirstwordError, Unreachable

__all__ = ["KafkaRefused", "TopicAdmin", "check_connection", "open_admin"]

ANSWER_MS = 15_000
#: A busy broker has accepted new topics for a while before it has leaders for all their partitions.
READY_MS = 60_000
CONNECT_SECONDS = 5
#: The time in which a refused connection is closed; its loop must run meanwhile, or the socket stays open.
CLOSE_SECONDS = 0.3
UNREACHABLE_FIX = "Check that it runs and that the address is correct."


class KafkaRefused(FirstwordError):
    """The broker answers but refuses a request."""


@contextlib.contextmanager
def open_admin(settings: KafkaSettings) -> Iterator[KafkaAdminClient]:
    """Yield a connected admin client.

    Must be called outside an event loop.

    Raises:
        Unreachable: no broker answers, or its certificate is not trusted.
        KafkaRefused: a broker refuses the user name, the password or a request.
    """
    host, port = _require_listener(settings)
    asyncio.run(_require_answer(settings, host, port))
    try:
        client = KafkaAdminClient(
            **connection_options(settings),
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


def check_connection(settings: KafkaSettings) -> None:
    """Connect once, so that a wrong certificate or password is said at the start, in words.

    Raises:
        Unreachable: no broker answers, or its certificate is not trusted.
        KafkaRefused: the user name or password is wrong.
    """
    with open_admin(settings):
        pass


async def _require_answer(settings: KafkaSettings, host: str, port: int) -> None:
    """Check that this broker answers and takes the user name and password.

    The admin client tries for long, leaves the sockets of failed attempts open, and doesn't say what is wrong.

    Raises:
        Unreachable: it is the only one, and does not answer.
        KafkaRefused: it refuses the user name, the password or their mechanism.
    """
    options = connection_options(settings)
    del options["bootstrap_servers"]
    try:
        connection = await create_conn(host, port, request_timeout_ms=ANSWER_MS, **options)
    except UnsupportedSaslMechanismError:
        what, fix = f"it does not take passwords by {settings.sasl}", "Correct FIRSTWORD_KAFKA_SASL."
    except (AuthenticationFailedError, SaslAuthenticationFailed):
        what = "the user name or password is wrong"
        fix = "Correct FIRSTWORD_KAFKA_USERNAME or FIRSTWORD_KAFKA_PASSWORD."
    except (ClientError, OSError) as error:
        await asyncio.sleep(CLOSE_SECONDS)
        if "," in settings.brokers:
            return  # another one may answer the admin client
        fix = UNREACHABLE_FIX
        if settings.security == "plaintext":
            fix += " If it asks for TLS, set FIRSTWORD_KAFKA_SECURITY=tls."
        reason = f"it does not answer: {error}" if str(error) else "it does not answer"
        raise Unreachable(f"Kafka at {settings.brokers} can't be reached ({host}:{port}: {reason}).", fix=fix) from None
    else:
        closing = connection.close()
        if closing is not None:
            await closing
        return
    await asyncio.sleep(CLOSE_SECONDS)
    raise KafkaRefused(f"Kafka at {settings.brokers} refused the connection: {what}.", fix=fix)


def _require_listener(settings: KafkaSettings) -> tuple[str, int]:
    """Return the first broker that listens, and is the right one, if TLS is used.

    Without one, the client leaves its sockets open and takes longer to fail, without a reason that people understand.
    """
    context, refusals, fix = tls_context(settings), [], UNREACHABLE_FIX
    for server in settings.brokers.split(","):
        host, _, port = server.strip().rpartition(":")
        host = host.strip("[]")
        try:
            with socket.create_connection((host, int(port)), timeout=CONNECT_SECONDS) as connection:
                if context is not None:
                    context.wrap_socket(connection, server_hostname=host).close()
                return host, int(port)
        except ssl.SSLError as error:
            what, fix = explain_tls_error(error)
            refusals.append(f"{server}: {what}")
        except (OSError, ValueError) as error:
            refusals.append(f"{server}: {error}")
    raise Unreachable(f"Kafka at {settings.brokers} can't be reached ({'; '.join(refusals)}).", fix=fix)


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
            self._client.create_topics(new)
            self._client.wait_for_topics(new, timeout_ms=READY_MS)
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
