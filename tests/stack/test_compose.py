"""The stack from built images: start, the sample's inbox, kills and restarts, stop with nothing left behind.

It runs with the Docker Compose that scripts/compose finds. All installed versions must read the files in the same way.
"""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from firstword.compose.common import open_store
from firstword.compose.embedded import prepare
from services.common.db import reading
from services.common.settings import Settings
from services.notifier import queries
from services.notifier.scope import EVERYTHING
from tests.conftest import require
from tests.ports import free_port

pytestmark = [pytest.mark.stack, pytest.mark.slow]

ROOT = Path(__file__).resolve().parents[2]
HOW_TO_GET = "install a Docker engine and Docker Compose (Debian: apt-get install docker.io docker-compose), start it"
UP_SECONDS = 1_800
TIMEOUT_SECONDS = 900


class Stack:
    """A separate stack, next to others on this machine."""

    def __init__(self) -> None:
        self.project = f"fwtest{secrets.token_hex(4)}"
        port = free_port()
        self.address = f"http://127.0.0.1:{port}"
        self._environment = {
            **os.environ,
            "COMPOSE_PROJECT_NAME": self.project,
            "POSTGRES_PASSWORD": secrets.token_hex(16),
            "FIRSTWORD_SECRET": secrets.token_hex(32),
            "FIRSTWORD_PORT": str(port),
            "FIRSTWORD_BASE_URL": self.address,
            "FIRSTWORD_TAG": "test",
        }
        self._token = ""

    def compose(self, *arguments: str, timeout: float = TIMEOUT_SECONDS) -> str:
        done = subprocess.run(
            [ROOT / "scripts" / "compose", *arguments],
            env=self._environment, capture_output=True, text=True, timeout=timeout,
        )  # fmt: skip
        assert done.returncode == 0, (
            f"compose {arguments}:\n{done.stdout[-2000:]}\n{done.stderr[-4000:]}\n{self.logs()}"
        )
        return done.stdout

    def firstword(self, service: str, *arguments: str) -> str:
        return self.compose("exec", "-T", service, "firstword", *arguments)

    def logs(self) -> str:
        shown = subprocess.run(
            [ROOT / "scripts" / "compose", "logs", "--no-color", "--tail=20"],
            env=self._environment, capture_output=True, text=True,
        )  # fmt: skip
        return shown.stdout[-8000:]

    def api(self, path: str) -> Any:
        if not self._token:
            self._token = self.firstword("desk", "signin", "--api-token").strip()
        known = {"Authorization": f"Bearer {self._token}"}
        return (
            httpx.get(f"{self.address}/api/v1/{path}", headers=known, timeout=TIMEOUT_SECONDS).raise_for_status().json()
        )

    def drafts(self) -> dict[str, tuple[str, str]]:
        return {draft["id"]: (draft["state"], draft["subject"]) for draft in self.api("drafts")["items"]}

    def containers(self, service: str) -> list[str]:
        return self.compose("ps", "-q", service).split()

    def healthy(self, service: str) -> bool:
        shown = [docker("inspect", "--format", "{{.State.Health.Status}}", name) for name in self.containers(service)]
        return bool(shown) and all(status == "healthy" for status in shown)

    def leftovers(self) -> list[str]:
        label = f"label=com.docker.compose.project={self.project}"
        kinds = (("ps", "-aq"), ("volume", "ls", "-q"), ("network", "ls", "-q"))
        return [name for kind in kinds for name in docker(*kind, "--filter", label).split()]


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    require("docker", HOW_TO_GET)
    if subprocess.run(["docker", "info"], capture_output=True).returncode != 0:
        require("a running Docker engine", HOW_TO_GET)
    stack = Stack()
    try:
        stack.compose("up", "--build", "--detach", timeout=UP_SECONDS)
        yield stack
    finally:
        stack.compose("down", "--volumes", "--remove-orphans")
        assert stack.leftovers() == []


def test_the_desk_shows_the_same_inbox_as_a_single_machine(stack: Stack, tmp_path: Path) -> None:
    with open_store(Settings(data=tmp_path)) as store:
        asyncio.run(prepare(store, book=None, opml=None))
        with reading(store.engine) as connection:
            shown = queries.inbox(connection, EVERYTHING, datetime.now(UTC), number=1, size=100).items
    wanted = sorted((line.state, line.subject) for line in shown)
    assert any("Meridia Bank" in subject for _, subject in wanted)
    # `up` returns once the sample is sent, which is before the last event of it has become a draft.
    until(lambda: len(stack.drafts()) >= len(wanted), f"{len(wanted)} drafts", stack)
    assert sorted(stack.drafts().values()) == wanted
    # The desk can show a draft before the notifier has committed the position of its last event.
    until(lambda: "Nothing is waiting" in stack.firstword("matcher", "lag"), "every event to be processed", stack)
    assert "none" in next(line for line in stack.firstword("desk", "doctor").splitlines() if "dead letters" in line)


def test_only_the_desk_is_published_and_only_on_this_machine(stack: Stack) -> None:
    names = docker("ps", "-q", "--filter", f"label=com.docker.compose.project={stack.project}").split()
    published = [found for name in names for found in docker("port", name).splitlines()]
    assert [line.split(" -> ")[1] for line in published] == [stack.address.removeprefix("http://")]


SERVICES = ("kafka", "postgres", "ingest", "matcher", "notifier", "desk")
#: The user of our own services. The other images have their own users, none of them root.
USER_ID = "10001"


