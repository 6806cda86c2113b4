"""A description of a speaker shows its kind by the word that heads it, and its name by capitals."""

from __future__ import annotations

import pytest

from services.matcher.reading.speech.speakers import Speaker, described_kind, read_speaker
from services.matcher.reading.speech.vocabulary import speaker_words
from services.matcher.reading.speech.words import split_words


def read(text: str, *, plain: bool = True) -> Speaker | None:
    return read_speaker(split_words(text), text, speaker_words(), plain=plain)


@pytest.mark.parametrize(
    ("text", "basis", "name"),
    [
        # authorities and courts
        ("the health ministry", "regulator", None),
        ("Nordmark's central bank", "regulator", "Nordmark's central bank"),
        ("the Department of Health", "regulator", "Department of Health"),
        ("EU privacy regulators", "regulator", "EU privacy regulators"),
        ("US FTC", "regulator", "US FTC"),
        ("the WHO", "regulator", "WHO"),
        ("Easton Police", "regulator", "Easton Police"),
        ("a federal judge", "court", None),
        ("Judge Ann Lee", "court", "Ann Lee"),
        ("an Oslo court", "court", "Oslo court"),
        ("the US Supreme Court", "court", "US Supreme Court"),
        # papers
        ("a regulatory filing", "filing", None),
        ("a bankruptcy court filing", "court", None),
        ("the family's lawsuit", "court", None),
        # researchers
        ("researchers at Easton University", "researcher", "Easton University"),
        ("Netward security researcher Ann Lee", "researcher", "Ann Lee"),
        ("cybersecurity firm Netward", "researcher", "Netward"),
        ("Goldman Sachs analysts", "researcher", "Goldman Sachs"),
        ("a new study by Easton University chemists", "researcher", "Easton University"),
        ("data tracked by Glasswork", "researcher", "Glasswork"),
        ("Security researchers", "researcher", None),
        ("a tally by AFP", "wire", "AFP"),
        # newsrooms
        ("The Financial Times", "outlet", "Financial Times"),
        ("Reuters", "wire", "Reuters"),
        ("a report in the Oslo Herald", "outlet", "Oslo Herald"),
        ("a Bloomberg report", "wire", "Bloomberg"),
        ("local media", "outlet", None),
        # people
        ("Halden chief executive Ann Lee", "person", "Ann Lee"),
        ("Senator Ann B. Lee", "person", "Ann B. Lee"),
        ("Halden CEO", "person", "Halden CEO"),
        ("the CEO of Halden", "person", "CEO of Halden"),
        ("Halden's Ann Lee", "person", "Ann Lee"),
        ("a lawyer for the family", "person", None),
        ("billionaire Ann Lee", "person", "Ann Lee"),
        ("UBS' Ann Lee", "researcher", "Ann Lee"),
        # companies
        ("the chipmaker", "company", None),
        ("chipmaker Halden", "company", "Halden"),
        ("a Halden spokesperson", "company", "Halden"),
        ("a spokeswoman for Halden", "company", "Halden"),
        ("Halden Bank", "company", "Halden Bank"),
        ("McHalden's", "company", "McHalden's"),
        ("two sources", "unnamed", None),
        ("an unnamed official", "unnamed", None),
    ],
)
def test_the_kind_and_the_name_are_read(text: str, basis: str, name: str | None) -> None:
    speaker = read(text)
    assert speaker is not None, text
    assert (speaker.basis, speaker.name) == (basis, name)


@pytest.mark.parametrize(
    "text", ["bank shares", "the plan", "a rival firm", "manufacturers", "Documents", "it", "The", ""]
)
def test_others_are_no_speakers(text: str) -> None:
    assert read(text) is None


def test_a_bare_name_is_not_surely_a_company() -> None:
    assert read("Sable Ridge") == Speaker("company", "Sable Ridge", sure=False)


def test_a_group_is_only_the_company_if_it_is_that_group() -> None:
    assert read("the group") == Speaker("company")
    assert read("group") == Speaker("person", comments=True)


@pytest.mark.parametrize(
    ("text", "basis"),
    [
        ("an analyst at Halden", "researcher"),
        ("the minister of commerce and industry", "person"),
        ("a leading maker of valves", "company"),
        ("a leader in software", "company"),
    ],
)
def test_a_description_without_a_name_shows_a_kind(text: str, basis: str) -> None:
    kind = described_kind(split_words(text), speaker_words())
    assert kind is not None
    assert kind.basis == basis
