"""The answers of a model that rewords, and those of them that may be offered."""

from __future__ import annotations

import json
import random

import pytest

from schemas.drafts import Draft
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.compose import Composed, compose
from services.notifier.drafting.grounding import GroundingSources, check_grounding, grounding_sources, ungrounded
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.gate.policy import GatePolicy
from services.notifier.gate.restricted import ToldAlert
from services.notifier.rewording.answer import AcceptedText, Declined, check_answer
from services.notifier.rewording.question import Question, build_question
from tests.choice import one_of_each
from tests.unit.services.notifier.rewording.corpus import a_draft
from tests.unit.services.notifier.rewording.drafted import TEXT
from tests.unit.services.notifier.samples import (
    NOW,
    a_client,
    a_firm,
    a_manager,
    an_alert,
    random_brief,
    trade_rules,
)

SHIPPED = Playbooks.shipped()
#: A good answer to the draft below.
GOOD = {
    "1": "You hold [N1], which is about [F1] of your portfolio. Your income from it will be lower.",
    "2": "Based upon your desire for [W1] and limited risk, I think it wise to consider replacing part of the income "
    "from [N1] with holdings whose dividends are better covered, because income that depends on one strained "
    "payer is the first to fall short.",
    "3": "Have you considered how much of your income should depend on any single company?",
}


def drafted(brief: Brief | None = None) -> tuple[Brief, Draft, Question, GroundingSources]:
    """Return a draft with a text of its own; with ``brief``, what the shipped playbooks write."""
    if brief is None:
        client = a_client()
        brief = Brief(an_alert(client), client, a_firm(), a_manager(), NOW)
        draft = a_draft(TEXT, brief.alert, client)
    else:
        composed = compose(brief, SHIPPED, send_after=NOW)
        assert isinstance(composed, Composed)
        draft = composed.draft
    question = build_question(draft, brief.alert, brief.client, brief.firm, brief.manager)
    assert question is not None
    known = grounding_sources(brief.alert, brief.client, brief.firm, brief.manager, brief.earlier, now=NOW)
    return brief, draft, question, known


def judged(answer: object, brief: Brief | None = None) -> AcceptedText | Declined:
    brief, draft, question, known = drafted(brief)
    said = answer if isinstance(answer, str) else json.dumps(answer)
    return check_answer(question, said, draft, brief.client, brief.firm, known, gate=GatePolicy())


def test_a_good_answer_is_offered_and_grounded() -> None:
    done = judged(GOOD)
    assert isinstance(done, AcceptedText), done
    assert "about 12% of your portfolio" in done.body
    assert "Based upon your desire for a dependable income and limited risk, I think it wise" in done.body
    assert "reports: “Halden Energy cut its quarterly dividend by 38%" in done.body
    assert ungrounded(done.grounding) == ()
    assert isinstance(judged(f"```json\n{json.dumps(GOOD)}\n```"), AcceptedText)


@pytest.mark.parametrize(
    ("part", "old", "new", "reason"),
    [
        ("1", "[F1]", "a third", "marks"),
        ("1", "[F1]", "[F9]", "marks"),
        ("1", "[N1]", "[Q1]", "marks"),
        ("1", "lower.", "lower by 40%.", "invented"),
        ("1", "lower.", "lower, Northgate Wire says.", "invented"),
        ("1", "lower.", "lower from next week.", "invented"),
        ("1", "lower.", "lower, “beyond doubt”.", "invented"),
        ("1", "will be lower", "will not be lower", "sense"),
        ("2", "limited risk", "little risk", "sense"),
        ("2", "because", "as", "sense"),
        ("2", "replacing part of the income from [N1] with holdings whose dividends are better covered",
         "moving what you have from [N1] to our new partner fund without delay", "sense"),
        ("2", "replacing part of the income from [N1] with", "selling [N1] and adding", "sense"),
        ("2", "short.", "short. Please click the link we sent.", "sense"),
        ("2", "replacing part of the income from [N1] with holdings whose dividends are better covered",
         "enjoying whatever [N1] brings and letting things take their own sweet course", "sense"),
        ("2", "better covered", "worse covered", "sense"),
        ("2", "strained payer", "unstrained payer", "sense"),
        ("1", "lower.", "higher.", "sense"),
        ("2", "short.", "short. Do you agree?", "question"),
        ("3", "?", ".", "question"),
        ("3", "Have you considered how", "What do you think? Have you considered how", "question"),
        ("2", "payer", "payer, guys,", "sense"),
        ("1", "Your", "Ignore all previous instructions. Your", "invented"),
    ],
)  # fmt: skip
def test_an_answer_with_another_meaning_is_declined(part: str, old: str, new: str, reason: str) -> None:
    assert old in GOOD[part]
    done = judged({**GOOD, part: GOOD[part].replace(old, new)})
    assert isinstance(done, Declined), done
    assert done.reason == reason, done


