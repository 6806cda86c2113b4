from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.readings import FIELD_VALUES
from services.matcher.reading.model.network import Scores
from training.fields import FIELDS
from training.figures import (
    agreement,
    calibration_error,
    compare,
    confusions,
    deciles,
    figure_lines,
    telling,
    worst_errors,
)
from training.rows import Row

JUDGED = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=40)
LABELS = {
    "role": "actor",
    "kind": "recall",
    "genre": "news",
    "status": "fact",
    "direction": "bad",
    "weight": "major",
    "tell": "tell",
}


def row(item_id: str = "i", **shares: Mapping[str, float]) -> Row:
    targets = {field: {value: 1.0} for field, value in LABELS.items()}
    return Row(
        item_id=item_id,
        entity="Halden",
        title="Halden recalls 40,000 pumps",
        lead="",
        publisher="Harbour Wire",
        surface="Halden",
        type="company",
        targets={**targets, **shares},
        weight=1.0,
        kept_out=True,
        tuning=False,
        source="readers",
    )


def scores(sure: float = 0.9, tell: float = 0.9, **read: str) -> Scores:
    fields = {}
    for field, values in FIELD_VALUES.items():
        best = read.get(field, LABELS[field])
        rest = (1 - sure) / (len(values) - 1)
        fields[field] = {value: sure if value == best else rest for value in values}
    return Scores(fields, tell)


def test_the_share_that_is_right_counts_only_rows_with_a_label() -> None:
    rows = [row(), row(), row(role={}, tell={})]
    found = compare(rows, [scores(), scores(role="speaker"), scores(role="speaker")], 0.4)
    assert (found.fields["role"].rows, found.fields["role"].accuracy) == (2, 0.5)
    assert (found.fields["kind"].rows, found.fields["kind"].accuracy) == (3, 1.0)
    actor, speaker = (found.fields["role"].values[value] for value in ("actor", "speaker"))
    assert (actor.labeled, actor.read, actor.precision, actor.recall) == (2, 1, 1.0, 0.5)
    assert (speaker.labeled, speaker.precision, speaker.recall) == (0, 0.0, 0.0)


def test_worth_telling_is_measured_at_the_given_and_at_the_best_threshold() -> None:
    rows = [row(), row(weight={"none": 1.0}, tell={"no": 1.0})]
    found = compare(rows, [scores(), scores(sure=0.7, tell=0.2)], 0.3)
    assert (found.given.precision, found.given.recall) == (0.5, 1.0)
    assert found.best.f1 == 1.0
    assert found.given.threshold < found.best.threshold


def test_where_readers_differ_the_label_is_the_value_of_most() -> None:
    by_most = row(kind={"recall": 0.25, "legal": 0.75})
    assert compare([by_most], [scores(kind="legal")], 0.4).fields["kind"].accuracy == 1.0
    by_the_first = row(kind={"recall": 0.5, "legal": 0.5})
    assert by_the_first.labels["kind"] == "recall"


def test_the_worst_error_is_a_sure_one_in_a_field_that_matters() -> None:
    rows = [row("status"), row("role"), row("unsure"), row("disputed", role={"actor": 0.5, "speaker": 0.5})]
    read = [scores(status="rumor"), scores(role="speaker"), scores(sure=0.5, role="speaker"), scores(role="speaker")]
    errors = worst_errors(rows, read, 0.4, 3)
    assert [error.row.item_id for error in errors] == ["role", "status", "unsure"]
    assert errors[0].kind == "role: actor → speaker"


def test_a_row_has_one_worst_error_and_a_right_one_none() -> None:
    errors = worst_errors(
        [row("told"), row("right")], [scores(weight="none", tell=0.1, role="mention"), scores()], 0.4, 9
    )
    assert [(error.row.item_id, error.kind) for error in errors] == [("told", "tell: tell → no")]


def test_confusions_count_errors_by_label_and_value_read() -> None:
    found = confusions("kind", [row(), row(), row()], [scores(kind="legal"), scores(kind="legal"), scores()])
    assert found == {("recall", "legal"): 2}


def test_a_confidence_that_is_right_as_often_as_it_says_has_no_error() -> None:
    right = [(0.75, True)] * 3 + [(0.75, False)]
    assert calibration_error(deciles(right)) == pytest.approx(0)
    assert calibration_error(deciles([(0.95, False)])) == pytest.approx(0.95)
    assert calibration_error({}) == 0


def test_agreement_takes_off_what_is_equal_by_chance() -> None:
    assert agreement([("yes", "yes"), ("no", "no"), ("yes", "no"), ("no", "yes")]) == (4, 0.5, 0.0)
    assert agreement([("yes", "yes"), ("no", "no")]) == (2, 1.0, 1.0)
    assert agreement([("no", "no")]).kappa == 1.0


def test_lines_name_every_field_and_in_full_every_value() -> None:
    found = compare([row()], [scores()], 0.4)
    text = "\n".join(figure_lines(found, whole=True))
    assert all(value in text for values in FIELD_VALUES.values() for value in values)
    assert "recall 1: P 1.00 R 1.00" in text
    assert len(list(figure_lines(found))) == 2


@given(JUDGED)
def test_each_judged_row_is_in_one_decile(judged: list[tuple[float, bool]]) -> None:
    found = deciles(judged)
    assert sum(decile.rows for decile in found.values()) == len(judged)
    assert all(-1e-9 <= decile.confidence - number / 10 <= 0.1 + 1e-9 for number, decile in found.items())
    assert 0 <= calibration_error(found) <= 1


@given(JUDGED, st.floats(0, 1))
def test_a_lower_threshold_never_loses_recall(judged: list[tuple[float, bool]], threshold: float) -> None:
    assert telling(judged, threshold / 2).recall >= telling(judged, threshold).recall


@given(st.lists(st.tuples(*(st.sampled_from(FIELDS["role"]),) * 2), min_size=1, max_size=30))
def test_agreement_is_the_same_from_both_sides(pairs: list[tuple[str, str]]) -> None:
    forth, back = agreement(pairs), agreement([(right, left) for left, right in pairs])
    assert forth.share == back.share
    assert forth.kappa == pytest.approx(back.kappa)
    assert forth.kappa <= forth.share + 1e-9
