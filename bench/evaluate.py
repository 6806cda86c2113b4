"""Print all quality figures of the matcher in one table: figure, previous figure, baseline, target.

    make eval            ARGS="--save" saves the figures, to compare the next run with (bench/figures.json);
                         ARGS="--last-look" measures the held-out halves: rarely, and never for tuning.

Of the reader alone: ARGS="--details" prints the figures of each value and each confidence, ARGS="--errors" the worst
errors with their titles, and ARGS="--card" writes all figures of the held-out half into docs/model-card.md.

External labeled data are read from ../shared/data; a part without its data is skipped with a message. Our own headlines
and the scenarios are always measured.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))  # so that this file can be run as a script

from bench import (  # noqa: E402
    eval_chains,
    eval_claims,
    eval_forging,
    eval_meaning,
    eval_mentions,
    eval_messages,
    eval_opinions,
    eval_readings,
    eval_stories,
    eval_stream,
    eval_trades,
    model_card,
)
from bench.event_families import detect, total  # noqa: E402
from tests.scenarios.loader import load_scenarios  # noqa: E402
from tests.scenarios.running import failures  # noqa: E402
from training.figures import calibration_error  # noqa: E402

FIGURES = ROOT / "bench" / "figures.json"
#: What a first try reached with the 1,598 older labels alone, and the goal.
READING_GOALS = {"role": (0.51, 0.80), "kind": (0.60, 0.74), "genre": (0.76, 0.86), "status": (0.69, 0.78)}


@dataclass(frozen=True)
class Figure:
    """One figure. ``baseline`` is the value of a simple matcher, ``target`` the goal; None if there is none.

    ``low``: lower is better.
    """

    name: str
    value: float
    baseline: float | None = None
    target: float | None = None
    low: bool = False

    @property
    def reached(self) -> bool | None:
        """True if the target is reached at the precision shown; None without a target."""
        if self.target is None:
            return None
        value = round(self.value, 3)
        return value <= self.target if self.low else value >= self.target


def mentions(half: str) -> Iterator[Figure]:
    """Measure mentions of watched companies in headlines, and false alarms in headlines without any."""
    result = eval_mentions.measure(
        eval_mentions.load("headlines.jsonl")[{"dev": 0, "kept": 1}[half] :: 2], eval_mentions.companies()
    )
    yield Figure("mentions: precision", result.precision)
    yield Figure("mentions: recall", result.recall, target=0.96)
    yield Figure("mentions: F1", result.f1, baseline=0.90, target=0.95)
    yield Figure("mentions: false alarms", result.alarms, baseline=0.123, target=0.04, low=True)


def stories(half: str) -> Iterator[Figure]:
    """Measure the grouping of headlines into stories by their titles alone."""
    precision, recall, f1 = eval_stories.run().score(half)
    yield Figure("stories: B³ precision", precision)
    yield Figure("stories: B³ recall", recall)
    yield Figure("stories: B³ F", f1, baseline=0.63, target=0.87)


def messages(half: str) -> Iterator[Figure]:
    """Measure the messages per client about a story that many papers report; the ideal is 1."""
    yield Figure("messages: per story and client", eval_messages.run(half).per_story(), low=True)


def hedges(half: str) -> Iterator[Figure]:
    """Measure the recognition of uncertain sentences among certain ones."""
    result = eval_claims.confusion(eval_claims.sentences(half))
    yield Figure("claims: hedges, precision", result.precision)
    yield Figure("claims: hedges, recall", result.recall)
    yield Figure("claims: hedges, F1", result.f1, baseline=0.58, target=0.65)


def headlines(half: str) -> Iterator[Figure]:
    """Measure the reading of our own headlines about rumors and their outcomes."""
    result = eval_claims.confusion(eval_claims.headlines(half))
    yield Figure("claims: own headlines, F1", result.f1)
    yield Figure("claims: own headlines, status", result.accuracy)
    yield Figure("claims: own headlines, basis", result.basis)


def readings(half: str) -> Iterator[Figure]:
    """Measure the shipped reader, and what would be told, on half of the days kept out of its training."""
    kept = eval_readings.kept(half)
    for source, suffix in (("readers", ""), ("older", " (older labels)")):
        found = kept.of(source).figures()
        for field, (baseline, target) in READING_GOALS.items():
            yield Figure(f"readings: {field}{suffix}", found.fields[field].accuracy, baseline, target)
        yield Figure(f"readings: worth telling{suffix}", found.best.f1, baseline=0.54, target=0.70)
    yield Figure("readings: events, 11 families, F", total(detect(*kept).values()).f1, baseline=0.23, target=0.65)
    everything = kept.figures()
    off = [calibration_error(everything.deciles(name)) for name in (*everything.fields, "tell")]
    yield Figure("readings: confidence is off by", sum(off) / len(off), target=0.05, low=True)
    result = eval_readings.told(eval_readings.outcomes(half))
    yield Figure("told: precision", result.precision, baseline=0.53, target=0.80)
    yield Figure("told: recall", result.recall, baseline=0.18, target=0.80)


def stream(half: str) -> Iterator[Figure]:
    """Measure what is told of whole days of news in their order, by story and by labeled report."""
    found = eval_stream.measure(half)
    for name, counts in zip(found._fields, found, strict=True):
        yield Figure(f"told in order: {name}, precision", counts.precision, target=0.80)
        yield Figure(f"told in order: {name}, recall", counts.recall, target=0.80)


def trades(half: str) -> Iterator[Figure]:
    """Measure how far what clients of seven trades are sent of single items is worth writing about to them."""
    rows = eval_trades.sent(half)
    for name, drafts in (("alerts", False), ("drafts", True)):
        found = eval_trades.figures(rows, drafts=drafts)
        yield Figure(f"trades: {name} one could write about", found.could, target=0.80)
        yield Figure(f"trades: {name} one would write about", found.would)
        yield Figure(f"trades: of what one would, {name}", found.found)


def scenarios(_: str) -> Iterator[Figure]:
    """Measure the share of scenarios that raise exactly the expected alerts."""
    all_scenarios = load_scenarios()
    wrong = sum(bool(failures(scenario)) for scenario in all_scenarios)
    yield Figure("verdicts: scenarios", 1 - wrong / len(all_scenarios), target=1.0)


def forging(_: str) -> Iterator[Figure]:
    """Count forged stories that are told as facts, true ones that are corrected, and honest ones that are lost."""
    results = eval_forging.run()
    attacks = [result for result in results if not result.case.control]
    lost = sum(bool(result.failures) for result in results if result.case.control)
    yield Figure(
        f"forging: told or corrected, of {len(attacks)}",
        sum(result.is_harmful for result in attacks),
        target=0,
        low=True,
    )
    yield Figure(f"forging: honest ones lost, of {len(results) - len(attacks)}", lost, target=0, low=True)


def chains(_: str) -> Iterator[Figure]:
    """Measure the share of claims in chains of real rumors whose final verdict is right."""
    results = eval_chains.run()
    claims = sum(len(result.chain.claims) for result in results)
    yield Figure("chains: final verdicts right", 1 - sum(len(r.wrong) for r in results) / claims, target=1.0)


def opinions(_: str) -> Iterator[Figure]:
    """Measure the share of drafts on modern news, in several trades, that give an opinion."""
    yield Figure("drafts: with an opinion", eval_opinions.run().share(), baseline=0.49, target=0.9)


def meaning(half: str) -> Iterator[Figure]:
    """Measure how many changed sentences the meaning check finds, and how many true ones it flags."""
    result = eval_meaning.measure(half)
    yield Figure("meaning: changed sentences found", result.found, target=0.90)
    yield Figure("meaning: true sentences flagged", result.alarms, target=0.05, low=True)


def meaning_news(_: str) -> Iterator[Figure]:
    """Measure how many titles of real news the meaning check flags, compared with their own leads."""
    yield Figure("meaning: news titles flagged", eval_meaning.news_alarms(list(eval_meaning.news_pairs())), low=True)


#: Each part, and the data file that it needs.
PARTS: tuple[tuple[Callable[[str], Iterator[Figure]], Path | None], ...] = (
    (mentions, eval_mentions.DATA / "headlines.jsonl"),
    (stories, eval_stories.DATA),
    (messages, eval_stories.DATA),
    (hedges, eval_claims.SENTENCES),
    (headlines, None),
    (readings, eval_readings.ITEMS),
    (stream, eval_readings.ITEMS),
    (trades, eval_readings.ITEMS),
    (meaning, None),
    (meaning_news, eval_meaning.NEWS),
    (scenarios, None),
    (forging, None),
    (chains, eval_chains.ITEMS),
    (opinions, eval_opinions.NEWS),
)


def measured(half: str) -> tuple[list[Figure], list[str]]:
    """Return the figures of one half, and a message for each part that could not be measured."""
    figures: list[Figure] = []
    missing: list[str] = []
    for part, data in PARTS:
        if data is not None and not data.exists():
            missing.append(f"{part.__name__}: not measured, because {data.name} is missing in {data.parent}")
        else:
            figures += part(half)
    return figures, missing


def table(figures: list[Figure], previous: dict[str, float]) -> Iterator[str]:
    """Yield the lines of the table."""
    yield f"{'':38} {'figure':>8} {'previous':>9} {'baseline':>9} {'target':>8}"
    for figure in figures:
        target = "" if figure.target is None else f"{'≤' if figure.low else '≥'} {figure.target:.3g}"
        mark = {True: "reached", False: "missed", None: ""}[figure.reached]
        yield (
            f"{figure.name:38} {figure.value:8.3f} {_shown(previous.get(figure.name)):>9} "
            f"{_shown(figure.baseline):>9} {target:>8}  {mark}"
        ).rstrip()


def _reader_alone(options: argparse.Namespace, half: str) -> None:
    if not eval_readings.ITEMS.exists():
        sys.exit(f"{eval_readings.ITEMS.name} is missing in {eval_readings.NEWS}.")
    if options.details:
        print("\n".join(eval_readings.detail_lines(half)))
    if options.errors:
        print("\n".join(eval_readings.error_lines(half)))
    if options.card:
        model_card.write()
        print(f"written: {model_card.CARD.relative_to(ROOT)}")


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"


def main() -> None:
    """Measure, print, and save the figures if requested."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--save", action="store_true", help="save these figures for the next comparison")
    parser.add_argument("--last-look", action="store_true", help="measure the held-out halves")
    parser.add_argument("--details", action="store_true", help="print all figures of the reader instead")
    parser.add_argument("--errors", action="store_true", help="print the worst errors of the reader instead")
    parser.add_argument("--card", action="store_true", help="write the figures of the reader into its card instead")
    options = parser.parse_args()
    half = "kept" if options.last_look else "dev"
    if options.details or options.errors or options.card:
        _reader_alone(options, half)
        return
    saved: dict[str, dict[str, float]] = json.loads(FIGURES.read_text(encoding="utf-8")) if FIGURES.exists() else {}
    figures, missing = measured(half)
    print("\n".join(table(figures, saved.get(half, {}))))
    print("\n".join(missing), end="\n" if missing else "")
    if options.save:
        saved[half] = saved.get(half, {}) | {figure.name: round(figure.value, 4) for figure in figures}
        FIGURES.write_text(json.dumps(saved, indent=2, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
