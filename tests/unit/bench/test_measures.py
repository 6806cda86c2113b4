"""The measures read what they measure: a function that has moved must not go unnoticed until the next ``make eval``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
SCRIPTS = sorted((ROOT / "bench").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_a_measure_can_be_loaded(script: Path) -> None:
    load = f"import importlib; importlib.import_module('bench.{script.stem}')"
    loaded = subprocess.run([sys.executable, "-c", load], cwd=ROOT, capture_output=True, text=True, check=False)
    assert loaded.returncode == 0, loaded.stderr
