from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from schemas.items import Item
from schemas.mentions import Signature
from services.matcher.stories.memory import OldText, find_old_text, remember_text
from services.matcher.stories.signature import compute_signature

AT = datetime(2026, 3, 2, tzinfo=UTC)
AGE = timedelta(hours=72)
TITLE = "Halden Energy cuts its dividend by half after a weak winter"
SUMMARY = (
    "The company said in a statement that low prices for power and a weak winter left it no choice but to cut by 50%."
)


def signature(title: str = TITLE, summary: str = SUMMARY) -> Signature:
    return compute_signature(Item(id="i", title=title, summary=summary))


def known(told: bool = True) -> tuple[OldText, ...]:
    return remember_text((), "story", signature(), AT, told=told)


def find(texts: tuple[OldText, ...], sought: Signature, after: timedelta, *, dated: bool = True) -> OldText | None:
    return find_old_text(texts, sought, AT + after, AGE, dated=dated)


def test_a_text_that_returns_after_days_is_found_and_a_fresh_copy_is_not() -> None:
    assert find(known(), signature(summary=f"{SUMMARY} Shares fell."), timedelta(days=20)) is not None
    assert find(known(), signature(), timedelta(hours=71)) is None


def test_another_figure_or_other_words_are_another_story() -> None:
    assert find(known(), signature(summary=SUMMARY.replace("50%", "60%")), timedelta(days=20)) is None
    assert (
        find(known(), signature("Halden Energy opens a lab in Selva", "It is for batteries."), timedelta(days=9))
        is None
    )


def test_the_same_text_under_another_title_is_another_story() -> None:
    column = (
        "Each day we list what moved the market, who bought and who sold, and what our readers wrote to us about it."
    )
    texts = remember_text((), "story", signature("Market column: Halden Energy pays less", column), AT, told=True)
    other = signature("Market column: Orvane builds ships", column)
    assert find(texts, other, timedelta(days=20)) is None


def test_a_short_text_is_recognized_only_if_it_has_no_date() -> None:
    short = signature("Halden Energy: trading statement for the quarter", "")
    texts = remember_text((), "story", short, AT, told=True)
    assert find(texts, short, timedelta(days=20)) is None
    assert find(texts, short, timedelta(days=20), dated=False) is not None


def test_copies_and_further_texts_of_one_story_are_not_kept() -> None:
    texts = known()
    assert remember_text(texts, "story", signature(), AT + AGE, told=True) == texts
    for number in range(10):
        words = " ".join(f"word{number}{place}" for place in range(30))
        texts = remember_text(texts, "story", signature("Halden Energy", words), AT, told=True)
    assert len(texts) == 3


def test_a_story_that_is_told_later_is_kept_as_told() -> None:
    assert [text.told for text in remember_text(known(told=False), "story", signature(), AT, told=True)] == [True]


texts = st.lists(
    st.tuples(st.integers(0, 400), st.booleans(), st.sets(st.integers(0, 2**32 - 1), min_size=4, max_size=64)),
    max_size=90,
)


@given(texts)
def test_memory_is_bounded_and_keeps_told_stories_first(given_texts: list[tuple[int, bool, set[int]]]) -> None:
    memory: tuple[OldText, ...] = ()
    for number, (hours, told, shingles) in enumerate(given_texts):
        sketch = Signature(shingles=tuple(sorted(shingles)))
        memory = remember_text(memory, f"story {number}", sketch, AT + timedelta(hours=hours), told=told)
    assert len(memory) == min(len(given_texts), 64)
    assert all(len(text.shingles) <= 24 for text in memory)
    told_stories = sum(was_told for _, was_told, _ in given_texts)
    assert sum(text.told for text in memory) == min(told_stories, 64)


@given(st.sets(st.integers(0, 2**32 - 1), min_size=16, max_size=64))
def test_a_text_repeats_itself(shingles: set[int]) -> None:
    sketch = Signature(shingles=tuple(sorted(shingles)))
    assert find(remember_text((), "story", sketch, AT, told=True), sketch, timedelta(days=10)) is not None
