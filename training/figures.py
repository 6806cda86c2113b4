"""Compare readings with labels: the share that is right, by value and by confidence, and the worst errors.

Pure functions. ``training`` measures new weights with them, ``bench/eval_readings.py`` the shipped model.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from schemas.readings import FIELD_VALUES
from services.matcher.reading.model.network import Scores
from training.rows import Row

__all__ = [
    "Agreement",
    "Answer",
    "Decile",
    "FieldFigures",
    "Figures",
    "ReadingError",
    "Telling",
    "ValueFigures",
    "agreement",
    "calibration_error",
    "compare",
    "confusions",
    "deciles",
    "figure_lines",
    "telling",
    "worst_errors",
]

#: The thresholds that are tried to find the best one.
THRESHOLDS = tuple(step / 40 for step in range(4, 32))
#: The fields in which an error misleads somebody, and how badly.
ERROR_COST = {"tell": 1.0, "role": 0.8, "kind": 0.7, "status": 0.5}
NOT_WORTH = "no"


class Answer(NamedTuple):
    """One field of one pair: the label, and the value that was read with its confidence."""

    label: str
    read: str
    confidence: float


class ValueFigures(NamedTuple):
    """One value of a field, or one family of events: how often it is labeled and read, and how often that agrees."""

    labeled: int
    read: int
    hits: int

    @property
    def precision(self) -> float:
        """The share of readings with this value that are right."""
        return self.hits / max(1, self.read)

    @property
    def recall(self) -> float:
        """The share of labels with this value that are read."""
        return self.hits / max(1, self.labeled)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.hits / max(1, self.labeled + self.read)


class Decile(NamedTuple):
    """Readings of about the same confidence: their number, their mean confidence, and the share that is right."""

    rows: int
    confidence: float
    right: float


class FieldFigures(NamedTuple):
    """One field: the share that is right, each value, and the calibration of its confidence."""

    rows: int
    accuracy: float
    values: Mapping[str, ValueFigures]
    deciles: Mapping[int, Decile]


class Telling(NamedTuple):
    """Worth telling, where the score reaches the threshold."""

    threshold: float
    precision: float
    recall: float
    f1: float


class Figures(NamedTuple):
    """All figures of some rows. Of worth telling: at the given and at the best threshold, and by score."""

    rows: int
    fields: Mapping[str, FieldFigures]
    given: Telling
    best: Telling
    tell_deciles: Mapping[int, Decile]

    def deciles(self, field: str) -> Mapping[int, Decile]:
        """Return the figures by confidence of ``field``, or of worth telling by score."""
        return self.tell_deciles if field == "tell" else self.fields[field].deciles


class ReadingError(NamedTuple):
    """One field that was read wrongly. ``severity`` is greater the surer the model is and the readers are."""

    row: Row
    field: str
    label: str
    read: str
    confidence: float
    severity: float

    @property
    def kind(self) -> str:
        """The field with what it should be and what was read."""
        return f"{self.field}: {self.label} → {self.read}"


class Agreement(NamedTuple):
    """Two readers' labels of the same pairs: the share that is equal, and Cohen's κ."""

    pairs: int
    share: float
    kappa: float


def compare(rows: Sequence[Row], scores: Sequence[Scores], threshold: float) -> Figures:
    """Compare the scores of each row with its labels; it is told from ``threshold`` on."""
    fields = {}
    for field, values in FIELD_VALUES.items():
        answers = _answers(field, rows, scores)
        fields[field] = FieldFigures(
            rows=len(answers),
            accuracy=sum(answer.label == answer.read for answer in answers) / max(1, len(answers)),
            values=_by_value(values, answers),
            deciles=deciles((answer.confidence, answer.label == answer.read) for answer in answers),
        )
    judged = [(score.tell_score, _is_worth(row)) for row, score in zip(rows, scores, strict=True) if _has_tell(row)]
    return Figures(
        rows=len(rows),
        fields=fields,
        given=telling(judged, threshold),
        best=max((telling(judged, limit) for limit in THRESHOLDS), key=lambda found: found.f1),
        tell_deciles=deciles(judged),
    )


def telling(judged: Iterable[tuple[float, bool]], threshold: float) -> Telling:
    """Compare scores that reach ``threshold`` with what is worth telling."""
    told = worth = hits = 0
    for score, is_worth in judged:
        is_told = score >= threshold
        told, worth, hits = told + is_told, worth + is_worth, hits + (is_told and is_worth)
    return Telling(threshold, hits / max(1, told), hits / max(1, worth), 2 * hits / max(1, told + worth))


def deciles(judged: Iterable[tuple[float, bool]]) -> dict[int, Decile]:
    """Return the figures of each tenth of confidence that occurs, by its number from 0 to 9."""
    groups: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in judged:
        groups.setdefault(min(int(confidence * 10), 9), []).append((confidence, right))
    return {
        number: Decile(
            rows=len(group),
            confidence=sum(confidence for confidence, _ in group) / len(group),
            right=sum(right for _, right in group) / len(group),
        )
        for number, group in sorted(groups.items())
    }


def calibration_error(found: Mapping[int, Decile]) -> float:
    """Return the expected calibration error: by how much confidence and share right differ on average."""
    rows = sum(decile.rows for decile in found.values())
    return sum(decile.rows * abs(decile.confidence - decile.right) for decile in found.values()) / max(1, rows)


def confusions(field: str, rows: Sequence[Row], scores: Sequence[Scores]) -> Counter[tuple[str, str]]:
    """Count the errors in ``field`` by label and value read."""
    answers = _answers(field, rows, scores)
    return Counter((answer.label, answer.read) for answer in answers if answer.label != answer.read)


def worst_errors(rows: Sequence[Row], scores: Sequence[Scores], threshold: float, count: int) -> list[ReadingError]:
    """Return the gravest errors, at most one of each row: sure of a wrong value in a field that matters."""
    worst = []
    for row, score in zip(rows, scores, strict=True):
        errors = sorted(_errors(row, score, threshold), key=lambda error: -error.severity)
        worst += errors[:1]
    return sorted(worst, key=lambda error: -error.severity)[:count]


def agreement(pairs: Sequence[tuple[str, str]]) -> Agreement:
    """Compare two readers' values of the same pairs. κ takes off the share that would be equal by chance."""
    count = max(1, len(pairs))
    share = sum(left == right for left, right in pairs) / count
    lefts, rights = Counter(left for left, _ in pairs), Counter(right for _, right in pairs)
    chance = sum(number * rights[value] for value, number in lefts.items()) / count**2
    return Agreement(len(pairs), share, (share - chance) / (1 - chance) if chance < 1 else 1.0)


