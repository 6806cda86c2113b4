"""Order of arrival, copies, and a channel of grade C or lower change no verdict, whatever the evidence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import get_args

from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.alerts import InformationGrade
from schemas.mentions import ClaimStatus, Direction, EventKind, SourceLetter
from services.matcher.judgment.credibility import assess
from services.matcher.stories.evidence import EvidenceRecord
from services.matcher.stories.threads import EventSummary
from tests.unit.services.matcher.judgment.builders import AT, record

#: Told as fact, or corrected.
DECISIVE: frozenset[InformationGrade] = frozenset((1, 2, 5))
ORIGINS = ("source:ledger", "source:herald", "source:evil", "company:halden", "regulator:markets")
EVENT = EventSummary("takeover", "positive", "major", "high", worth_hours=24)

status: st.SearchStrategy[ClaimStatus] = st.sampled_from(get_args(ClaimStatus))
kind: st.SearchStrategy[EventKind] = st.sampled_from(("takeover", "insolvency", "dividend_cut", "averted", "other"))
direction: st.SearchStrategy[Direction] = st.sampled_from(get_args(Direction))
event = st.one_of(st.none(), st.builds(lambda k, d: replace(EVENT, kind=k, direction=d), kind, direction))


def statement(
    channel: str,
    origin: str,
    grade: SourceLetter,
    status: ClaimStatus,
    kind: EventKind,
    direction: Direction,
    minutes: int,
    traits: frozenset[str],
) -> EvidenceRecord:
    made = record(origin, grade, status, primary="primary" in traits, own_sources="own sources" in traits)
    return replace(
        made,
        channel=channel,
        publisher=channel,
        said_at=AT + timedelta(minutes=minutes),
        kind=kind,
        direction=direction,
        origin_grade="A" if "claims an A" in traits else grade,
        copies="copies" in traits,
        counts="no news" not in traits,
        speculative="speculates" in traits,
    )


def plain(channel: str, origin: str, grade: SourceLetter = "A") -> EvidenceRecord:
    return statement(channel, origin, grade, "asserted", "takeover", "positive", 0, frozenset())


def statements(
    channels: Sequence[str], grades: Sequence[SourceLetter], traits: Sequence[str], most: int = 6
) -> st.SearchStrategy[list[EvidenceRecord]]:
    one = st.builds(
        statement,
        st.sampled_from(channels),
        st.sampled_from(ORIGINS),
        st.sampled_from(grades),
        status,
        kind,
        direction,
        st.integers(-3, 3),
        st.frozensets(st.sampled_from(traits)),
    )
    return st.lists(one, max_size=most).map(numbered)


def numbered(records: Sequence[EvidenceRecord], prefix: str = "itm") -> list[EvidenceRecord]:
    return [replace(given, item_id=f"{prefix}{number}") for number, given in enumerate(records)]


TRAITS = ("primary", "own sources", "claims an A", "no news", "speculates")
GRADES: tuple[SourceLetter, ...] = ("A", "B", "C", "D", "E", "F")
anybody = statements(("source:ledger", "source:herald", "source:whisper"), GRADES, TRAITS)
others = statements(("source:ledger", "source:herald", "source:whisper"), ("A", "B", "D", "E", "F"), TRAITS)
hostile = statements(("source:evil",), ("C", "D", "E", "F"), (*TRAITS, "copies"), most=4)


@given(anybody.flatmap(lambda records: st.tuples(st.just(records), st.permutations(records))), event)
def test_the_order_of_arrival_changes_nothing(
    orders: tuple[list[EvidenceRecord], list[EvidenceRecord]], event: EventSummary | None
) -> None:
    first, second = (assess(records, event) for records in orders)
    assert first == second


@given(others, hostile, event)
def test_one_poor_channel_makes_no_story_true_or_false_nor_takes_that_away(
    known: list[EvidenceRecord], forged: list[EvidenceRecord], event: EventSummary | None
) -> None:
    before = assess(known, event).information
    after = assess([*known, *numbered(forged, "evil")], event).information
    assert after == before or not {before, after} & DECISIVE


@given(hostile, event)
def test_one_poor_channel_alone_makes_nothing_true_or_false(
    forged: list[EvidenceRecord], event: EventSummary | None
) -> None:
    assert assess(forged, event).information not in DECISIVE


@given(anybody, hostile, event)
def test_a_copy_changes_nothing(
    known: list[EvidenceRecord], given_: list[EvidenceRecord], event: EventSummary | None
) -> None:
    assume(any(record.is_own_statement for record in known))
    copies = [replace(record, copies=True) for record in numbered(given_, "copy")]
    assert assess([*known, *copies], event) == assess(known, event)


@given(others, st.integers(-3, 3), st.sampled_from(("source:ledger", "source:herald")))
def test_nobody_withdraws_the_report_of_another(known: list[EvidenceRecord], minutes: int, whose: str) -> None:
    says_so = statement("source:tribune", whose, "A", "retracted", "takeover", "positive", minutes, frozenset())
    assume(any(record.is_own_statement for record in known))
    before, after = assess(known), assess([*known, replace(says_so, item_id="says-so")])
    assert (before.information, before.origins) == (after.information, after.origins)


@given(st.lists(st.sampled_from(ORIGINS), min_size=1, max_size=5), st.sampled_from(GRADES))
def test_one_channel_counts_once_whatever_origins_it_names(origins: list[str], grade: SourceLetter) -> None:
    assert assess(numbered([plain("source:evil", origin, grade) for origin in origins])).origins == 1


@given(st.lists(st.sampled_from(("source:a", "source:b", "source:c")), min_size=1, max_size=5))
def test_channels_with_one_origin_count_once(channels: list[str]) -> None:
    found = assess(numbered([plain(channel, "source:wire") for channel in channels]))
    assert (found.origins, found.information) == (1, 2)


def test_as_many_independent_sources_count_as_can_be_told_apart() -> None:
    named = [("a", "wire"), ("a", "a"), ("b", "wire"), ("c", "wire")]
    assert assess(numbered([plain(channel, origin) for channel, origin in named])).origins == 2
