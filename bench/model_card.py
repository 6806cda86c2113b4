"""Write the figures of the shipped reader into docs/model-card.md, between its markers.

    make eval ARGS=--card

The text around the markers is written by hand; the numbers between them never are.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from bench import bench_readings, eval_readings
from bench.eval_readings import NEWS
from bench.event_families import detect, family_lines
from training.fields import FIELDS
from training.figures import Agreement, Decile, Figures, agreement, calibration_error, confusions
from training.rows import LABELS, Label, Pair, Row, load_rows, older_labels, read_labels

#: Thresholds were chosen on the other half.
HALF = "kept"
CARD = Path(__file__).parents[1] / "docs" / "model-card.md"
AIMS = {"role": 0.80, "kind": 0.74, "genre": 0.86, "status": 0.78}
#: The fields whose confusions are listed, and as many as are listed.
CONFUSED, CONFUSIONS = ("role", "kind", "genre", "status"), 6

#: Readers who decided only where two others disagreed; that says nothing about how readers agree.
DECIDING = frozenset("y")


def write() -> None:
    """Measure everything and put it into the card."""
    text = CARD.read_text(encoding="utf-8")
    for name, lines in (("data", _data()), ("figures", _figures()), ("costs", _costs())):
        text = with_block(text, name, lines)
    CARD.write_text(text, encoding="utf-8")


def with_block(text: str, name: str, lines: Iterable[str]) -> str:
    """Return ``text`` with ``lines`` between the markers of the block ``name``. Raise ValueError without markers."""
    begin, end = f"<!-- {name}: written by make eval ARGS=--card -->", f"<!-- end of {name} -->"
    block = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    if len(block.findall(text)) != 1:
        raise ValueError(f"{CARD.name} needs the line {begin} and, after it, the line {end}, both once.")
    content = "\n".join(lines)
    return block.sub(lambda _: f"{begin}\n\n{content}\n\n{end}", text)


def _data() -> Iterator[str]:
    rows = load_rows(NEWS)
    ours = read_labels(LABELS / "readers.csv")
    older = older_labels(NEWS)
    readers = {label["reader"] for labels in ours.values() for label in labels}
    yield from _table(
        ("Labels", "Pairs", "Labels by readers", "Trained on", "Days kept out"),
        [
            ("ours", *_split(rows, "readers", sum(map(len, ours.values())))),
            ("older", *_split(rows, "older", len(older))),
            ("contrast headlines", *_split(rows, "contrast", 0)),
        ],
    )
    yield ""
    several = sum(len(labels) > 1 for labels in ours.values())
    yield f"{len(readers)} readers; {several:,} pairs have labels by two or more. Equal labels, and Cohen's κ:"
    yield ""
    yield from _table(
        ("Field", "Two of ours: pairs", "equal", "κ", "Ours and older: pairs", "equal", "κ"),
        [(field, *_agreed(_twice(field, ours)), *_agreed(_with_older(field, ours, older))) for field in FIELDS],
    )


def _split(rows: Sequence[Row], source: str, labels: int) -> tuple[str, ...]:
    chosen = [row.kept_out for row in rows if row.source == source]
    return tuple(f"{count:,}" if count else "–" for count in (len(chosen), labels, chosen.count(False), sum(chosen)))


def _twice(field: str, ours: Mapping[Pair, Sequence[Label]]) -> Agreement:
    return agreement(
        [
            (first[field], second[field])
            for labels in ours.values()
            for first, second in combinations([label for label in labels if label["reader"] not in DECIDING], 2)
            if first[field] and second[field]
        ]
    )


def _with_older(field: str, ours: Mapping[Pair, Sequence[Label]], older: Mapping[Pair, Label]) -> Agreement:
    return agreement(
        [
            (label[field], older[pair][field])
            for pair, labels in ours.items()
            if pair in older
            for label in labels
            if label[field]
        ]
    )


def _agreed(found: Agreement) -> tuple[str, str, str]:
    return f"{found.pairs:,}", f"{found.share:.2f}", f"{found.kappa:.2f}"


def _figures() -> Iterator[str]:
    kept = eval_readings.kept(HALF)
    ours, older = (kept.of(source).figures() for source in eval_readings.SOURCES)
    everything = kept.figures()
    yield "The share of readings that is right:"
    yield ""
    yield from _table(
        ("Field", f"Our labels ({ours.rows:,})", f"Older labels ({older.rows:,})", "Aim"),
        [
            (
                field,
                f"{ours.fields[field].accuracy:.3f}",
                f"{older.fields[field].accuracy:.3f}",
                f"≥ {AIMS[field]:.2f}" if field in AIMS else "",
            )
            for field in ours.fields
        ],
    )
    yield from ("", "Worth telling, by the model's score alone:", "")
    yield from _table(
        ("Labels", "Threshold", "Precision", "Recall", "F"),
        [
            (name, f"{at.threshold:.2f} ({kind})", f"{at.precision:.2f}", f"{at.recall:.2f}", f"{at.f1:.3f}")
            for name, found in (("ours", ours), ("older", older))
            for kind, at in (("shipped", found.given), ("best", found.best))
        ],
    )
    yield from _told()
    yield from ("", "Events by family, in the manner of SENTiVENT: an item reports those of all names in it.", "")
    yield from family_lines(detect(*kept))
    yield from _by_value(everything)
    yield from _calibration(everything)
    yield from _errors(kept)


def _told() -> Iterator[str]:
    yield from ("", "Told or warned, by everything that judges a single item (sources, rules and the reading):", "")
    outcomes = eval_readings.outcomes(HALF)
    groups = {"all": outcomes}
    for source in eval_readings.SOURCES:
        groups[f"{source} labels".replace("readers", "our")] = [
            outcome for outcome in outcomes if outcome.row.source == source
        ]
    for type in sorted({outcome.row.type for outcome in outcomes}):
        groups[type] = [outcome for outcome in outcomes if outcome.row.type == type]
    rows = []
    for name, group in groups.items():
        found = eval_readings.told(group)
        counts = (f"{count:,}" for count in (len(group), found.worth, found.told))
        rows.append((name, *counts, f"{found.precision:.2f}", f"{found.recall:.2f}"))
    yield from _table(("Pairs", "Number", "Should be told", "Told", "Precision", "Recall"), rows)


def _by_value(found: Figures) -> Iterator[str]:
    yield from ("", "### By value", "", f"On all {found.rows:,} kept pairs. A value that is not labeled has no recall.")
    for field, figures in found.fields.items():
        yield ""
        yield from _table(
            (f"`{field}`", "Labeled", "Read", "Precision", "Recall"),
            [
                (
                    value,
                    f"{counts.labeled:,}",
                    f"{counts.read:,}",
                    f"{counts.precision:.2f}" if counts.read else "–",
                    f"{counts.recall:.2f}" if counts.labeled else "–",
                )
                for value, counts in figures.values.items()
            ],
        )


def _calibration(found: Figures) -> Iterator[str]:
    yield from ("", "### Calibration", "", "The share that is right by confidence, with the number of readings.")
    yield from ("For `tell`: the share that is worth telling, by the score.", "")
    columns = {name: found.deciles(name) for name in (*found.fields, "tell")}
    rows = [
        (f"{at / 10:.1f}–{(at + 1) / 10:.1f}", *(_decile(by_decile.get(at)) for by_decile in columns.values()))
        for at in range(10)
    ]
    rows.append(("expected error", *(f"{calibration_error(by_decile):.3f}" for by_decile in columns.values())))
    yield from _table(("Confidence", *columns), rows)


def _decile(decile: Decile | None) -> str:
    return "–" if decile is None else f"{decile.right:.2f} ({decile.rows:,})"


def _errors(kept: eval_readings.Kept) -> Iterator[str]:
    yield from ("", "### Most frequent errors", "", "Labeled → read, with the number of pairs.", "")
    yield from _table(
        ("Field", "Errors"),
        [
            (
                field,
                ", ".join(
                    f"{label} → {read} {count}"
                    for (label, read), count in confusions(field, kept.rows, kept.scores).most_common(CONFUSIONS)
                ),
            )
            for field in CONFUSED
        ],
    )
    kinds = Counter(error.kind for error in eval_readings.errors(HALF))
    yield ""
    yield f"The {kinds.total()} worst, where the model is surest of a wrong value (`make eval ARGS=--errors`):"
    yield ""
    yield from _table(("Error", "Pairs"), [(kind, str(count)) for kind, count in kinds.most_common()])


def _costs() -> Iterator[str]:
    command = [sys.executable, bench_readings.__file__, "--json"]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own script
    cost = bench_readings.Cost(**json.loads(answer.stdout))
    yield from _table(
        ("Size of the files", "Loads in", "Pairs a second on one core", "Memory added"),
        [
            (
                f"{cost.megabytes:.1f} MB",
                f"{cost.load_seconds:.2f} s",
                f"{cost.pairs_per_second:.0f}",
                f"{cost.memory_megabytes:.0f} MB",
            )
        ],
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    for row in rows:
        yield f"| {' | '.join(row)} |"
