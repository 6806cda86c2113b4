"""Only public text is shown to a second reader, and only a valid answer is used."""

from __future__ import annotations

import pytest

from schemas.items import Source
from schemas.mentions import ItemAnnotated, Mention, Span
from schemas.readings import SecondReading
from services.notifier.second_reading.question import (
    ANSWER_SCHEMA,
    Passage,
    ask_about,
    build_question,
    check_answer,
    disputed_fields,
)
from tests.unit.services.notifier.second_reading.samples import a_reading, an_annotated_item, an_answer, an_item


def a_mention() -> Mention:
    annotated = an_annotated_item().data
    assert isinstance(annotated, ItemAnnotated)
    return annotated.mention


def a_passage() -> Passage:
    passage = ask_about(an_item(), a_mention())
    assert passage is not None
    return passage


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "file:///srv/notes.xml",
        "http://localhost/1",
        "http://10.1.2.3/1",
        "http://[::1]/1",
        "http://wiki.intranet/1",
        "http://news/1",
        "https://ann:secret@wire.example.com/1",
        "https://research.firm.example/1",
        "http://[",
    ],
)
def test_items_that_may_not_be_public_are_not_shown(url: str | None) -> None:
    private = frozenset(("research.firm.example",))
    assert ask_about(an_item(url=url), a_mention(), private) is None
    if url is not None:
        assert ask_about(an_item(source=Source(feed_url=url)), a_mention(), private) is None
    public = an_item(source=Source(feed_url="https://wire.example.com/feed"))
    assert ask_about(public, a_mention(), private) == a_passage()


def test_an_item_without_the_name_is_not_shown() -> None:
    assert ask_about(an_item(), a_mention().model_copy(update={"spans": ()})) is None


def test_the_words_around_a_name_further_down_are_shown() -> None:
    body = f"{'Much was said. ' * 200}At last Halden Energy was named. {'More was said. ' * 200}"
    start = body.index("Halden Energy")
    span = Span(field="body", start=start, end=start + 13, text="Halden Energy")
    mention = a_mention().model_copy(update={"spans": (span,)})
    passage = ask_about(an_item(summary="A long day.", body=body), mention)
    assert passage is not None
    assert "At last Halden Energy was named." in passage.text
    assert len(passage.text) < 800


def test_the_same_passage_gives_the_same_question_and_no_text_can_end_it() -> None:
    passage, other = a_passage(), a_passage().model_copy(update={"title": "Another"})
    question = build_question(passage)
    assert question == build_question(passage)
    assert question.key != build_question(other).key
    mark = next(line for line in question.user.splitlines() if line.startswith("text_"))
    assert question.user.count(mark) == 2
    assert mark in question.system
    assert mark not in build_question(other).system


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ("", "not valid"),
        ("I think that Halden Energy is only mentioned.", "not valid"),
        ("[]", "not valid"),
        (an_answer(role="bystander"), "role"),
        (an_answer(weight=None), "weight"),
        (an_answer(tell="tell"), "tell"),
        (an_answer(quote="Halden"), "quote"),
        (an_answer(quote="Halden Energy is being sold"), "not in the text"),
        (an_answer(quote="armstead. the deal"), "not in the text"),
    ],
)
def test_any_other_answer_is_not_used(answer: str, why: str) -> None:
    declined = check_answer(answer, a_passage(), "m")
    assert isinstance(declined, str)
    assert why in declined


def test_a_valid_answer_is_used_and_its_quotation_may_run_over_a_line() -> None:
    fenced = f"```json\n{an_answer(quote='buy Armstead. The deal')}\n```"
    second = check_answer(fenced, a_passage(), "m")
    assert isinstance(second, SecondReading)
    assert (second.model, second.role, second.quote) == ("m", "mention", "buy Armstead. The deal")


def test_only_differences_with_consequences_are_disputes() -> None:
    def disputes(**changes: str) -> tuple[str, ...]:
        same = {"role": "object", "weight": "worth", "direction": "good", "status": "plan"}
        second = check_answer(an_answer(**{**same, **changes}), a_passage(), "m")
        assert isinstance(second, SecondReading)
        return disputed_fields(a_reading(), second)

    assert disputes() == ()
    assert disputes(role="speaker", kind="macro", genre="list") == ("role", "kind", "genre")
    assert disputes(status="rumor", weight="minor") == ("status", "weight")


def test_the_schema_allows_nothing_but_the_fields() -> None:
    assert ANSWER_SCHEMA["additionalProperties"] is False
    assert set(ANSWER_SCHEMA["required"]) == set(ANSWER_SCHEMA["properties"])
