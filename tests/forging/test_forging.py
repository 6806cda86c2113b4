"""No forged story is told as a fact, no true one is corrected, and honest ones still arrive."""

from __future__ import annotations

import pytest

from tests.choice import one_of_each
from tests.forging.loader import Case, load_cases
from tests.forging.running import failures

CASES = load_cases()


@pytest.mark.parametrize("case", one_of_each(CASES, 2), ids=[f"{case.family}: {case.name}" for case in CASES])
def test_a_careful_adviser_would_accept_every_verdict(case: Case) -> None:
    assert [str(failure) for failure in failures(case)] == []


def test_the_names_of_the_cases_are_unique() -> None:
    names = [case.name for case in CASES]
    assert len(names) == len(set(names))
