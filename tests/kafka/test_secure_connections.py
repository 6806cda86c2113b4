"""Kafka and PostgreSQL with TLS and passwords: real servers, with the certificates that scripts/certificates makes."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from sqlalchemy import text

from firstword.runtimes.kafka.admin import KafkaRefused, check_connection
from firstword.runtimes.kafka.settings import KafkaSettings
from firstword.storage.engine import open_database, translate_outages
from firstword.storage.migrate import migrate
from services.common.errors import FirstwordError, Unreachable
from services.common.settings import Settings
from tests.conftest import require
from tests.kafka.lab import TIMEOUT_SECONDS, Lab, expected_outputs, items
from tests.postgres_server import HOW_TO_GET, LocalPostgres, debians_postgres
from tests.servers import CONFIG, HOW_TO_GET_KAFKA, LocalKafka, kafka_jars

ROOT = Path(__file__).resolve().parents[2]
PASSWORD = "a long random text of the tests"
#: The listener of deploy/compose.secure.yml, with SCRAM beside PLAIN.
SECURE = (
    CONFIG.replace("PLAINTEXT://", "CLIENT://")
    + """\
listener.security.protocol.map=CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT
inter.broker.listener.name=CLIENT
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-512
sasl.mechanism.inter.broker.protocol=PLAIN
listener.name.client.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \
username="broker" password="PASSWORD" user_broker="PASSWORD" user_firstword="PASSWORD";
listener.name.client.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
ssl.keystore.type=PEM
ssl.keystore.location=TLS/kafka.pem
ssl.truststore.type=PEM
ssl.truststore.location=TLS/ca.crt
ssl.enabled.protocols=TLSv1.3,TLSv1.2
"""
)


@pytest.fixture(scope="module")
def certificates() -> Iterator[Path]:
    """Certificates in a folder that another user may enter."""
    require("openssl", "install Debian's package openssl")
    folder = Path(tempfile.mkdtemp(prefix="firstword-tls-"))
    for name in ("ours", "another"):
        subprocess.run([ROOT / "scripts" / "certificates", folder / name], check=True, capture_output=True)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def broker(certificates: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalKafka]:
    """A Kafka that takes no connection without TLS and a password."""
    jars = kafka_jars()
    if jars is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(HOW_TO_GET_KAFKA)
    config = SECURE.replace("PASSWORD", PASSWORD).replace("TLS/", f"{certificates / 'ours'}/")
    user = f"SCRAM-SHA-512=[name=firstword,password={PASSWORD}]"
    server = LocalKafka(jars, tmp_path_factory.mktemp("secure-kafka"), config=config, users=[user])
    server.start()
    yield server
    server.stop()


def environment(certificates: Path, **changed: str) -> dict[str, str]:
    """The variables that deploy/compose.secure.yml sets."""
    given = {
        "security": "tls",
        "ca": str(certificates / "ours" / "ca.crt"),
        "sasl": "PLAIN",
        "username": "firstword",
        "password": PASSWORD,
    }
    return {f"FIRSTWORD_KAFKA_{name.upper()}": value for name, value in {**given, **changed}.items()}


def kafka_settings(broker: LocalKafka, variables: Mapping[str, str]) -> KafkaSettings:
    given = {name.removeprefix("FIRSTWORD_KAFKA_").lower(): value for name, value in variables.items()}
    return KafkaSettings(brokers=broker.servers, prefix=f"secure{os.getpid()}.", **given)  # type: ignore[arg-type]


@pytest.mark.kafka
@pytest.mark.parametrize("sasl", ["PLAIN", "SCRAM-SHA-512"])
def test_topics_workers_producers_and_consumers_use_tls_and_the_password(
    broker: LocalKafka, certificates: Path, sasl: str, tmp_path: Path
) -> None:
    variables = environment(certificates, sasl=sasl)
    lab = Lab(kafka_settings(broker, variables), tmp_path)
    try:
        events = items(40, 4)
        worker = lab.worker(**variables).ready()
        lab.send_events(events)
        lab.wait_for_outputs(expected_outputs(events))
        assert PASSWORD not in worker.log
    finally:
        lab.close()


@pytest.mark.kafka
@pytest.mark.parametrize(
    ("changed", "error", "said", "fix"),
    [
        ({"ca": "another/ca.crt"}, Unreachable, "its certificate is not trusted", "FIRSTWORD_KAFKA_CA"),
        ({"password": "wrong"}, KafkaRefused, "the user name or password", "FIRSTWORD_KAFKA_PASSWORD"),
        ({"sasl": "SCRAM-SHA-256"}, KafkaRefused, "SCRAM-SHA-256", "FIRSTWORD_KAFKA_SASL"),
    ],
)
def test_a_wrong_authority_password_or_mechanism_is_refused_in_words(
    broker: LocalKafka,
    certificates: Path,
    changed: dict[str, str],
    error: type[FirstwordError],
    said: str,
    fix: str,
    tmp_path: Path,
) -> None:
    if "ca" in changed:
        changed = {"ca": str(certificates / changed["ca"])}
    variables = environment(certificates, **changed)
    with pytest.raises(error, match=said) as refused:
        check_connection(kafka_settings(broker, variables))
    assert refused.value.fix is not None
    assert fix in refused.value.fix
    if "password" not in changed:  # a process takes seconds to start; one is enough
        return
    started = subprocess.run(
        [ROOT / ".venv/bin/firstword", "worker", "matcher"],
        env={**os.environ, "PYTHONPATH": str(ROOT), "FIRSTWORD_KAFKA": broker.servers, **variables},
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
        cwd=tmp_path,
    )
    assert started.returncode != 0
    assert said in started.stdout + started.stderr
    assert "Traceback" not in started.stdout + started.stderr


@pytest.mark.kafka
def test_a_broker_by_another_name_is_refused(
    broker: LocalKafka, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = kafka_settings(broker, environment(certificates))
    port = broker.servers.rpartition(":")[2]
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *given, **more: real("127.0.0.1", *given, **more))
    with pytest.raises(Unreachable, match=r"not trusted.*other\.example"):
        check_connection(settings.model_copy(update={"brokers": f"other.example:{port}"}))


@pytest.mark.kafka
def test_a_client_without_tls_gets_nothing(broker: LocalKafka) -> None:
    with pytest.raises(Unreachable, match="does not answer") as refused:
        check_connection(KafkaSettings(brokers=broker.servers))
    assert "FIRSTWORD_KAFKA_SECURITY=tls" in str(refused.value.fix)


@pytest.fixture(scope="module")
def database(certificates: Path) -> Iterator[LocalPostgres]:
    """A PostgreSQL as deploy/compose.secure.yml starts it."""
    binaries = debians_postgres()
    if binaries is None:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(HOW_TO_GET)
    folder = Path(tempfile.mkdtemp(prefix="firstword-tls-"))
    folder.chmod(0o755)
    for file in (certificates / "ours" / "postgres.crt", certificates / "ours" / "postgres.key"):
        shutil.copy(file, folder)
    shutil.copy(ROOT / "deploy" / "postgres.secure.hba.conf", folder / "pg_hba.conf")
    (folder / "pg_hba.conf").chmod(0o644)
    (folder / "postgres.key").chmod(0o600)
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder / "postgres.key", owner.pw_uid, owner.pw_gid)
    server = LocalPostgres(
        binaries,
        "ssl=on",
        f"ssl_cert_file={folder}/postgres.crt",
        f"ssl_key_file={folder}/postgres.key",
        f"hba_file={folder}/pg_hba.conf",
    )
    server.start()
    yield server
    server.stop()
    shutil.rmtree(folder)


def database_url(server: LocalPostgres, ca: Path, **changed: object) -> str:
    url = server.url.set(**changed)  # type: ignore[arg-type]
    password, plain = url.password, url.set(password=None).render_as_string(hide_password=False)
    settings = Settings(database=plain, database_password=password, database_ca=ca)  # type: ignore[arg-type]
    assert settings.database_url is not None
    return settings.database_url


@pytest.mark.postgres
def test_the_database_is_used_over_tls_with_its_certificate_checked(
    database: LocalPostgres, certificates: Path
) -> None:
    engine = open_database(database_url(database, certificates / "ours" / "ca.crt"))
    with engine.connect() as connection:
        row = connection.execute(text("SELECT ssl, version FROM pg_stat_ssl WHERE pid = pg_backend_pid()")).one()
    assert (row.ssl, row.version in ("TLSv1.2", "TLSv1.3")) == (True, True)
    assert migrate(engine) is not None
    engine.dispose()


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("ca", "changed", "said", "fix"),
    [
        ("another/ca.crt", {}, "certificate verify failed", "FIRSTWORD_DATABASE_CA"),
        ("missing.crt", {}, "root certificate file", "FIRSTWORD_DATABASE_CA names no file"),
        ("ours/ca.crt", {"password": "wrong"}, "password authentication failed", "FIRSTWORD_DATABASE_PASSWORD"),
    ],
)
def test_a_wrong_authority_or_password_of_the_database_is_refused_in_words(
    database: LocalPostgres, certificates: Path, ca: str, changed: dict[str, object], said: str, fix: str
) -> None:
    engine = open_database(database_url(database, certificates / ca, **changed))
    with pytest.raises(Unreachable, match=said) as refused, translate_outages(engine):
        engine.connect()
    assert fix in str(refused.value.fix)
    engine.dispose()


@pytest.mark.postgres
def test_the_database_takes_no_connection_without_tls(database: LocalPostgres) -> None:
    url = database.url.update_query_dict({"sslmode": "disable"}).render_as_string(hide_password=False)
    engine = open_database(url)
    with pytest.raises(Unreachable, match="no encryption") as refused, translate_outages(engine):
        engine.connect()
    assert "FIRSTWORD_DATABASE_CA" in str(refused.value.fix)
    engine.dispose()
