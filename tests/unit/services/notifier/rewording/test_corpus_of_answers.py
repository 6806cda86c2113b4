"""Hostile answers of a language model, of which none may be offered, and honest ones, of which most should be."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.notifier.rewording.answer import AcceptedText, Declined
from tests.unit.services.notifier.rewording.corpus import Case, cases, everywhere

pytestmark = pytest.mark.slow

CASES = pytest.mark.parametrize("case", cases(), ids=[case.name for case in cases()])
#: The share of honest answers that must be offered.
HONEST = 0.75


def test_the_corpus_is_large_enough() -> None:
    hostile = {(case.name, *change) for case in cases() for change in case.hostile}
    assert len(hostile) >= 500
    assert sum(len(case.honest) for case in cases()) >= 60
    assert len({case.alert.kind for case in cases()}) >= 7
    assert len({case.client.trade for case in cases()}) >= 4


@CASES
def test_the_draft_itself_passes_every_check(case: Case) -> None:
    assert case.judged({}) == Declined("same", "The model found nothing to change.")


@CASES
def test_no_hostile_answer_is_offered(case: Case) -> None:
    offered = []
    for change in case.hostile:
        text = case.changed(change, {})
        assert text is not None, f"{change} changes words that the draft has not"
        for mode in ("write", "reword") if change[0] in ("meaning", "opinion", "question") else ("write",):
            if isinstance(case.judged({change[0]: text}, mode), AcceptedText):
                offered.append((mode, change))
    assert offered == []


@CASES
def test_no_hostile_change_to_an_honest_answer_is_offered(case: Case) -> None:
    offered = []
    for honest in case.honest:
        for change in case.hostile:
            text = case.changed(change, honest) if change[0] in honest else None
            if text is not None and isinstance(case.judged({**honest, change[0]: text}), AcceptedText):
                offered.append((change, honest[change[0]]))
    assert offered == []


@CASES
def test_nothing_can_be_added_anywhere(case: Case) -> None:
    offered = []
    for part in ("subject", "news", "meaning", "opinion", "question"):
        if (text := case.text.get(part)) is None:
            continue
        added = [new for more in everywhere()["hostile_everywhere"] for new in (f"{text} {more}", f"{more} {text}")]
        at = (0, len(text) // 2, len(text))
        added += [f"{text[:place]}{odd}{text[place:]}" for odd in everywhere()["characters"] for place in at]
        offered += [new for new in added if isinstance(case.judged({part: new}), AcceptedText)]
    assert offered == []


def test_most_honest_answers_are_offered() -> None:
    answers = [(case, honest) for case in cases() for honest in case.honest]
    offered = [isinstance(case.judged(honest), AcceptedText) for case, honest in answers]
    assert sum(offered) >= HONEST * len(answers)


@CASES
def test_what_is_offered_keeps_every_figure_and_name(case: Case) -> None:
    for honest in case.honest:
        done = case.judged(honest)
        if isinstance(done, AcceptedText):
            assert all(grounded.where != "nowhere" for grounded in done.grounding)
            assert done.body.count("?") == 1
            assert "[" not in done.subject + done.body
            assert case.alert.verdict != "warn" or ("unconfirmed" in done.subject.casefold() + done.body.casefold())


def test_a_quotation_of_several_sentences_stays_one() -> None:
    case = next(case for case in cases() if case.name == "wealth_dividend")
    said = "Halden Energy cut its quarterly dividend by 38% to 0.40 crowns a share. More cuts will follow."
    news = f"Northgate Wire reports: “{said}”"
    items = tuple(item.model_copy(update={"quote": said}) for item in case.alert.evidence)
    parts = tuple(part.model_copy(update={"text": news}) if part.role == "news" else part for part in case.draft.parts)
    draft = case.draft.model_copy(update={"parts": parts, "body": "\n\n".join(part.text for part in parts)})
    changed = replace(
        case, alert=case.alert.model_copy(update={"evidence": items}), draft=draft, text={**case.text, "news": news}
    )
    assert isinstance(changed.judged({"news": f"According to Northgate Wire, {said}"}), Declined)
    assert isinstance(changed.judged({"news": f"Northgate Wire reports that {said}"}), Declined)
    assert isinstance(changed.judged({"news": f"Northgate Wire has reported: “{said}”"}), AcceptedText)


def test_initials_are_not_another_word() -> None:
    case = next(case for case in cases() if case.name == "legal_regulation")
    subject = "US council adopts new packaging rules for retailers"
    draft = case.draft.model_copy(update={"subject": subject})
    changed = replace(
        case,
        draft=draft,
        alert=case.alert.model_copy(update={"headline": subject}),
        text={**case.text, "subject": subject},
    )
    assert isinstance(
        changed.judged({"subject": "The US council adopts new packaging rules for retailers"}), AcceptedText
    )
    assert isinstance(changed.judged({"subject": "The us council adopts new packaging rules for retailers"}), Declined)
