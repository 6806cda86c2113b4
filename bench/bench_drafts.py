"""Measure how many drafts are written and proofread in a second, on one core.

.venv/bin/python -m bench.bench_drafts [COUNT]
"""

from __future__ import annotations

import random
import sys
import time
from datetime import UTC, datetime
from typing import get_args

from schemas.clients import Risk
from services.notifier.drafting.compose import Composed
from services.notifier.drafting.dry_run import MESSAGE_VERDICTS, DryRunCase, dry_run
from services.notifier.drafting.playbooks import Playbooks

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def dry_run_cases(playbooks: Playbooks, count: int) -> list[DryRunCase]:
    """Return ``count`` combinations, each for a rule that is drawn with a seed."""
    draw = random.Random(1)  # noqa: S311 - chance, not a secret
    rules = [(book, rule) for layer in playbooks.layers for book in layer for rule in book.rules if not rule.silent]
    found = []
    for _ in range(count):
        book, rule = draw.choice(rules)
        desires = (draw.choice(sorted(rule.desires)),) if rule.desires else ("growth",)
        risk = draw.choice(rule.risks or get_args(Risk))
        kind, stance = draw.choice(rule.events), draw.choice(rule.stances)
        trade = book.trade or "wealth"
        found.append(DryRunCase(trade, kind, stance, desires=desires, risk=risk, verdict=draw.choice(MESSAGE_VERDICTS)))
    return found


def main() -> None:
    """Measure and print."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2_000
    playbooks = Playbooks.shipped()
    cases = dry_run_cases(playbooks, count)
    dry_run(cases[0], playbooks, NOW)  # reads the data files
    began = time.process_time()
    written = sum(isinstance(dry_run(case, playbooks, NOW), Composed) for case in cases)
    seconds = time.process_time() - began
    print(f"{written} of {count} drafts in {seconds:.2f} s of one core: {count / seconds:,.0f} a second")


if __name__ == "__main__":
    main()
