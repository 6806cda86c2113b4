"""All figures of judgment in one table: figure, previous figure, baseline, aim.

    make eval            ARGS="--save" keeps the figures as the previous ones of the next time (bench/figures.json);
                         ARGS="--last-look" measures the halves that nobody works with: seldom, and never to tune.

Labelled data that others made are looked for in ../shared/data and left out, with a line, where they are not there. Our
own headlines and the scenarios are always measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that it may be run as a script

from bench import eval_claims, eval_mentions, eval_messages, eval_stories  # noqa: E402
from tests.scenarios.loader import load_scenarios  # noqa: E402
from tests.scenarios.running import failures  # noqa: E402

FIGURES = ROOT / "bench" / "figures.json"


@dataclass(frozen=True)
class Figure:
    """One figure. ``baseline`` is what a plain matcher reaches, ``aim`` what is to be reached; None: not stated.

    ``low``: the lower the better.
    """

    name: str
    value: float
    baseline: float | None = None
    aim: float | None = None
    low: bool = False

    @property
    def reached(self) -> bool | None:
        """Whether the aim is reached, as far as it is shown."""
        if self.aim is None:
            return None
        value = round(self.value, 3)
        return value <= self.aim if self.low else value >= self.aim


def mentions(half: str) -> Iterator[Figure]:
    """Watched companies in headlines, and false alarms in those that hold none."""
    found = eval_mentions.measure(
        eval_mentions.load("headlines.jsonl")[{"dev": 0, "kept": 1}[half] :: 2], eval_mentions.companies()
    )
    yield Figure("mentions: precision", found.precision)
    yield Figure("mentions: recall", found.recall, aim=0.96)
    yield Figure("mentions: F1", found.f1, baseline=0.90, aim=0.95)
    yield Figure("mentions: false alarms", found.alarms, baseline=0.123, aim=0.04, low=True)


def stories(half: str) -> Iterator[Figure]:
    """Headlines put into stories by their titles alone."""
    precision, recall, f1 = eval_stories.run().score(half)
    yield Figure("stories: B³ precision", precision)
    yield Figure("stories: B³ recall", recall)
    yield Figure("stories: B³ F", f1, baseline=0.63, aim=0.75)


def messages(half: str) -> Iterator[Figure]:
    """How often a client is told of one story that many papers tell; 1 is what is wished for."""
    yield Figure("messages: to a client a story", eval_messages.run(half).a_story(), low=True)


def hedges(half: str) -> Iterator[Figure]:
    """Uncertain sentences among certain ones."""
    found = eval_claims.confusion(eval_claims.sentences(half))
    yield Figure("claims: hedges, precision", found.precision)
    yield Figure("claims: hedges, recall", found.recall)
    yield Figure("claims: hedges, F1", found.f1, baseline=0.58, aim=0.65)


def headlines(half: str) -> Iterator[Figure]:
    """Our own headlines on rumors and how they end."""
    found = eval_claims.confusion(eval_claims.headlines(half))
    yield Figure("claims: own headlines, F1", found.f1)
    yield Figure("claims: own headlines, status", found.accuracy)
    yield Figure("claims: own headlines, on whose word", found.basis)


def scenarios(_: str) -> Iterator[Figure]:
    """Short stories whose every alert must be as expected."""
    told = load_scenarios()
    wrong = sum(bool(failures(scenario)) for scenario in told)
    yield Figure("verdicts: scenarios", 1 - wrong / len(told), aim=1.0)


#: Each part, and the file without which it can't be measured.
PARTS: tuple[tuple[Callable[[str], Iterator[Figure]], Path | None], ...] = (
    (mentions, eval_mentions.DATA / "headlines.jsonl"),
    (stories, eval_stories.DATA),
    (messages, eval_stories.DATA),
    (hedges, eval_claims.SENTENCES),
    (headlines, None),
    (scenarios, None),
)


def measured(half: str) -> tuple[list[Figure], list[str]]:
    """The figures of one half, and a line for each part that could not be measured."""
    figures: list[Figure] = []
    missing: list[str] = []
    for part, data in PARTS:
        if data is not None and not data.exists():
            missing.append(f"{part.__name__}: not measured, for {data.name} is not in {data.parent}")
        else:
            figures += part(half)
    return figures, missing


def table(figures: list[Figure], previous: dict[str, float]) -> Iterator[str]:
    """The lines of the table."""
    yield f"{'':38} {'figure':>8} {'previous':>9} {'baseline':>9} {'aim':>8}"
    for figure in figures:
        aim = "" if figure.aim is None else f"{'≤' if figure.low else '≥'} {figure.aim:.3g}"
        mark = {True: "reached", False: "missed", None: ""}[figure.reached]
        yield (
            f"{figure.name:38} {figure.value:8.3f} {_shown(previous.get(figure.name)):>9} "
            f"{_shown(figure.baseline):>9} {aim:>8}  {mark}"
        ).rstrip()


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def main() -> None:
    """Measure, print, and keep if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="keep these as the previous figures")
    parser.add_argument("--last-look", action="store_true", help="measure the halves kept apart")
    options = parser.parse_args()
    half = "kept" if options.last_look else "dev"
    known: dict[str, dict[str, float]] = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    figures, missing = measured(half)
    print("\n".join(table(figures, known.get(half, {}))))
    print("\n".join(missing), end="\n" if missing else "")
    if options.save:
        known[half] = known.get(half, {}) | {figure.name: round(figure.value, 4) for figure in figures}
        FIGURES.write_text(json.dumps(known, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
