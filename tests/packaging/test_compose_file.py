"""The stack has the same settings as one machine: each reaches its services and is explained."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from firstword.runtimes.kafka.settings import KafkaSettings
from services.common.settings import (
    EnvironmentSettings,
    LlmSettings,
    MailboxSettings,
    OpenIdSettings,
    SecondReaderSettings,
    Settings,
    SmtpSettings,
)

ROOT = Path(__file__).resolve().parents[2]
STACK: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
OURS = ("migrate", "topics", "sample", "ingest", "matcher", "notifier", "desk")
LASTING = ("kafka", "postgres", "ingest", "matcher", "notifier", "desk")
KINDS: tuple[type[EnvironmentSettings], ...] = (
    Settings,
    SmtpSettings,
    MailboxSettings,
    LlmSettings,
    SecondReaderSettings,
    OpenIdSettings,
    KafkaSettings,
)

#: Settings that users can't change in the stack, and why.
FIXED = {
    "FIRSTWORD_DATA": "the image has its own folder",
    "FIRSTWORD_HOST": "the desk listens inside its container",
    "FIRSTWORD_PORT": "it is the published port, which services don't know",
    "FIRSTWORD_DATABASE": "the stack has its own",
    "FIRSTWORD_DATABASE_PASSWORD": "it is POSTGRES_PASSWORD",
    "FIRSTWORD_KAFKA": "the stack has its own",
    "FIRSTWORD_DATABASE_CA": "deploy/compose.secure.yml sets it",
    "FIRSTWORD_KAFKA_SECURITY": "deploy/compose.secure.yml sets it",
    "FIRSTWORD_KAFKA_CA": "deploy/compose.secure.yml sets it",
    "FIRSTWORD_KAFKA_SASL": "deploy/compose.secure.yml sets it",
    "FIRSTWORD_KAFKA_USERNAME": "deploy/compose.secure.yml sets it",
    "FIRSTWORD_KAFKA_PASSWORD": "it is KAFKA_PASSWORD, which deploy/compose.secure.yml passes on",
    "FIRSTWORD_KAFKA_STATE_DIR": "the rest of the container is read-only",
    "FIRSTWORD_KAFKA_HEALTH_HOST": "health is checked from inside the container",
    "FIRSTWORD_KAFKA_HEALTH_PORT": "the image and the health checks agree on it",
    "FIRSTWORD_KAFKA_INSTANCE": "it names one worker, and there may be several",
}
#: Variables that docker-compose.yml and scripts/compose use themselves.
OF_COMPOSE = {
    "FIRSTWORD_TAG",
    "FIRSTWORD_INSTALLATION",
    "FIRSTWORD_SECRETS",
    "FIRSTWORD_MATCHER_MEMORY",
    "FIRSTWORD_TLS",
}
#: Secrets and the services that get them. The desk needs hooks to show whom a channel reaches, and keys because
#: endpoints are added from its container.
SECRETS_OF = {
    "FIRSTWORD_SECRET": {"desk"},
    "FIRSTWORD_KEYS": {"desk", "notifier"},
    "FIRSTWORD_SMTP_PASSWORD": {"notifier"},
    "FIRSTWORD_MAILBOX_PASSWORD": {"notifier"},
    "FIRSTWORD_LLM_KEY": {"notifier"},
    "FIRSTWORD_SECOND_READER_KEY": {"notifier"},
    "FIRSTWORD_OIDC_CLIENT_SECRET": {"desk"},
    "FIRSTWORD_SLACK_HOOKS": {"notifier", "desk"},
    "FIRSTWORD_TEAMS_HOOKS": {"notifier", "desk"},
    "FIRSTWORD_DATABASE_PASSWORD": set(OURS) - {"matcher", "topics"},
}


def settings() -> Iterator[tuple[str, FieldInfo]]:
    """Yield every variable and its field."""
    for kind in KINDS:
        for name, field in kind.model_fields.items():
            variable = f"{kind.model_config['env_prefix']}{name.upper()}"
            if variable == "FIRSTWORD_KAFKA_BROKERS":
                variable = "FIRSTWORD_KAFKA"
            annotation = field.annotation
            if not (isinstance(annotation, type) and issubclass(annotation, EnvironmentSettings)):
                yield variable, field


def example() -> dict[str, str]:
    text = (ROOT / ".env.example").read_text()
    return dict(re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.M))


SETTINGS = dict(settings())
CONFIGURABLE = sorted(SETTINGS.keys() - FIXED.keys())


@pytest.mark.parametrize("name", CONFIGURABLE)
def test_every_setting_reaches_a_service_and_is_explained(name: str) -> None:
    given = [SERVICES[service]["environment"][name] for service in OURS if name in SERVICES[service]["environment"]]
    assert given, f"docker-compose.yml passes {name} to no service; add it there, or to FIXED with the reason"
    assert all(re.match(rf"\$\{{{name}:[-?]", value) for value in given), given
    assert name in example(), f".env.example does not explain {name}"


def test_fixed_settings_exist_and_are_not_passed_on() -> None:
    assert FIXED.keys() <= SETTINGS.keys()
    asked = set(re.findall(r"\$\{(FIRSTWORD_\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert asked - OF_COMPOSE - {"FIRSTWORD_PORT"} == set(CONFIGURABLE)
    assert example().keys() == {*CONFIGURABLE, *OF_COMPOSE, "FIRSTWORD_PORT", "POSTGRES_PASSWORD", "KAFKA_PASSWORD"}


@pytest.mark.parametrize("name", CONFIGURABLE)
def test_the_example_shows_each_default(name: str) -> None:
    if name in ("FIRSTWORD_BASE_URL", "FIRSTWORD_LOG_FORMAT"):  # the stack's own default
        assert re.match(rf"\$\{{{name}:-{re.escape(example()[name])}\}}", SERVICES["desk"]["environment"][name])
        return
    default = SETTINGS[name].get_default(call_default_factory=True)
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    shown = {None: "", (): "[]", True: "true", False: "false"}.get(default) if not isinstance(default, dict) else "{}"
    if shown is None or type(default) in (int, float):
        shown = f"{default:g}" if isinstance(default, float) else str(default)
    assert example()[name] == shown


def test_secrets_reach_only_the_services_that_need_them() -> None:
    secrets = {name for name, field in SETTINGS.items() if "SecretStr" in repr(field.annotation)} - {
        "FIRSTWORD_DATABASE",  # it is set without its password
        "FIRSTWORD_KAFKA_PASSWORD",  # only with the secure overlay, to all that speak with Kafka
    }
    assert secrets == SECRETS_OF.keys()
    for name, allowed in SECRETS_OF.items():
        assert {service for service in SERVICES if name in SERVICES[service].get("environment", {})} == allowed, name
    assert "@" in SERVICES["desk"]["environment"]["FIRSTWORD_DATABASE"]
    assert not re.search(r":[^/]*@", SERVICES["desk"]["environment"]["FIRSTWORD_DATABASE"])


def test_secret_files_are_mounted_where_secrets_are_needed() -> None:
    overlay = yaml.safe_load((ROOT / "deploy" / "compose.secrets.yml").read_text())["services"]
    with_secrets = {service for allowed in SECRETS_OF.values() for service in allowed}
    assert overlay.keys() == with_secrets | {"postgres"}
    for service in with_secrets:
        unset = {name for name, value in overlay[service]["environment"].items() if value == ""}
        required = {name for name, value in SERVICES[service]["environment"].items() if ":?" in str(value)}
        assert unset == required, service


@pytest.mark.parametrize("service", SERVICES)
def test_every_container_is_hardened_and_has_limits(service: str) -> None:
    container = SERVICES[service]
    assert container["read_only"] is True
    assert container["cap_drop"] == ["ALL"]
    assert container["security_opt"] == ["no-new-privileges:true"]
    assert container["mem_limit"]
    assert container["pids_limit"]
    assert container["logging"]["options"]["max-size"]
    assert container["restart"] == ("unless-stopped" if service in LASTING else "no")
    if service in LASTING:
        assert container["healthcheck"]["test"]
        assert container["stop_grace_period"] == "30s"
    if service not in OURS:  # our image has its own
        assert container["user"]
    assert "ports" not in container or service == "desk"


def test_the_secure_overlay_encrypts_every_connection_and_asks_for_passwords() -> None:
    overlay = yaml.safe_load((ROOT / "deploy" / "compose.secure.yml").read_text())["services"]
    assert overlay.keys() == {*OURS, "kafka", "postgres"}
    fixed = {name for name, reason in FIXED.items() if "compose.secure.yml" in reason}
    for service in OURS:
        environment, plain = overlay[service]["environment"], SERVICES[service]["environment"]
        wants_database = "FIRSTWORD_DATABASE" in plain
        assert ("FIRSTWORD_DATABASE_CA" in environment) == wants_database, service
        if service != "migrate":
            assert fixed - {"FIRSTWORD_DATABASE_CA"} <= environment.keys(), service
            assert environment["FIRSTWORD_KAFKA_SECURITY"] == "tls"
        assert any(volume.endswith("/ca.crt:/run/tls/ca.crt:ro") for volume in overlay[service]["volumes"]), service
        assert not any("ca.key" in volume for volume in overlay[service]["volumes"]), service
    broker = overlay["kafka"]["environment"]
    assert broker["KAFKA_LISTENER_SECURITY_PROTOCOL_MAP"] == "CLIENT:SASL_SSL,CONTROLLER:PLAINTEXT"
    assert broker["KAFKA_LISTENERS"] == "CLIENT://:9092,CONTROLLER://localhost:9093", (
        "the controller is on loopback only"
    )
    assert broker.keys() >= {name for name in SERVICES["kafka"]["environment"] if "LISTENER" in name} - {
        "KAFKA_CONTROLLER_LISTENER_NAMES"
    }
    assert "ssl=on" in overlay["postgres"]["command"]
    rules = [
        line.split()
        for line in (ROOT / "deploy" / "postgres.secure.hba.conf").read_text().splitlines()
        if line[0] != "#"
    ]
    assert {rule[0] for rule in rules} == {"local", "hostssl"}
    assert {rule[-1] for rule in rules if rule[0] != "local"} == {"scram-sha-256"}