def figure_lines(found: Figures, *, whole: bool = False) -> Iterator[str]:
    """Yield figures as lines of text; ``whole``: by value and calibration as well."""
    shares = ", ".join(f"{name} {field.accuracy:.3f}" for name, field in found.fields.items())
    yield f"  {found.rows} rows: {shares}"
    for at in (found.given, found.best) if whole else (found.best,):
        yield f"  worth telling at {at.threshold:.2f}: P {at.precision:.2f}, R {at.recall:.2f}, F {at.f1:.3f}"
    if not whole:
        return
    for name, field in found.fields.items():
        yield f"  {name}: " + ", ".join(
            f"{value} {counts.labeled}: P {counts.precision:.2f} R {counts.recall:.2f}"
            for value, counts in field.values.items()
        )
    for name in (*found.fields, "tell"):
        by_decile = found.deciles(name)
        groups = ", ".join(f"{group.confidence:.2f}/{group.right:.2f} ({group.rows})" for group in by_decile.values())
        yield f"  {name}, confidence and share right: {groups}; off by {calibration_error(by_decile):.3f} on average"


def _answers(field: str, rows: Sequence[Row], scores: Sequence[Scores]) -> list[Answer]:
    found = []
    for row, score in zip(rows, scores, strict=True):
        label = row.labels.get(field)
        if label is not None:
            read = score.best(field)
            found.append(Answer(label, read, score.fields[field][read]))
    return found


def _by_value(values: Sequence[str], answers: Sequence[Answer]) -> dict[str, ValueFigures]:
    labeled, read = Counter(answer.label for answer in answers), Counter(answer.read for answer in answers)
    hits = Counter(answer.label for answer in answers if answer.label == answer.read)
    return {value: ValueFigures(labeled[value], read[value], hits[value]) for value in values}


def _has_tell(row: Row) -> bool:
    return bool(row.targets["tell"])


def _is_worth(row: Row) -> bool:
    return row.labels["tell"] != NOT_WORTH


def _errors(row: Row, scores: Scores, threshold: float) -> Iterator[ReadingError]:
    labels = row.labels
    for field, cost in ERROR_COST.items():
        if field not in labels:
            continue
        if field == "tell":
            worth = 1 - row.targets["tell"].get(NOT_WORTH, 0.0)
            told = scores.tell_score >= threshold
            shares = {"tell": worth, NOT_WORTH: 1 - worth}
            label, read = _named(_is_worth(row)), _named(told)
            confidence = scores.tell_score if told else 1 - scores.tell_score
        else:
            shares, label, read = dict(row.targets[field]), labels[field], scores.best(field)
            confidence = scores.fields[field][read]
        if label != read:
            # Where the readers disagree, neither value is much of an error.
            severity = cost * confidence * (shares[label] - shares.get(read, 0.0))
            yield ReadingError(row, field, label, read, confidence, severity)


def _named(is_worth: bool) -> str:
    return "tell" if is_worth else NOT_WORTH
