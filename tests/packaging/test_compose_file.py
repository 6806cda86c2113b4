"""The stack can be set up as one machine can: every setting reaches its services, and each is explained."""

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
from services.common.settings import EnvironmentSettings, LlmSettings, MailboxSettings, Settings, SmtpSettings

ROOT = Path(__file__).resolve().parents[2]
STACK: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = STACK["services"]
OURS = ("migrate", "topics", "sample", "ingest", "matcher", "notifier", "desk")
LASTING = ("kafka", "postgres", "ingest", "matcher", "notifier", "desk")
KINDS: tuple[type[EnvironmentSettings], ...] = (Settings, SmtpSettings, MailboxSettings, LlmSettings, KafkaSettings)

#: Settings that are not the user's to make in the stack, and why.
OF_THE_STACK = {
    "FIRSTWORD_DATA": "the image has its folder",
    "FIRSTWORD_HOST": "the desk listens inside of its container",
    "FIRSTWORD_PORT": "it is where the desk is published, and not known inside",
    "FIRSTWORD_DATABASE": "the stack brings its own",
    "FIRSTWORD_DATABASE_PASSWORD": "it is POSTGRES_PASSWORD",
    "FIRSTWORD_KAFKA": "the stack brings its own",
    "FIRSTWORD_KAFKA_STATE_DIR": "what else is there can't be written to",
    "FIRSTWORD_KAFKA_HEALTH_HOST": "the engine asks from inside of the container",
    "FIRSTWORD_KAFKA_HEALTH_PORT": "the image and the health checks agree on it",
    "FIRSTWORD_KAFKA_INSTANCE": "it names one worker, and there may be several",
}
#: Names that docker-compose.yml and scripts/compose use themselves.
OF_COMPOSE = {"FIRSTWORD_TAG", "FIRSTWORD_HOUSE", "FIRSTWORD_SECRETS", "FIRSTWORD_MATCHER_MEMORY"}
#: What only some may know; hooks are read by the desk as well, to show whom a channel reaches, and keys, where
#: endpoints are added from its container.
KEPT_TO = {
    "FIRSTWORD_SECRET": {"desk"},
    "FIRSTWORD_KEYS": {"desk", "notifier"},
    "FIRSTWORD_SMTP_PASSWORD": {"notifier"},
    "FIRSTWORD_MAILBOX_PASSWORD": {"notifier"},
    "FIRSTWORD_LLM_KEY": {"notifier"},
    "FIRSTWORD_SLACK_HOOKS": {"notifier", "desk"},
    "FIRSTWORD_TEAMS_HOOKS": {"notifier", "desk"},
    "FIRSTWORD_DATABASE_PASSWORD": set(OURS) - {"matcher", "topics"},
}


def settings() -> Iterator[tuple[str, FieldInfo]]:
    """Every variable, and what it is."""
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
TO_BE_SET = sorted(SETTINGS.keys() - OF_THE_STACK.keys())


@pytest.mark.parametrize("name", TO_BE_SET)
def test_every_setting_is_passed_on_to_a_service_and_explained(name: str) -> None:
    given = [SERVICES[one]["environment"][name] for one in OURS if name in SERVICES[one]["environment"]]
    assert given, f"docker-compose.yml gives {name} to no service; or say in OF_THE_STACK why not"
    assert all(re.match(rf"\$\{{{name}:[-?]", each) for each in given), given
    assert name in example(), f".env.example says nothing of {name}"


def test_what_is_not_passed_on_is_a_setting_and_not_passed_on() -> None:
    assert OF_THE_STACK.keys() <= SETTINGS.keys()
    asked = set(re.findall(r"\$\{(FIRSTWORD_\w+)", (ROOT / "docker-compose.yml").read_text()))
    assert asked - OF_COMPOSE - {"FIRSTWORD_PORT"} == set(TO_BE_SET)
    assert example().keys() == {*TO_BE_SET, *OF_COMPOSE, "FIRSTWORD_PORT", "POSTGRES_PASSWORD"}


@pytest.mark.parametrize("name", TO_BE_SET)
def test_the_example_shows_how_it_is_when_nothing_is_said(name: str) -> None:
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


def test_secrets_reach_those_alone_who_need_them() -> None:
    secrets = {name for name, field in SETTINGS.items() if "SecretStr" in repr(field.annotation)} - {
        "FIRSTWORD_DATABASE"  # which stands there without its password
    }
    assert secrets == KEPT_TO.keys()
    for name, allowed in KEPT_TO.items():
        assert {one for one in SERVICES if name in SERVICES[one].get("environment", {})} == allowed, name
    assert "@" in SERVICES["desk"]["environment"]["FIRSTWORD_DATABASE"]
    assert not re.search(r":[^/]*@", SERVICES["desk"]["environment"]["FIRSTWORD_DATABASE"])


def test_files_of_secrets_are_for_whoever_has_secrets() -> None:
    overlay = yaml.safe_load((ROOT / "deploy" / "compose.secrets.yml").read_text())["services"]
    with_secrets = {one for allowed in KEPT_TO.values() for one in allowed}
    assert overlay.keys() == with_secrets | {"postgres"}
    for service in with_secrets:
        unset = {name for name, value in overlay[service]["environment"].items() if value == ""}
        must = {name for name, value in SERVICES[service]["environment"].items() if ":?" in str(value)}
        assert unset == must, service


@pytest.mark.parametrize("service", SERVICES)
def test_every_container_is_hardened_and_bounded(service: str) -> None:
    made = SERVICES[service]
    assert made["read_only"] is True
    assert made["cap_drop"] == ["ALL"]
    assert made["security_opt"] == ["no-new-privileges:true"]
    assert made["mem_limit"]
    assert made["pids_limit"]
    assert made["logging"]["options"]["max-size"]
    assert made["restart"] == ("unless-stopped" if service in LASTING else "no")
    if service in LASTING:
        assert made["healthcheck"]["test"]
        assert made["stop_grace_period"] == "30s"
    if service not in OURS:  # our image has its own
        assert made["user"]
    assert "ports" not in made or service == "desk"
