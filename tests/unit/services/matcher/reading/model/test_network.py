from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from schemas.readings import FIELD_VALUES
from services.matcher.reading.model import network
from services.matcher.reading.model.encoding import PairText, default_encoder
from services.matcher.reading.model.network import Network, Scores, default_network

MODEL = resources.files("services.matcher.reading.model").joinpath("reader.onnx")


def pair(title: str, surface: str = "Halden") -> PairText:
    return PairText(title, "", "The Ledger", surface, "company")


def test_every_field_has_probabilities_that_sum_to_one() -> None:
    (scores,) = default_network().scores([pair("Halden cuts its dividend by half")])
    assert {field: tuple(values) for field, values in scores.fields.items()} == dict(FIELD_VALUES)
    for values in scores.fields.values():
        assert sum(values.values()) == pytest.approx(1, abs=1e-3)
    assert 0 <= scores.tell <= 1


@pytest.mark.slow
def test_a_pair_has_the_same_scores_alone_and_among_others() -> None:
    alone = Network(MODEL.read_bytes(), default_encoder())
    together = Network(MODEL.read_bytes(), default_encoder())
    pairs = [pair(f"Halden recalls {count} pumps after a fire at its plant in the north") for count in range(40)]
    (first,) = alone.scores(pairs[7:8])
    assert together.scores(pairs)[7] == first


@pytest.mark.parametrize(
    ("title", "score"),
    [("Halden cuts its dividend by half", 0.949), ("Halden opens a second plant in the north", 0.373)],
)
def test_a_headline_has_the_same_score_on_every_processor(title: str, score: float) -> None:
    """The second one has 0.503 where sums of eight-bit products overflow."""
    (scores,) = default_network().scores([pair(title)])
    assert scores.tell_score == pytest.approx(score, abs=0.03)


@pytest.mark.parametrize(
    ("flags", "exact"), [("fpu avx2 avx512f", False), ("fpu avx2 avx512f avx512_vnni", True), (None, False)]
)
def test_the_processor_says_how_it_adds_up(
    flags: str | None, exact: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network, "PROCESSORS", tmp_path / "cpuinfo")
    if flags is not None:
        (tmp_path / "cpuinfo").write_text(f"processor: 0\nflags: {flags}\n", encoding="utf-8")
    assert network._adds_exactly() is exact


def test_the_way_of_this_processor_and_that_of_any_give_the_same_scores(monkeypatch: pytest.MonkeyPatch) -> None:
    titles = [pair("Halden cuts its dividend by half"), pair("Halden opens a second plant in the north")]
    as_here = Network(MODEL.read_bytes(), default_encoder()).scores(titles)
    monkeypatch.setattr(network, "_adds_exactly", lambda: False)
    assert Network(MODEL.read_bytes(), default_encoder()).scores(titles) == as_here


def test_what_was_read_before_is_remembered_up_to_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "CACHED", 2)
    reader = Network(MODEL.read_bytes(), default_encoder())
    runs: list[str] = []
    run = reader._run

    def counted(pair: PairText) -> Scores:
        runs.append(pair.title)
        return run(pair)

    monkeypatch.setattr(reader, "_run", counted)
    first, second, third = (pair(title) for title in ("Halden rises", "Halden falls", "Halden stays"))
    assert reader.scores([first, first]) == reader.scores([first]) * 2
    reader.scores([second])
    reader.scores([first])
    reader.scores([third])  # the second is forgotten, since it was used longest ago
    reader.scores([second])
    assert runs == ["Halden rises", "Halden falls", "Halden stays", "Halden falls"]


def test_a_temperature_changes_confidence_but_not_the_choice() -> None:
    plain = Network(MODEL.read_bytes(), default_encoder())
    warm = Network(MODEL.read_bytes(), default_encoder(), {"role": 2.0})
    (one,), (other,) = plain.scores([pair("Halden sues Quillon")]), warm.scores([pair("Halden sues Quillon")])
    assert one.best("role") == other.best("role")
    assert max(other.fields["role"].values()) < max(one.fields["role"].values())
    assert other.fields["kind"] == one.fields["kind"]
