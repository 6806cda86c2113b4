"""The settings of TLS and passwords reach every client, or are refused with what to do."""

from __future__ import annotations

import ssl
import subprocess
from pathlib import Path

import pytest
from pydantic import SecretStr

from firstword.runtimes.kafka.security import connection_options, explain_tls_error
from firstword.runtimes.kafka.settings import KafkaSettings, read_kafka_settings
from services.common.errors import BadInput
from services.common.settings import Settings
from tests.conftest import require

ROOT = Path(__file__).resolve().parents[4]
URL = "postgresql://firstword@db:5432/firstword"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    require("openssl", "install Debian's package openssl")
    folder = tmp_path_factory.mktemp("tls") / "certificates"
    subprocess.run([ROOT / "scripts" / "certificates", folder], check=True, capture_output=True)
    return folder


def test_without_tls_only_the_brokers_are_given() -> None:
    assert connection_options(KafkaSettings(brokers="a:1, b:2")) == {"bootstrap_servers": ["a:1", "b:2"]}


def test_with_tls_certificates_and_names_are_checked(certificates: Path) -> None:
    given = KafkaSettings(
        brokers="a:1", security="tls", ca=certificates / "ca.crt", username="firstword", password=SecretStr("a secret")
    )
    options = connection_options(given)
    assert options["security_protocol"] == "SASL_SSL"
    assert (options["sasl_mechanism"], options["sasl_plain_password"]) == ("SCRAM-SHA-512", "a secret")
    context = options["ssl_context"]
    assert (context.check_hostname, context.verify_mode) == (True, ssl.CERT_REQUIRED)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    assert "a secret" not in repr(given)
    without = connection_options(KafkaSettings(brokers="a:1", security="tls", ca=certificates / "ca.crt"))
    assert (without["security_protocol"], "sasl_mechanism" in without) == ("SSL", False)


def test_the_certificates_are_for_the_servers_names_and_stay_when_made_again(certificates: Path) -> None:
    authority = certificates / "ca.crt"
    for name in ("kafka", "postgres"):
        for host in (name, "localhost"):
            command: list[str | Path] = [
                "openssl",
                "verify",
                "-x509_strict",
                "-CAfile",
                authority,
                "-verify_hostname",
                host,
            ]
            subprocess.run([*command, certificates / f"{name}.crt"], check=True, capture_output=True)
    other: list[str | Path] = [
        "openssl",
        "verify",
        "-CAfile",
        authority,
        "-verify_hostname",
        "elsewhere",
        certificates / "kafka.crt",
    ]
    assert subprocess.run(other, capture_output=True).returncode != 0
    before = {file.name: file.read_bytes() for file in certificates.iterdir()}
    script = ROOT / "scripts" / "certificates"
    subprocess.run([script, certificates], check=True, capture_output=True)
    assert {file.name: file.read_bytes() for file in certificates.iterdir()} == before
    subprocess.run([script, certificates, "--renew"], check=True, capture_output=True)
    after = {file.name: file.read_bytes() for file in certificates.iterdir()}
    assert {name for name in after if after[name] != before[name]} == {
        *("kafka.crt", "kafka.key", "kafka.pem", "postgres.crt", "postgres.key")
    }
    assert (certificates / "ca.key").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"USERNAME": "x", "PASSWORD": "y"}, "connections to Kafka are not encrypted"),
        ({"CA": "ca.crt"}, "connections to Kafka are not encrypted"),
        ({"SECURITY": "tls", "USERNAME": "x"}, "FIRSTWORD_KAFKA_PASSWORD is missing"),
        ({"SECURITY": "tls", "PASSWORD": "y"}, "FIRSTWORD_KAFKA_USERNAME is missing"),
        ({"SECURITY": "ssl"}, "FIRSTWORD_KAFKA_SECURITY"),
        ({"SASL": "GSSAPI"}, "FIRSTWORD_KAFKA_SASL"),
    ],
)
def test_settings_that_do_not_fit_are_refused(
    environment: dict[str, str], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(f"FIRSTWORD_KAFKA_{name}", value)
    with pytest.raises(BadInput, match=said) as refused:
        read_kafka_settings(brokers="a:1")
    assert refused.value.fix


def test_a_file_without_certificates_is_named(tmp_path: Path) -> None:
    (tmp_path / "empty.crt").write_text("nothing")
    for file in (tmp_path / "empty.crt", tmp_path / "missing.crt"):
        with pytest.raises(BadInput, match=file.name):
            connection_options(KafkaSettings(brokers="a:1", security="tls", ca=file))


def test_other_errors_of_tls_are_explained() -> None:
    what, fix = explain_tls_error(ssl.SSLError(1, "[SSL: WRONG_VERSION_NUMBER] wrong version number"))
    assert "does not speak TLS" in what
    assert "FIRSTWORD_KAFKA_SECURITY=plaintext" in fix


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        ({"database": URL}, URL),
        (
            {"database": URL, "database_ca": "/tls/ca.crt"},
            f"{URL}?sslmode=verify-full&sslrootcert=%2Ftls%2Fca.crt",
        ),
        (
            {"database": f"{URL}?sslmode=disable&options=-c%20x", "database_ca": "/tls/ca.crt"},
            f"{URL}?options=-c+x&sslmode=verify-full&sslrootcert=%2Ftls%2Fca.crt",
        ),
        (
            {"database": URL, "database_password": "p@ss:w/rd", "database_ca": "/ca"},
            "postgresql://firstword:p%40ss%3Aw%2Frd@db:5432/firstword?sslmode=verify-full&sslrootcert=%2Fca",
        ),
    ],
)
def test_the_databases_certificate_is_always_checked_with_its_name(settings: dict[str, str], url: str) -> None:
    assert Settings(**settings).database_url == url  # type: ignore[arg-type]
