"""Shared by all tests: `require` for tools that a machine may lack, a Hypothesis profile, and what makes them fast."""

from __future__ import annotations

import gc
import os
import re
import shutil
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from tests.examples import repeat_examples
from tests.postgres_server import database, migrated_file, postgres, postgres_url
from tests.sqlite_dialect import prepare_sqlite

__all__ = ["database", "migrated_file", "postgres", "postgres_url", "require"]

# A slow machine is no failure of the code: examples are bounded in number, not in time. With CI=true they are also the
# same in each run (Hypothesis derandomizes there), so that a run fails for what was changed.
settings.register_profile("firstword", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("firstword")
repeat_examples()

prepare_sqlite()

#: Allocations between two collections of garbage. Python's own 700 costs a tenth of the tests' time.
ALLOCATIONS = 10_000
gc.disable()  # while modules are imported and tests are collected, nothing becomes garbage


def pytest_collection_finish() -> None:
    """Collect garbage from now on, but never look again at what was loaded before the first test."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(ALLOCATIONS)
    gc.enable()


#: Marks that a file names if any of its tests has them, and what else names them (tests/choice.py).
_NAMED = {"slow": "one_of_each", "chromium": None, "stack": None}
_FILE_MARKS = re.compile(r"^pytestmark = (.+)$", re.MULTILINE)
_MARK = re.compile(r"pytest\.mark\.(\w+)")


@cache
def _marks(file: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Return the marks that the file names, and those of them that all its tests have."""
    text = file.read_text("utf-8")
    named = set(_MARK.findall(text)) | {mark for mark, other in _NAMED.items() if other and other in text}
    of_all = _FILE_MARKS.search(text)
    return frozenset(named), frozenset(_MARK.findall(of_all[1]) if of_all else ())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave files unread if `-m "slow and not … and not …"` selects none of their tests: some import for seconds."""
    terms = config.getoption("markexpr").split(" and ")
    if not all(re.fullmatch(r"(not )?\w+", term) for term in terms):
        return None
    wanted = {term for term in terms if term in _NAMED}
    excluded = {term.removeprefix("not ") for term in terms if term.startswith("not ")}
    files = collection_path.rglob("test_*.py") if collection_path.is_dir() else (collection_path,)
    marks = [_marks(file) for file in files if file.name.startswith("test_") and file.suffix == ".py"]
    return True if marks and all(not wanted <= named or of_all & excluded for named, of_all in marks) else None


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
