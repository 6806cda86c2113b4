"""Labels of what is worth writing about are read, and a model of them is fitted and measured."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from services.matcher.stories.audience import FEATURES, RELATIONS, AudienceModel, worth_writing
from training.rows import LABELS, read_labels
from training.worth import (
    TRADES,
    Worth,
    area_under_curve,
    average_precision,
    content_of,
    fit_weights,
    load_worth,
    report,
)

ROOT = Path(__file__).parents[3]
SHIPPED = ROOT / "services" / "notifier" / "trades" / "shipped"
SHIPPED_WEIGHTS = ROOT / "services" / "matcher" / "stories" / "model" / "audience.json"
HEADER = "item_id,entity,type,trade,stance,reader,worth\n"


def test_the_answers_of_several_readers_are_averaged(tmp_path: Path) -> None:
    path = tmp_path / "worth.csv"
    path.write_text(f"{HEADER}a,X,company,it,supplied_by,r,2\na,X,company,it,supplied_by,s,1\n", encoding="utf-8")
    assert load_worth(path) == [Worth("a", "X", "company", "it", "supplied_by", 1.5)]


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("a,X,company,it,supplied_by,r,3", "line 2: worth is '3', not 0, 1 or 2"),
        ("a,X,company,bakery,supplied_by,r,1", "line 2: 'bakery' or 'supplied_by' is no trade or no relation"),
        ("a,X,company,it,likes,r,1", "line 2: 'it' or 'likes' is no trade or no relation"),
    ],
)
def test_another_value_is_refused_with_its_line(tmp_path: Path, line: str, problem: str) -> None:
    path = tmp_path / "worth.csv"
    path.write_text(f"{HEADER}{line}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=problem):
        load_worth(path)


def test_the_labels_are_of_pairs_whose_event_is_labeled_too() -> None:
    rows, known = load_worth(), read_labels(LABELS / "readers.csv")
    assert len(rows) > 30_000
    assert {row.trade for row in rows} == set(TRADES)
    assert set(TRADES) == {path.stem for path in SHIPPED.glob("*.yaml")}
    assert [row for row in rows if row.pair not in known] == []


@pytest.mark.slow
def test_the_model_learns_that_one_event_matters_by_trade() -> None:
    rows = [
        Worth(f"{kind}{number}", "X", "company", trade, "supplied_by", 2.0 * ((trade, kind) == ("it", "flaw")))
        for number in range(40)
        for trade in ("it", "accounting")
        for kind in ("flaw", "figures")
    ]
    flaw, figures = np.zeros(FEATURES), np.zeros(FEATURES)
    flaw[[0, 2]] = figures[[0, 3]] = 1.0
    features = {row.pair: flaw if row.item_id.startswith("flaw") else figures for row in rows}
    model = AudienceModel(content_of(fit_weights(rows, features)))
    found = {row: worth_writing(model.audience(features[row.pair]), row.trade, row.stance) for row in rows}
    assert min(found[row] for row in rows if row.would) > 0.8
    assert max(found[row] for row in rows if not row.could) < 0.2


def test_the_weights_that_ship_are_of_the_trades_and_relations_that_were_judged() -> None:
    shipped = json.loads(SHIPPED_WEIGHTS.read_text(encoding="utf-8"))
    fresh = content_of(np.zeros(FEATURES * (1 + len(TRADES) + len(RELATIONS)) + len(TRADES) * len(RELATIONS)))
    assert shipped["trades"] == fresh["trades"]
    assert {name: np.shape(part) for name, part in shipped.items()} == {
        name: np.shape(part) for name, part in fresh.items()
    }


def test_curves_of_a_perfect_a_reversed_and_a_constant_score() -> None:
    positive = np.array([True, True, False, False])
    assert area_under_curve(np.array([4.0, 3.0, 2.0, 1.0]), positive) == 1
    assert area_under_curve(np.array([1.0, 2.0, 3.0, 4.0]), positive) == 0
    assert area_under_curve(np.ones(4), positive) == 0.5
    assert average_precision(np.array([4.0, 3.0, 2.0, 1.0]), positive) == 1
    assert average_precision(np.array([1.0, 2.0, 3.0, 4.0]), positive) == pytest.approx((1 / 3 + 2 / 4) / 2)
    assert math.isnan(area_under_curve(np.ones(2), np.array([True, True])))


def test_the_report_has_a_line_for_each_trade_that_has_rows() -> None:
    rows = [Worth("a", "X", "company", "it", "uses", 2.0), Worth("b", "X", "company", "legal", "uses", 0.0)]
    lines = list(report(rows, np.array([0.9, 0.1]), np.array([0.1, 0.9])))
    assert [line.split()[0] for line in lines] == ["trade", "all", "it", "legal"]
    assert lines[1].split()[1:] == ["2", "0.50", "0.50", "1.000", "0.000", "1.000", "0.000", "1.00"]
