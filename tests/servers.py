"""A real Kafka for tests. Without one, tests are skipped with a message that says how to get one; in CI they fail.

In this order: the brokers named by FIRSTWORD_TEST_KAFKA; a container, if a Docker engine answers; Apache Kafka from
Maven Central on Java, stored in the user's cache folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.ports import free_port

__all__ = ["CONFIG", "Kafka", "LocalKafka", "kafka_broker", "kafka_jars", "kafka_server"]

ROOT = Path(__file__).resolve().parents[1]
KAFKA_VERSION = "4.1.1"
KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
#: Generous, because a slow machine is no failure.
START_SECONDS = 300
HOW_TO_GET_KAFKA = (
    "no Kafka for this test: name one with FIRSTWORD_TEST_KAFKA=host:9092, start a Docker engine, or install "
    "Java 17 and Maven (Debian: apt-get install openjdk-17-jre-headless maven)"
)
CONFIG = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={folder}/logs
num.partitions=1
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
group.min.session.timeout.ms=1000
log.cleaner.backoff.ms=1000
"""


@dataclass
class Kafka:
    """A Kafka for tests."""

    servers: str


class LocalKafka(Kafka):
    """A local broker that can be killed and restarted on the same port and data."""

    def __init__(self, jars: Path, folder: Path, *, config: str = CONFIG, users: Sequence[str] = ()) -> None:
        port, controller = free_port(), free_port()
        super().__init__(f"127.0.0.1:{port}")
        self._port = port
        self._folder = folder
        self._config = folder / "server.properties"
        self._java = ["java", "-Xmx512m", "-Xms128m", "-cp", f"{jars}/*"]
        self._process: subprocess.Popen[bytes] | None = None
        folder.mkdir(parents=True, exist_ok=True)
        self._config.write_text(config.format(port=port, controller=controller, folder=folder))
        format_command = [
            *self._java,
            "kafka.tools.StorageTool",
            "format",
            "-c",
            str(self._config),
            "-t",
            "MkU3OEVBNTcwNTJENDM2Qk",
            *(part for user in users for part in ("--add-scram", user)),
        ]
        subprocess.run(format_command, check=True, capture_output=True, timeout=START_SECONDS)

    def start(self) -> None:
        """Start it and wait until it listens."""
        with (self._folder / "kafka.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*self._java, "kafka.Kafka", str(self._config)], stdout=log, stderr=log, start_new_session=True
            )
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with socket.socket() as probe:
                probe.settimeout(1)
                if probe.connect_ex(("127.0.0.1", self._port)) == 0:
                    return
            time.sleep(0.1)
        raise RuntimeError(f"Kafka did not start. The end of {log.name}:\n{Path(log.name).read_text()[-2_000:]}")

    def kill(self) -> None:
        """Send SIGKILL, as in a power cut."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()

    def stop(self) -> None:
        """Kill it and delete its data."""
        self.kill()
        shutil.rmtree(self._folder, ignore_errors=True)


def kafka_jars() -> Path | None:
    """Return the folder of Apache Kafka's jars, fetched with Maven on first use; None without Java or Maven."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "firstword" / f"kafka-{KAFKA_VERSION}"
    if shutil.which("java") is None:
        return None
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests run in several processes: only the first one fetches
        done = cache / ".complete"
        if not done.exists():
            if shutil.which("mvn") is None:
                return None
            pom = ROOT / "deploy" / "kafka-dev" / "pom.xml"
            fetch = ["mvn", "-q", "-B", "-f", str(pom), "dependency:copy-dependencies", f"-DoutputDirectory={cache}"]
            fetched = subprocess.run(fetch, capture_output=True, text=True, timeout=600)
            if fetched.returncode != 0:
                return None
            done.touch()
    return cache


def has_image(image: str) -> bool:
    """Return true if a Docker engine answers and has ``image`` or can pull it."""
    if shutil.which("docker") is None:
        return False
    if subprocess.run(["docker", "info"], capture_output=True, timeout=START_SECONDS).returncode:
        return False
    inspect = ["docker", "image", "inspect", image]
    if subprocess.run(inspect, capture_output=True, timeout=START_SECONDS).returncode == 0:
        return True
    return subprocess.run(["docker", "pull", "--quiet", image], capture_output=True, timeout=600).returncode == 0


@contextmanager
def kafka_container() -> Iterator[Kafka]:
    """Run a broker in a container on a free port; remove it with its data at the end."""
    os.environ.setdefault("TESTCONTAINERS_RYUK_DISABLED", "true")  # the context below removes the container
    from testcontainers.core.container import DockerContainer

    port = free_port()
    settings = {
        "CLUSTER_ID": "5L6g3nShT-eMCtK--X86sw",
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "PLAINTEXT",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS": "1000",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_HEAP_OPTS": "-Xmx512m -Xms128m",
    }
    container = DockerContainer(KAFKA_IMAGE).with_bind_ports("9092/tcp", port)
    for name, value in settings.items():
        container.with_env(name, value)
    with container:
        _wait_for_answer(f"127.0.0.1:{port}")
        yield Kafka(f"127.0.0.1:{port}")


def _wait_for_answer(servers: str) -> None:
    """Wait until a broker answers. An open port isn't enough: the engine opens it before the broker is up."""
    from kafka import KafkaAdminClient
    from kafka.errors import KafkaError

    end = time.monotonic() + START_SECONDS
    while True:
        try:
            client = KafkaAdminClient(bootstrap_servers=servers, bootstrap_timeout_ms=2_000)
            client.list_topics()
        except (KafkaError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
        else:
            client.close()
            return


@pytest.fixture(scope="session")
def kafka_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kafka]:
    """A Kafka for the whole session; each test uses its own prefix."""
    if named := os.environ.get("FIRSTWORD_TEST_KAFKA"):
        yield Kafka(named)
        return
    if has_image(KAFKA_IMAGE):
        with kafka_container() as server:
            yield server
        return
    jars = kafka_jars()
    if jars is None:
        if os.environ.get("CI") == "true":
            pytest.fail(HOW_TO_GET_KAFKA, pytrace=False)
        pytest.skip(HOW_TO_GET_KAFKA)
    local = LocalKafka(jars, tmp_path_factory.mktemp("kafka"))
    local.start()
    try:
        yield local
    finally:
        local.stop()


@pytest.fixture
def kafka_broker(kafka_server: Kafka) -> Kafka:
    """The session's Kafka."""
    return kafka_server