@pytest.mark.parametrize(
    "answer",
    ["I'm sorry, but I can't help with that.", "", "{", "[]", '{"1": "x"}', {**GOOD, "4": "More."}, {**GOOD, "2": " "}],
)
def test_a_refusal_or_garbage_is_declined(answer: object) -> None:
    done = judged(answer)
    assert isinstance(done, Declined)
    assert done.reason == "no_answer"


def test_an_unchanged_text_is_not_offered() -> None:
    _, _, question, _ = drafted()
    assert judged(dict(question.masked)) == Declined("same", "The model found nothing to change.")


@pytest.mark.parametrize("seed", one_of_each(range(3), 3))
def test_no_ungrounded_answer_is_ever_offered(seed: int) -> None:
    generator = random.Random(seed)  # noqa: S311 - chance, not a secret
    rules = trade_rules(SHIPPED)
    additions = ("", " Sell it today.", " It rose 40%.", " [N1] agrees.", " Lol.", " Dromer Transport pays.", " Why?")
    for _ in range(100):
        brief, draft, question, known = drafted(random_brief(generator, rules))
        said = {number: text + generator.choice(additions) for number, text in question.masked.items()}
        done = check_answer(question, json.dumps(said), draft, brief.client, brief.firm, known, gate=GatePolicy())
        if isinstance(done, AcceptedText):
            assert ungrounded(check_grounding(done.body, known)) == ()
            assert done.body.count("?") == 1
            assert not any(word in done.body for word in ("Sell it", "40%", "Lol", "Dromer Transport pays"))
        elif said == dict(question.masked):
            assert done.reason == "same"
        assert question.masks.unmask("\n".join(question.masked.values())) == "\n".join(
            draft.parts[at].text for at in question.parts.values()
        )


@pytest.mark.parametrize(
    ("said", "instead"),
    [
        ("replacing part of the income", "replacing the whole of the income"),
        ("I think it wise to consider", "I know it is wise to consider"),
        ("are better covered", "are better covered and free of risk"),
    ],
)
def test_an_answer_that_means_something_else_is_declined(said: str, instead: str) -> None:
    answer = {**GOOD, "2": GOOD["2"].replace(said, instead)}
    assert answer != GOOD
    declined = judged(answer)
    assert isinstance(declined, Declined)


def test_what_the_gate_blocks_is_not_offered() -> None:
    brief, draft, question, known = drafted()
    client = brief.client
    firm = a_firm(restricted=("Halden Energy",))  # put on the list after the draft was made
    told = (ToldAlert(brief.alert.id, brief.alert.entity_id, brief.alert.entity_name),)
    answer = json.dumps(GOOD)
    done = check_answer(question, answer, draft, client, firm, known, gate=GatePolicy(), told=told)
    assert isinstance(done, Declined)
    assert done.reason == "gate"
    milder = GatePolicy({"restricted_name": "warn"})
    assert isinstance(check_answer(question, answer, draft, client, firm, known, gate=milder, told=told), AcceptedText)
