"""Several stories in one message, changes to one of them, and messages that cross."""

from __future__ import annotations

from datetime import timedelta

from services.notifier.advice.store import appears_in
from services.notifier.drafting.data_files import phrasing
from services.notifier.drafting.opinion import split_basis
from services.notifier.drafting.tone import MAX_WORDS
from services.notifier.outreach.merge import MERGED_WORDS
from services.notifier.trades.catalog import Trades
from services.notifier.trades.trade_files import parse_trade
from tests.unit.services.notifier.outreach.life import SHIPPED, Life, client_of
from tests.unit.services.notifier.samples import an_item

HALDEN, CORVANE, QUILLON = "Halden Energy", "Corvane Pharma", "Quillon Cloud"


def test_stories_within_the_waiting_time_are_merged() -> None:
    life = Life()
    first = life.alert(1)
    alone = life.only
    life.wait(minutes=10)
    second = life.alert(2, CORVANE)
    both = life.only
    assert set(both.told_alerts) == {first.id, second.id}
    assert both.supersedes == alone.id
    assert CORVANE in (both.supersedes_because or "")
    assert life.decisions() == [("merged", "same_time")]
    assert HALDEN in both.body
    assert CORVANE in both.body
    assert both.body.count("?") == 1
    assert both.words <= MAX_WORDS
    assert [part.role for part in both.parts].count("greeting") == 1
    assert [part.role for part in both.parts].count("signature") == 1


def test_after_the_waiting_time_a_story_is_a_message_of_its_own() -> None:
    life = Life()
    life.alert(1)
    life.wait(minutes=30)
    life.alert(2, CORVANE)
    assert len(life.open) == 2


def test_a_message_that_cannot_be_sent_yet_takes_in_later_stories() -> None:
    life = Life(client_of(quiet_from="00:00", quiet_until="18:00"))
    life.alert(1)
    assert life.only.send_after > life.now
    life.wait(hours=5)
    life.alert(2, CORVANE)
    assert len(life.only.told_alerts) == 2


def test_urgent_news_is_not_merged_and_neither_is_an_approved_message() -> None:
    life = Life()
    life.alert(1)
    life.alert(2, CORVANE, urgency="urgent")
    assert len(life.open) == 2
    again = Life()
    again.alert(1)
    again.approve(again.only)
    again.alert(2, CORVANE)
    assert len(again.open) == 2
    assert Life(client_of(merge_minutes=0)).decisions() == []


def test_confirmed_and_unconfirmed_are_not_mixed() -> None:
    life = Life()
    life.alert(1)
    life.alert(2, CORVANE, verdict="warn", information_grade=3)
    life.alert(3, QUILLON)
    confirmed, unconfirmed = sorted(life.open.values(), key=lambda draft: draft.verdict)
    assert len(confirmed.told_alerts) == 2
    assert unconfirmed.told_alerts == ()
    assert unconfirmed.subject.startswith("Unconfirmed")


def test_short_unconfirmed_stories_are_merged_and_marked_unconfirmed() -> None:
    plain = client_of().model_copy(update={"trade": "agency", "desires": ()})
    life = Life(plain)
    for number, name in ((1, HALDEN), (2, CORVANE)):
        quote = f"{name} may sell."
        life.alert(number, name, verdict="warn", kind="none", evidence=(an_item(name, number, quote=quote),))
    assert life.only.subject.startswith("Unconfirmed: ")
    assert life.only.subject.count("Unconfirmed") == 1
    assert life.only.body.count("According to an unconfirmed report by") == 2
    assert "opinion" not in [part.role for part in life.only.parts]


def test_an_update_of_one_story_stays_in_its_message() -> None:
    life = Life()
    life.alert(1)
    life.alert(2, CORVANE)
    merged = life.only
    life.alert(1, revision=1, evidence=(an_item(HALDEN, 1), an_item(HALDEN, 11)))
    assert life.only.supersedes == merged.id
    assert len(life.only.told_alerts) == 2
    assert CORVANE in life.only.body


def test_when_one_story_turns_out_false_the_other_is_reopened_without_it() -> None:
    life = Life()
    life.alert(1)
    life.alert(2, CORVANE)
    merged = life.only
    life.alert(1, verdict="correct", revision=1)
    assert life.refused[-1].reason == "withdrawn"
    assert life.refused[-1].withdraws == (merged.id,)
    assert life.only.supersedes == merged.id
    assert HALDEN not in life.only.body
    assert CORVANE in life.only.body
    assert "false" in (life.only.supersedes_because or "")