def test_no_container_runs_as_root_or_without_limits(stack: Stack) -> None:
    for service in SERVICES:
        until(lambda service=service: stack.healthy(service), f"{service} to be healthy", stack)  # type: ignore[misc]
    names = docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={stack.project}").split()
    containers = json.loads(docker("inspect", *names))
    assert {container["Config"]["Labels"]["com.docker.compose.service"] for container in containers} == {
        *SERVICES, "migrate", "topics", "sample"
    }  # fmt: skip
    for container in containers:
        service, host = container["Config"]["Labels"]["com.docker.compose.service"], container["HostConfig"]
        assert container["Config"]["User"] not in ("", "0", "root"), service
        assert host["ReadonlyRootfs"] is True, service
        assert host["CapDrop"] == ["ALL"], service
        assert host["SecurityOpt"] == ["no-new-privileges:true"], service
        assert host["Memory"] > 0, service
        assert host["PidsLimit"] > 0, service
        assert host["RestartPolicy"]["Name"] == ("unless-stopped" if service in SERVICES else "no"), service
        assert service not in SERVICES or container["State"]["Health"]["Status"] == "healthy", service
        assert service in SERVICES or container["State"]["ExitCode"] == 0, service


@pytest.mark.parametrize("service", SERVICES)
def test_services_run_unprivileged_on_a_read_only_file_system(stack: Stack, service: str) -> None:
    (container,) = stack.containers(service)
    user, why = docker("exec", container, "sh", "-c", "id -u; touch /usr/x 2>&1 || true").splitlines()
    assert user != "0"
    assert user == USER_ID or service in ("kafka", "postgres")
    assert "Read-only file system" in why


def installed_composes() -> list[list[str]]:
    """Return the command of each installed Docker Compose."""
    found = []
    if shutil.which("docker") and subprocess.run(["docker", "compose", "version"], capture_output=True).returncode == 0:
        found.append(["docker", "compose"])
    if shutil.which("docker-compose"):
        found.append(["docker-compose"])
    return found


@pytest.mark.parametrize("files", [["docker-compose.yml"], ["docker-compose.yml", "deploy/compose.secrets.yml"]])
def test_every_installed_compose_reads_the_files_in_the_same_way(files: list[str], tmp_path: Path) -> None:
    if not installed_composes():
        require("docker-compose", HOW_TO_GET)
    environment = {
        **os.environ,
        "POSTGRES_PASSWORD": "a-password",
        "FIRSTWORD_SECRET": "a-secret",
        "FIRSTWORD_SECRETS": str(tmp_path),
    }
    named = [part for file in files for part in ("--file", file)]
    read = []
    for command in installed_composes():
        done = subprocess.run([*command, *named, "config"], cwd=ROOT, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        assert "obsolete" not in done.stderr
        read.append(yaml.safe_load(done.stdout)["services"])
    for services in read:
        assert services["desk"]["environment"]["FIRSTWORD_SECRET"] == ("a-secret" if len(files) == 1 else "")
        assert {name: service["environment"] for name, service in services.items()} == {
            name: service["environment"] for name, service in read[0].items()
        }
        assert {name: service["user"] for name, service in services.items() if "user" in service} == {
            "kafka": "appuser", "postgres": "postgres"
        }  # fmt: skip


def test_killed_and_restarted_services_keep_the_inbox_and_continue(stack: Stack) -> None:
    before = stack.drafts()
    for service in ("matcher", "notifier", "postgres", "kafka", "desk"):
        (container,) = stack.containers(service)
        docker("kill", "--signal", "KILL", container)
        docker("start", container)
    for service in ("kafka", "postgres", "matcher", "notifier", "desk", "ingest"):
        until(lambda service=service: stack.healthy(service), f"{service} to be healthy", stack)  # type: ignore[misc]
    assert stack.drafts() == before
    stack.compose("restart", "matcher", "notifier")
    removed = stack.api("clients")["items"][0]["id"]
    stack.firstword("desk", "clients", "remove", removed)
    until(lambda: removed not in [client["id"] for client in stack.api("clients")["items"]], "the client to go", stack)


def test_a_second_matcher_shares_the_work(stack: Stack) -> None:
    stack.compose("up", "--detach", "--no-recreate", "--scale", "matcher=2", timeout=UP_SECONDS)
    until(lambda: len(stack.containers("matcher")) == 2 and stack.healthy("matcher"), "two matchers", stack)
    stack.compose("up", "--detach", "--no-recreate", "--scale", "matcher=1", timeout=UP_SECONDS)
    until(lambda: len(stack.containers("matcher")) == 1 and stack.healthy("matcher"), "one matcher", stack)


def test_services_stop_cleanly(stack: Stack) -> None:
    for service in ("ingest", "matcher", "notifier", "desk"):
        (container,) = stack.containers(service)
        stack.compose("stop", service)
        assert docker("inspect", "--format", "{{.State.ExitCode}}", container) == "0", service


def docker(*arguments: str) -> str:
    return subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True).stdout.strip()


def until(condition: Callable[[], bool], what: str, stack: Stack) -> None:
    end = time.monotonic() + TIMEOUT_SECONDS
    while True:
        try:
            if condition():
                return
        except httpx.HTTPError:  # the desk is starting
            pass
        assert time.monotonic() < end, f"waited {TIMEOUT_SECONDS} s for {what}\n{stack.logs()}"
        time.sleep(0.5)
