"""The workflows run with no more rights than they need, and only what is pinned."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from scripts.locked import ROOT

FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
#: Whoever pushes a branch or names a tag can put a shell command into these.
EXPRESSION = re.compile(r"\$\{\{")


def workflow(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(path.read_text())
    return found


def jobs(path: Path) -> Mapping[str, Any]:
    found: Mapping[str, Any] = workflow(path)["jobs"]
    return found


def steps() -> Iterator[tuple[str, dict[str, Any]]]:
    for path in FILES:
        for name, job in jobs(path).items():
            for step in job["steps"]:
                yield f"{path.name}: {name}", step


def test_there_are_workflows() -> None:
    assert {path.name for path in FILES} >= {"release.yml", "supply.yml"}


@pytest.mark.parametrize("path", FILES, ids=[path.name for path in FILES])
def test_a_workflow_has_no_rights_but_those_of_its_jobs(path: Path) -> None:
    assert workflow(path)["permissions"] == {}
    assert "pull_request_target" not in path.read_text()
    for job in jobs(path).values():
        assert job["permissions"] != "write-all"
        assert job["timeout-minutes"] <= 30


def test_every_action_is_pinned_by_its_commit_and_no_checkout_keeps_its_token() -> None:
    used = [(where, step) for where, step in steps() if "uses" in step]
    assert used
    for where, step in used:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"]), where
        if step["uses"].startswith("actions/checkout@"):
            assert step["with"]["persist-credentials"] is False, where


def test_no_command_is_put_together_from_what_others_name() -> None:
    assert [where for where, step in steps() if EXPRESSION.search(step.get("run", ""))] == []


def test_the_job_that_signs_runs_no_code_of_the_repository() -> None:
    found = jobs(ROOT / ".github" / "workflows" / "release.yml")
    writing = {name for name, job in found.items() if "write" in job["permissions"].values()}
    assert writing == {"attest", "draft"}
    for name in writing:
        for step in found[name]["steps"]:
            assert not step.get("uses", "").startswith("actions/checkout@")
            assert step.get("run", "").split(" ")[0] in ("", "sha256sum", "gh")
    assert found["attest"]["needs"] == "build"
    assert found["build"]["permissions"] == {"contents": "read"}
    assert "--draft" in str(found["draft"]["steps"])


def test_what_is_built_is_what_the_checkout_has() -> None:
    built = [step.get("run", "") for step in jobs(ROOT / ".github" / "workflows" / "release.yml")["build"]["steps"]]
    for command in filter(None, built):
        script = command.split()[0]
        assert script.startswith(".venv/") or (ROOT / script).is_file(), command
    assert any("audit_dependencies --required" in command for command in built)
