"""Shared tools of the tests: `require` for tools that a machine may lack, and one Hypothesis profile."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from tests.postgres_server import database, migrated_file, postgres, postgres_url

__all__ = ["database", "migrated_file", "postgres", "postgres_url", "require"]

# A slow machine is no failure of the code: examples are bounded in number, not in time.
settings.register_profile("firstword", deadline=None, max_examples=60)
settings.load_profile("firstword")


def require(tool: str, how_to_get: str) -> Path:
    """Return where `tool` (a command, or a path) is. Without it the test is skipped here, and fails in CI (CI=true).

    A test that CI skips protects nobody: there, what is missing must be installed.
    """
    found = shutil.which(tool)
    if found is None and Path(tool).exists():
        found = tool
    if found is not None:
        return Path(found)
    missing = f"{tool} is missing: {how_to_get}"
    if os.environ.get("CI") == "true":
        pytest.fail(missing, pytrace=False)
    pytest.skip(missing)
