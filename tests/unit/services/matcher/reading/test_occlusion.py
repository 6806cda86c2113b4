from __future__ import annotations

from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from schemas.readings import FIELD_VALUES
from services.matcher.reading.model.encoding import PairText
from services.matcher.reading.model.network import Scores
from services.matcher.reading.occlusion import MAX_WORDS, Place, find_decisive_words

TITLE = "Halden says Quillon's Halden unit recalls pumps, and recalls the valves"
LEAD = "Every recall of pumps costs Halden 5% of $1.5 million."


class FakeNetwork:
    """A model whose probability of a recall depends on the text alone; it remembers what it was asked."""

    def __init__(self, recall: Callable[[str], float]) -> None:
        self._recall = recall
        self.asked: list[PairText] = []

    def scores(self, pairs: Sequence[PairText]) -> list[Scores]:
        self.asked += pairs
        return [self._score(self._recall(f"{pair.title} {pair.lead}")) for pair in pairs]

    @staticmethod
    def _score(recall: float) -> Scores:
        fields = {field: dict.fromkeys(values, 0.0) for field, values in FIELD_VALUES.items()}
        fields["kind"] |= {"recall": recall, "none": 1 - recall}
        fields["weight"] |= {"worth": recall, "none": 1 - recall}
        return Scores(fields, tell=recall)


def pair(title: str = TITLE, lead: str = LEAD) -> PairText:
    return PairText(title, lead, "The Ledger", "Halden", "company")


def test_the_word_that_the_probability_depends_on_comes_first() -> None:
    network = FakeNetwork(lambda text: 0.2 + 0.6 * ("recalls" in text) + 0.1 * ("pumps" in text))
    found = find_decisive_words(network, pair(), {"kind": "recall", "tell": "yes", "role": "actor"})
    recalls, pumps = found["kind"]
    assert (recalls.text, recalls.share) == ("recalls", round(0.6 / 0.7, 3))
    assert [TITLE[place.start : place.end] for place in recalls.places] == ["recalls", "recalls"]
    assert pumps.places == (Place("title", 42, 47), Place("lead", 16, 21))
    assert [word.text for word in found["tell"]] == ["recalls", "pumps"]
    assert found["role"] == ()


def test_words_that_speak_against_the_value_decide_nothing() -> None:
    network = FakeNetwork(lambda text: 0.9 - 0.5 * ("says" in text))
    found = find_decisive_words(network, pair(), {"kind": "recall", "tell": "no"})
    assert found["kind"] == ()
    assert [word.text for word in found["tell"]] == ["says"]


def test_the_name_articles_and_auxiliaries_are_not_left_out() -> None:
    network = FakeNetwork(lambda _: 0.5)
    assert find_decisive_words(network, pair(), {"kind": "recall"}) == {"kind": ()}
    assert all(asked.title.count("Halden") == 2 and "Halden" in asked.lead for asked in network.asked)
    assert all("the" in asked.title and " of " in asked.lead for asked in network.asked)
    left_out = {"says", "Quillon's", "unit", "recalls", "pumps", "valves", "Every", "recall", "costs", "5%", "$1.5"}
    assert len(network.asked) == 1 + len(left_out | {"million"})


def test_a_pair_without_a_name_and_a_long_text_are_read_as_well() -> None:
    network = FakeNetwork(lambda text: float("w3 " in text))
    long = PairText(" ".join(f"w{number}" for number in range(200)), "", "", "", "topic")
    (word,) = find_decisive_words(network, long, {"kind": "recall"})["kind"]
    assert word.text == "w3"
    assert len(network.asked) == 1 + MAX_WORDS


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_places_are_those_of_the_word(title: str, lead: str) -> None:
    network = FakeNetwork(lambda text: min(1.0, len(text) / 150))
    read = pair(title, lead)
    for word in find_decisive_words(network, read, {"kind": "recall"})["kind"]:
        texts = [(read.title if place.part == "title" else read.lead)[place.start : place.end] for place in word.places]
        assert texts[0] == word.text
        assert {len(text) for text in texts} == {len(word.text)}
        assert 0 < word.share <= 1
