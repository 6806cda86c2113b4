"""The lock files agree with pyproject.toml, have hashes, and name no package index."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
RUN: list[str] = PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["backend"]
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
STACK: list[str] = RUN + EXTRAS["kafka"] + EXTRAS["postgres"] + EXTRAS["rocksdb"] + EXTRAS["dkim"]
DEV: list[str] = STACK + EXTRAS["dev"]
LOCKS = ("requirements.txt", "requirements-stack.txt", "requirements-dev.txt")


def pins(lock: str) -> dict[str, Version]:
    found = re.findall(r"^(\S+?)==([^\s;]+)", (ROOT / lock).read_text(), re.M)
    return {canonicalize_name(name): Version(version) for name, version in found}


@pytest.mark.parametrize(("lock", "declared"), list(zip(LOCKS, (RUN, STACK, DEV), strict=True)))
def test_every_declared_package_is_pinned_within_its_bounds(lock: str, declared: list[str]) -> None:
    pinned = pins(lock)
    wanted = [Requirement(line) for line in declared]
    unmet = [
        str(requirement)
        for requirement in wanted
        if pinned.get(canonicalize_name(requirement.name), Version("0")) not in requirement.specifier
    ]
    assert not unmet, f"{lock} doesn't match pyproject.toml: run `make lock`"


def test_developers_use_the_same_versions_as_users() -> None:
    assert pins("requirements.txt").items() <= pins("requirements-stack.txt").items()
    assert pins("requirements-stack.txt").items() <= pins("requirements-dev.txt").items()


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_has_hashes_for_every_package(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert "://" not in text
    assert "--index-url" not in text
    packages = re.split(r"^(?=\S+==)", text, flags=re.M)[1:]
    assert packages
    assert [package.splitlines()[0] for package in packages if "--hash=sha256:" not in package] == []