def test_a_withdrawn_message_that_was_sent_all_the_same_is_corrected() -> None:
    life = Life()
    life.alert(1)
    withdrawn = life.only
    life.approve(withdrawn)
    life.alert(1, verdict="correct", revision=1, evidence=(an_item(HALDEN, 1), an_item(HALDEN, 9, status="denied")))
    assert not life.open
    life.wait(minutes=1)
    life.send(withdrawn)
    assert life.only.verdict == "correct"
    assert "I told you" in life.only.body
    life.send(life.only)
    life.send(withdrawn)  # the same news of its sending once more
    assert not life.open


def test_a_merged_message_does_not_repeat_what_was_sent_meanwhile() -> None:
    life = Life()
    life.alert(1)
    first = life.only
    life.alert(2, CORVANE)
    merged = life.only
    life.send(first)
    assert life.refused[-1].withdraws == (merged.id,)
    assert life.only.told_alerts == ()
    assert HALDEN not in life.only.body
    assert CORVANE in life.only.body


def test_an_update_continues_the_message_that_was_sent_meanwhile() -> None:
    life = Life()
    life.alert(1)
    first = life.only
    life.alert(1, revision=1, evidence=(an_item(HALDEN, 1), an_item(HALDEN, 11)))
    assert "Here is an update" not in life.only.body
    life.send(first)
    assert "Here is an update on what I wrote to you" in life.only.body


def test_dismissing_a_merged_message_settles_all_its_stories() -> None:
    life = Life()
    life.alert(1)
    life.alert(2, CORVANE)
    life.dismiss(life.only)
    assert {story.dismissed for story in life.state.stories if story.sent_at is None} == {"merged", "not_useful"}
    life.alert(2, CORVANE)
    assert not life.open


def test_a_message_is_never_longer_than_the_client_has_time_to_read() -> None:
    life = Life()
    for number, name in enumerate((HALDEN, CORVANE, QUILLON, HALDEN, CORVANE), 1):
        life.alert(number, name, evidence=(an_item(name, number, quote=f"{name} said {'very ' * 30}little."),))
    assert all(draft.words <= MAX_WORDS for draft in life.open.values())
    told = [alert for draft in life.open.values() for alert in draft.told_alerts or (draft.alert_id,)]
    assert len(told) == len(set(told)) == 5


def test_the_deadline_of_a_message_is_the_earliest_of_its_stories() -> None:
    life = Life()
    life.alert(1)
    soon = life.now + timedelta(hours=3)
    life.alert(2, CORVANE, deadline_at=soon)
    assert life.only.deadline_at == soon


def test_only_the_false_story_of_a_sent_message_is_corrected() -> None:
    life = Life()
    life.alert(1)
    second = life.alert(2, CORVANE)
    both = life.only
    life.send(both)
    life.wait(hours=3)
    denial = an_item(CORVANE, 9, quote=f"{CORVANE} denied the report.", status="denied", basis="company")
    life.alert(
        2, CORVANE, verdict="correct", revision=1, information_grade=5, evidence=(denial,), earlier_alert_id=second.id
    )
    correction = life.only
    assert correction.verdict == "correct"
    assert correction.subject.startswith("Correction: ")
    assert CORVANE in correction.body
    assert HALDEN not in correction.body


def test_a_merged_message_asks_one_question() -> None:
    life = Life()
    life.alert(1)
    life.alert(2, CORVANE)
    both = life.only
    (question,) = [part.text for part in both.parts if part.role == "question"]
    assert question in phrasing().questions["merged"]
    assert [entry.alert_id for entry in both.advice] == list(both.told_alerts)
    assert all(appears_in(entry.text, both.body) for entry in both.advice)


def test_two_pieces_of_advice_are_two_messages() -> None:
    life = Life()
    life.alert(1, kind="leadership_change", evidence=(an_item(HALDEN, 1, title="Halden Energy names a new head"),))
    life.alert(2, kind="share_move", evidence=(an_item(HALDEN, 2, title="Halden Energy falls by 6%"),))
    assert len(life.open) == 2


