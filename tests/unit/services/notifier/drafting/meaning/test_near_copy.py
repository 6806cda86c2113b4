"""A near copy of the evidence is compared word by word."""

from __future__ import annotations

import pytest

from services.notifier.drafting.meaning.compare import check_meaning

EVIDENCE = "Orvane Foods agreed to sell 12 mills in Norway to Tessel Group before the end of June"


@pytest.mark.parametrize(
    ("sentence", "kind", "words"),
    [
        ("Tessel Group agreed to sell 12 mills in Norway to Orvane Foods before the end of June", "agent", "Tessel"),
        ("Orvane Foods agreed to sell 12 mills in Denmark to Tessel Group before the end of June", "swap", "Denmark"),
        ("Orvane Foods agreed to sell 17 mills in Norway to Tessel Group before the end of June", "number", "17"),
    ],
)
def test_names_and_figures_in_the_place_of_others_are_found(sentence: str, kind: str, words: str) -> None:
    found = {(finding.kind, finding.words) for finding in check_meaning(f"{sentence}.", [f"{EVIDENCE}."])}
    assert (kind, words) in found


@pytest.mark.parametrize(
    "sentence",
    [
        "Orvane Foods agreed to sell a dozen mills in Norway to Tessel Group before the end of June.",
        "Orvane agreed to sell 12 mills in Norway to Tessel Group before the end of June.",
        "12 mills in Norway are to be sold to Tessel Group by Orvane Foods before the end of June.",
    ],
)
def test_other_words_for_the_same_and_the_passive_are_left_alone(sentence: str) -> None:
    assert check_meaning(sentence, [f"{EVIDENCE}."]) == ()


def test_a_rumor_that_is_copied_without_saying_so_is_found() -> None:
    evidence = ["Rumor has it that Kestrel will close its yard in Leeds next year."]
    [found] = check_meaning("Kestrel will close its yard in Leeds next year.", evidence)
    assert (found.kind, found.severity, found.evidence_words) == ("hedge", "warning", "Rumor has it")
    assert check_meaning("Reportedly, Kestrel will close its yard in Leeds next year.", evidence) == ()
    assert check_meaning("Rumor has it that Kestrel will close its yard in Leeds next year.", evidence) == ()


def test_will_in_the_place_of_may_is_found() -> None:
    evidence = ["The yard in Leeds could be the best place for the new ferry."]
    [found] = check_meaning("The yard in Leeds will be the best place for the new ferry.", evidence)
    assert (found.kind, found.words, found.evidence_words) == ("hedge", "will", "could")
    assert check_meaning("The yard in Leeds may be the best place for the new ferry.", evidence) == ()
