"""Count the forging cases in which something forged is told as a fact, or something true is corrected.

    python bench/eval_forging.py [--details] [--family NAME]

The cases are in tests/forging. ``told or corrected`` must be 0. ``other`` are lesser failures: a forged item that
counts for more than its channel or is shown under another's name, or a last verdict that is not acceptable. Controls
are honest courses of events; in those that fail, something true did not arrive as it should.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that this file can be run as a script

from tests.forging.loader import Case, load_cases  # noqa: E402
from tests.forging.running import Failure, failures  # noqa: E402

#: The failures that harm a client.
HARMFUL = frozenset(("told", "corrected"))


class Result(NamedTuple):
    """The failures of one case."""

    case: Case
    failures: list[Failure]

    @property
    def is_harmful(self) -> bool:
        """True if something forged was told as a fact, or something true corrected."""
        return any(failure.kind in HARMFUL for failure in self.failures)


class FamilyFigures(NamedTuple):
    """The number of cases of a family, and of those with harmful and with other failures."""

    family: str
    cases: int
    harmful: int
    other: int


def run(cases: Iterable[Case] | None = None) -> list[Result]:
    """Run ``cases``, or all of tests/forging."""
    return [Result(case, failures(case)) for case in (load_cases() if cases is None else cases)]


def by_family(results: Iterable[Result]) -> list[FamilyFigures]:
    """Return the figures of each family, in order of its name."""
    grouped: dict[str, list[Result]] = {}
    for result in results:
        grouped.setdefault(result.case.family, []).append(result)
    return [
        FamilyFigures(
            family,
            len(of_family),
            sum(result.is_harmful for result in of_family),
            sum(bool(result.failures) and not result.is_harmful for result in of_family),
        )
        for family, of_family in sorted(grouped.items())
    ]


def show(results: list[Result], *, details: bool) -> None:
    """Print the table, and with ``details`` each failure."""
    print(f"{'family':24} {'cases':>5} {'told or corrected':>18} {'other':>6}")
    for figures in by_family(results):
        print(f"{figures.family:24} {figures.cases:5} {figures.harmful:18} {figures.other:6}")
    attacks = [result for result in results if not result.case.control]
    controls = [result for result in results if result.case.control]
    harmful = sum(result.is_harmful for result in attacks)
    failed = sum(bool(result.failures) for result in controls)
    print(f"forged stories told as fact or true ones corrected: {harmful} of {len(attacks)}")
    print(f"honest courses of events that did not arrive as they should: {failed} of {len(controls)}")
    if details:
        for result in results:
            for failure in result.failures:
                print(f"{result.case.family}: {result.case.name}: {failure}")


def main() -> None:
    """Print the table of failures by family."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--details", action="store_true", help="print each failure")
    parser.add_argument("--family", help="run the cases of this family only")
    options = parser.parse_args()
    cases = [case for case in load_cases() if options.family in (None, case.family)]
    show(run(cases), details=options.details)


if __name__ == "__main__":
    main()