def test_the_same_opinion_on_two_names_is_said_once() -> None:
    life = Life()
    life.alert(1)
    life.alert(2, CORVANE)
    first, second = [part.text for part in life.only.parts if part.role == "opinion"]
    assert HALDEN in first
    assert second == f"I would say the same of {CORVANE}."
    assert all(appears_in(entry.text, life.only.body) for entry in life.only.advice)
    assert life.only.words <= MERGED_WORDS


def test_stories_that_have_nothing_in_common_are_messages_of_their_own() -> None:
    life = Life()
    life.alert(1, kind="leadership_change")
    life.alert(2, CORVANE, kind="share_move")
    life.alert(3, QUILLON, kind="lawsuit")
    assert len(life.open) == 3
    assert life.decisions() == []


def test_one_subject_tells_the_news_of_each_story_without_being_cut() -> None:
    life = Life()
    life.alert(1)
    life.alert(2, CORVANE)
    assert life.only.subject == f"{HALDEN} cuts dividend to 0.40 crowns; {CORVANE} cuts dividend to 0.40 crowns"
    long = Life()
    title = f"{HALDEN} lets owners take shares without losing any right to dividends"
    long.alert(1, evidence=(an_item(HALDEN, 1, title=title, quote=title),))
    long.alert(2, CORVANE)
    assert len(long.open) == 2


def test_a_general_question_stays() -> None:
    life = Life(client_of().model_copy(update={"mood": "upset"}))
    life.alert(1)
    life.alert(2, CORVANE)
    (question,) = [part.text for part in life.only.parts if part.role == "question"]
    assert question in phrasing().questions["upset"]


def test_a_headline_with_two_prices_is_two_stories_and_one_on_a_deal_is_one() -> None:
    quote = f"{HALDEN} falls 6%, {CORVANE} rises 9%."
    both = (an_item(HALDEN, 1, quote=quote),)
    life = Life()
    first = life.alert(1, HALDEN, kind="share_move", direction="negative", evidence=both)
    second = life.alert(2, CORVANE, kind="share_move", direction="positive", evidence=both)
    assert {draft.alert_id for draft in life.open.values()} == {first.id, second.id}
    deal = Life()
    text = f"{HALDEN} is to buy {CORVANE}."
    shared = (an_item(HALDEN, 1, title=text, quote=text),)
    deal.alert(1, HALDEN, kind="acquisition", evidence=shared)
    deal.alert(2, CORVANE, kind="takeover", evidence=shared)
    assert deal.only.told_alerts == ()


def test_a_merged_message_recognizes_what_every_opinion_is_based_on() -> None:
    for by_risk in phrasing().basis.values():
        for risk, form in by_risk.items():
            basis = form.format(desire="more people who know you").rstrip(",")
            for opening in (form.partition("{action}")[0] for pool in phrasing().opinion.values() for form in pool):
                text = opening.format(basis=basis).removeprefix(", ")
                assert split_basis(text) == (basis, text.removeprefix(f"{basis}, ")), risk


def test_a_sentence_that_always_stands_is_in_a_merged_message_once() -> None:
    text = 'trade: wealth\nalways: ["Please talk to us first.", {text: Keep calm., stances: [uses]}]\n'
    trades = Trades.shipped().with_files([parse_trade(text, "wealth.yaml")])
    life = Life(playbooks=SHIPPED.with_trades(trades))
    life.alert(1)
    life.alert(2, CORVANE)
    both = life.only
    assert len(both.told_alerts) == 2
    assert [part.text for part in both.parts if part.role == "close"] == ["Please talk to us first."]
    assert both.body.count("Please talk to us first.") == 1


def test_news_that_does_not_say_what_happened_to_what_the_client_has_waits() -> None:
    life = Life()
    elsewhere = an_item(HALDEN, 1, title="Corvane Pharma buys a port in Estmere", quote="Corvane Pharma buys a port.")
    life.alert(1, kind="deal", evidence=(elsewhere,))
    assert not life.open
    unsaid = an_item(HALDEN, 2, title="A look at Halden Energy", quote="What to make of Halden Energy?")
    life.alert(2, verdict="warn", kind="deal", size="major", evidence=(unsaid,))
    assert not life.open
    life.alert(3, kind="dividend_cut", size="major", evidence=(unsaid,))
    assert life.open
