"""The labels of events are read, and weights are fitted, as the product uses them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from training.events import figures, fit_weights, load_claims, load_labels
from training.rows import LABELS


def test_the_label_of_most_readers_counts_and_of_equals_the_first_readers(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    rows = ("a,b,X,r,same", "a,b,X,s,follow", "a,b,X,t,follow", "a,c,X,r,other", "a,c,X,s,same")
    path.write_text("item_a,item_b,entity,reader,label\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert load_labels(path) == {("a", "b", "X"): "follow", ("a", "c", "X"): "other"}


def test_another_label_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "events.csv"
    path.write_text("item_a,item_b,entity,reader,label\na,b,X,r,maybe\n", encoding="utf-8")
    with pytest.raises(ValueError, match="'maybe', not same, follow or other"):
        load_labels(path)


def test_every_claim_has_several_headlines_that_name_what_is_watched() -> None:
    claims = load_claims(LABELS / "claims.txt")
    assert len(claims) >= 40
    for claim in claims:
        assert len(claim) >= 3
        assert any("Brightloom" in title for title in claim)
        assert not any("{name}" in title or title.startswith("#") for title in claim)


def test_a_feature_that_speaks_for_one_side_keeps_its_sign() -> None:
    dice = np.random.default_rng(1)
    same = dice.integers(0, 2, 400).astype(float)
    noise = dice.normal(size=400)
    rows = np.c_[same + 0.5 * dice.normal(size=400), -same + 2 * noise, same + 2 * noise]
    weights = fit_weights(rows, same, np.ones(400), ("cosine", "meaning", "hours"))
    assert weights["cosine"] > 0
    assert weights["meaning"] == 0  # it would be negative
    assert weights["hours"] == 0  # it would be positive


def test_figures_of_a_perfect_and_of_a_reversed_score() -> None:
    same = np.array([True, True, False, False])
    best = figures(np.array([4.0, 3.0, 2.0, 1.0]), same)
    assert (best.pairs, best.area, best.precision, best.recall, best.f1) == (4, 1.0, 1.0, 1.0, 1.0)
    assert figures(np.array([1.0, 2.0, 3.0, 4.0]), same).area == 0.0
