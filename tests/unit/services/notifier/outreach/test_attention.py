"""One message per event and client, at most the week's budget of them, the most valuable first."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alerts import Alert
from schemas.clients import Blackout, ContactPolicy
from schemas.drafts import TellRequested
from services.notifier.contact.value import value_of
from services.notifier.drafting.playbook_files import parse_playbook
from services.notifier.outreach.record import NOTICED_KEPT
from tests.unit.services.notifier.outreach.life import SHIPPED, Life, client_of
from tests.unit.services.notifier.samples import NOW, a_watch, an_alert, an_item

HALDEN, CORVANE, QUILLON = "Halden Energy", "Corvane Pharma", "Quillon Cloud"
ON_ALL = f"{HALDEN}, {CORVANE} and {QUILLON} cut their dividends"


def three_a_week() -> Life:
    """Return the life of a client who gets three messages a week, none of them merged."""
    return Life(client_of(max_per_week=3, merge_minutes=0))


def fill_the_week(life: Life) -> list[Alert]:
    """Raise three alerts on three events, two hours apart, the least valuable first."""
    alerts = []
    for number, name in enumerate((HALDEN, CORVANE, QUILLON), 1):
        alerts.append(life.alert(number, name, relevance=0.55 + number / 20))
        life.wait(hours=2)
    return alerts


# --- one event ------------------------------------------------------------------------------------------------------


def test_one_event_over_three_watches_is_one_draft_that_names_them_all() -> None:
    life = three_a_week()
    shared = an_item(number=1, title=ON_ALL)
    first = life.alert(1, HALDEN, evidence=(shared,))
    second = life.alert(2, CORVANE, evidence=(shared,))
    third = life.alert(3, QUILLON, evidence=(shared, an_item(number=9)))
    draft = life.only
    assert "It also concerns Corvane Pharma and Quillon Cloud, which you hold." in draft.body
    assert [(watch.name, watch.alert_id) for watch in draft.affects] == [(CORVANE, second.id), (QUILLON, third.id)]
    assert draft.alert_id == first.id
    assert life.decisions() == [("merged", "same_event")] * 2
    life.alert(2, CORVANE, revision=1, evidence=(shared,))
    assert life.only == draft
    assert life.refused[-1].reason == "already_told"


def test_the_watch_that_matters_most_leads() -> None:
    life = three_a_week()
    shared = an_item(number=1, title=ON_ALL)
    life.alert(1, HALDEN, evidence=(shared,), relevance=0.5)
    weighty = life.alert(2, CORVANE, evidence=(shared,), relevance=0.9)
    assert life.only.alert_id == weighty.id
    assert [watch.name for watch in life.only.affects] == [HALDEN]


def test_after_a_message_was_sent_the_same_event_of_another_watch_is_attached() -> None:
    life = three_a_week()
    shared = an_item(number=1, title=ON_ALL)
    life.alert(1, HALDEN, evidence=(shared,))
    sent = life.only
    life.send(sent)
    life.wait(hours=1)
    life.alert(2, CORVANE, evidence=(shared,))
    life.alert(2, CORVANE, evidence=(shared,), revision=1)
    assert not life.open
    assert [(decided.reason, decided.draft_id) for decided in life.decided] == [("same_event", sent.id)]


def test_an_approved_message_is_not_rewritten() -> None:
    life = three_a_week()
    shared = an_item(number=1, title=ON_ALL)
    life.alert(1, HALDEN, evidence=(shared,))
    approved = life.only
    life.approve(approved)
    life.alert(2, CORVANE, evidence=(shared,))
    assert life.only == approved
    assert "edited or approved already" in life.decided[-1].detail


def test_an_update_of_an_open_draft_still_names_the_other_watches() -> None:
    life = three_a_week()
    shared = an_item(number=1, title=ON_ALL)
    life.alert(1, HALDEN, evidence=(shared,))
    life.alert(2, CORVANE, evidence=(shared,))
    life.alert(1, HALDEN, evidence=(shared, an_item(number=5)), revision=1)
    assert [watch.name for watch in life.only.affects] == [CORVANE]
    assert CORVANE in life.only.body


def test_a_watch_under_a_blackout_is_not_named() -> None:
    deal = Blackout(until=date(2026, 12, 31), reason="a deal", about=(CORVANE,))
    life = Life(client_of(max_per_week=3, merge_minutes=0, blackouts=(deal,)))
    told = {"evidence": (an_item(number=1),), "headline": "A cut for all"}
    life.alert(1, HALDEN, **told)
    life.alert(2, CORVANE, **told)
    assert life.only.affects == ()
    assert CORVANE not in life.only.body


def test_a_merged_message_names_the_other_watches_of_each_event() -> None:
    life = Life(client_of(max_per_week=3))
    told = {"evidence": (an_item(number=1),), "headline": "A cut for all"}
    life.alert(1, HALDEN, **told)
    life.alert(2, QUILLON)
    assert len(life.only.told_alerts) == 2
    life.alert(3, CORVANE, **told)
    assert len(life.only.told_alerts) == 2
    assert f"It also concerns {CORVANE}" in life.only.body


def test_one_correction_is_enough_for_one_event() -> None:
    life = three_a_week()
    shared, denial = (
        an_item(number=1, title=ON_ALL),
        an_item(number=2, status="denied", quote="Halden Energy keeps its dividend."),
    )
    life.alert(1, HALDEN, evidence=(shared,))
    life.alert(2, CORVANE, evidence=(shared,))
    life.send(life.only)
    life.alert(1, HALDEN, verdict="correct", revision=1, information_grade=5, evidence=(shared, denial))
    life.alert(2, CORVANE, verdict="correct", revision=3, information_grade=5, evidence=(shared, denial))
    assert life.only.verdict == "correct"
    life.send(life.only)
    assert not life.open


def test_another_story_of_the_same_event_is_not_told_again() -> None:
    life = three_a_week()
    first = life.alert(1, related_stories=())
    life.wait(hours=10)
    again = life.alert(2, related_stories=(first.story_id,))
    assert life.only.alert_id == first.id
    assert life.only.told_alerts == ()
    assert life.decisions() == [("merged", "same_event")]
    assert "tells it already" in life.decided[-1].detail
    life.send(life.only)
    life.wait(hours=1)
    life.alert(2, revision=1, evidence=again.evidence, related_stories=(first.story_id,))
    life.alert(3, related_stories=("itm_2",))
    assert not life.open


def test_the_better_story_of_an_event_is_told() -> None:
    life = three_a_week()
    first = life.alert(1, size="moderate")
    better = life.alert(2, size="major", related_stories=(first.story_id,))
    assert life.only.alert_id == better.id
    assert life.only.told_alerts == ()
    assert life.only.affects == ()
    life.alert(3, related_stories=(better.story_id,))
    assert life.only.alert_id == better.id


def test_a_larger_story_of_an_event_that_was_told_is_an_update() -> None:
    life = three_a_week()
    first = life.alert(1, size="moderate")
    life.send(life.only)
    life.wait(hours=5)
    life.alert(2, size="major", related_stories=(first.story_id,))
    assert "Here is an update on what I wrote to you" in life.only.body
    assert "confirmed" not in life.only.body


def test_the_cause_of_a_move_that_was_told_is_news_and_the_move_after_its_cause_is_not() -> None:
    life = three_a_week()
    life.alert(1, kind="share_move", headline=f"{HALDEN} falls")
    life.send(life.only)
    life.wait(hours=5)
    life.alert(2, kind="guidance_cut", headline=f"{HALDEN} expects less profit")
    assert life.only.advice[0].rule == "earnings_miss,guidance_cut/holds/income"
    life.send(life.only)
    life.wait(hours=5)
    life.alert(3, kind="share_move", headline=f"{HALDEN} closes lower")
    assert not life.open


def test_a_false_story_corrects_no_other_story_of_its_event() -> None:
    life = three_a_week()
    first = life.alert(1)
    false = life.alert(2, related_stories=(first.story_id,))
    life.send(life.only)
    denial = an_item(HALDEN, 9, status="denied", quote=f"{HALDEN} denies it.")
    life.alert(
        2, verdict="correct", revision=1, information_grade=5, evidence=(denial,), earlier_alert_id=false.id,
        related_stories=(first.story_id,),
    )  # fmt: skip
    assert not life.open
    assert life.refused[-1].reason == "nothing_to_correct"
    life.alert(1, verdict="correct", revision=1, information_grade=5, evidence=(denial,), earlier_alert_id=first.id)
    assert life.only.verdict == "correct"


# --- the week -------------------------------------------------------------------------------------------------------


def test_the_fourth_event_of_a_week_is_also_noticed() -> None:
    life = three_a_week()
    fill_the_week(life)
    fourth = life.alert(4, relevance=0.5)
    assert len(life.open) == 3
    (left_out,) = life.decided
    assert (left_out.what, left_out.reason, left_out.alert_id) == ("dropped", "weekly_budget", fourth.id)
    assert left_out.detail == "This week's three messages were used, and this is not clearly more valuable."


def test_a_place_is_free_again_after_a_week_or_when_a_draft_is_dismissed() -> None:
    life = three_a_week()
    first, *_ = fill_the_week(life)
    life.send(next(draft for draft in life.open.values() if draft.alert_id == first.id))
    life.wait(days=3)
    late = life.alert(4, relevance=0.1, deadline_at=life.now + timedelta(days=1))
    assert len(life.open) == 2  # in place of a draft that is past its deadline
    life.wait(days=4)
    life.alert(5, relevance=0.1, deadline_at=life.now + timedelta(days=1))
    assert len(life.open) == 3
    assert late.id in {draft.alert_id for draft in life.open.values()}
    again = three_a_week()
    fill_the_week(again)
    again.dismiss(next(iter(again.open.values())))
    again.alert(4, relevance=0.5)
    assert len(again.open) == 3


def test_urgent_news_goes_beyond_the_week_and_says_so() -> None:
    life = three_a_week()
    fill_the_week(life)
    urgent = life.alert(4, urgency="urgent")
    draft = next(draft for draft in life.open.values() if draft.alert_id == urgent.id)
    assert len(life.open) == 4
    assert draft.budget == "beyond"
    assert draft.beyond_because is not None
    assert draft.beyond_because.startswith("Beyond this week's three, because it is urgent: it is of use until ")
    assert draft.notes[0] == draft.beyond_because
    life.send(draft)
    assert life.state.sent == ()


def test_a_grave_unconfirmed_report_on_an_asset_goes_beyond_the_week() -> None:
    life = three_a_week()
    fill_the_week(life)
    warned = life.alert(4, verdict="warn", size="major", information_grade=3, relevance=0.4)
    draft = next(draft for draft in life.open.values() if draft.alert_id == warned.id)
    assert draft.beyond_because == (
        "Beyond this week's three, because Claire Arnaud depends on Halden Energy, and the report is of major weight."
    )


def test_clearly_more_valuable_news_takes_the_place_of_the_least_valuable_draft() -> None:
    life = three_a_week()
    first, *_ = fill_the_week(life)
    outranked = next(draft for draft in life.open.values() if draft.alert_id == first.id)
    valuable = life.alert(4, CORVANE, size="major", relevance=0.9)
    assert len(life.open) == 3
    draft = next(draft for draft in life.open.values() if draft.alert_id == valuable.id)
    assert draft.supersedes == outranked.id
    assert draft.supersedes_because == f"More valuable news takes its place: {draft.subject}"
    assert [(entry.what, entry.reason, entry.alert_id) for entry in life.decided] == [
        ("dropped", "outranked", first.id)
    ]


def test_an_outranked_message_that_was_sent_all_the_same_is_no_longer_left_out() -> None:
    life = three_a_week()
    first, *_ = fill_the_week(life)
    outranked = next(draft for draft in life.open.values() if draft.alert_id == first.id)
    life.alert(4, CORVANE, size="major", relevance=0.9)
    assert [event.alert.id for event in life.state.noticed] == [first.id]
    life.send(outranked)
    assert life.state.noticed == ()
    assert life.decisions()[-1] == ("chosen", "told_after_all")


def test_a_draft_that_a_person_decided_on_keeps_its_place() -> None:
    life = three_a_week()
    fill_the_week(life)
    for draft in tuple(life.open.values()):
        life.approve(draft)
    life.alert(4, CORVANE, size="major", relevance=1.0)
    assert life.decisions() == [("dropped", "weekly_budget")]


def test_corrections_and_updates_of_what_was_told_are_always_made() -> None:
    life = three_a_week()
    fill_the_week(life)
    for draft in tuple(life.open.values()):
        life.send(draft)
    assert len(life.state.sent) == 3
    life.alert(1, revision=1, evidence=(an_item(number=1), an_item(number=11)))
    update = life.only
    assert update.budget == "exempt"
    assert update.send_after == life.now
    life.send(update)
    denial = an_item(CORVANE, 12, status="denied", quote=f"{CORVANE} keeps its dividend.")
    life.alert(2, CORVANE, verdict="correct", revision=1, information_grade=5, evidence=(an_item(CORVANE, 2), denial))
    assert (life.only.verdict, life.only.budget, life.only.send_after) == ("correct", "exempt", life.now)
    life.send(life.only)
    assert len(life.state.sent) == 3


def test_an_update_of_a_waiting_draft_takes_no_second_place() -> None:
    life = three_a_week()
    fill_the_week(life)
    life.alert(2, CORVANE, revision=1, evidence=(an_item(CORVANE, 2), an_item(CORVANE, 12)))
    assert len(life.open) == 3
    assert not life.decided


def test_an_event_that_was_left_out_is_listed_once_and_told_when_there_is_a_place() -> None:
    life = three_a_week()
    fill_the_week(life)
    shared = an_item(number=4, title=ON_ALL)
    left_out = life.alert(4, evidence=(shared,), relevance=0.5)
    life.alert(5, CORVANE, evidence=(shared,), relevance=0.45)
    assert life.decisions() == [("dropped", "weekly_budget"), ("merged", "same_event")]
    life.dismiss(next(iter(life.open.values())))
    told = life.alert(6, QUILLON, evidence=(shared,), relevance=0.55)
    draft = next(draft for draft in life.open.values() if draft.alert_id == told.id)
    assert {watch.name for watch in draft.affects} == {HALDEN, CORVANE}
    assert (life.decided[-1].reason, life.decided[-1].alert_id) == ("told_after_all", left_out.id)
    assert life.state.noticed == ()


def test_what_was_left_out_and_turns_out_false_is_forgotten() -> None:
    life = three_a_week()
    fill_the_week(life)
    life.alert(4, relevance=0.5)
    life.alert(4, relevance=0.5, verdict="ignore", information_grade=5, revision=1)
    assert life.decisions()[-1] == ("dropped", "turned_out_false")
    assert life.state.noticed == ()


def test_what_was_left_out_is_bounded() -> None:
    life = three_a_week()
    fill_the_week(life)
    for number in range(4, 4 + 2 * NOTICED_KEPT):
        life.alert(number, relevance=0.3)
    assert len(life.state.noticed) == NOTICED_KEPT


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([HALDEN, CORVANE, QUILLON]),
            st.floats(0.1, 1.0),
            st.sampled_from(["low", "normal", "high", "urgent"]),
            st.sampled_from(["minor", "moderate", "major"]),
            st.integers(0, 40),
        ),
        max_size=12,
    )
)
def test_no_week_has_more_messages_than_allowed_except_those_that_say_so(
    raised: list[tuple[str, float, str, str, int]],
) -> None:
    life = Life(client_of(max_per_week=3))
    for number, (name, relevance, urgency, size, hours) in enumerate(raised):
        life.alert(number, name, relevance=relevance, urgency=urgency, size=size)
        within = [draft for draft in life.open.values() if draft.budget == "within"]
        for draft in within:
            week = [
                other for other in within if timedelta(0) <= draft.created_at - other.created_at < timedelta(days=7)
            ]
            assert len(week) <= 3
        life.wait(hours=hours)


# --- information ----------------------------------------------------------------------------------------------------


def test_a_large_event_without_a_rule_is_told_as_information() -> None:
    life = Life()
    life.alert(1, kind="none", size="major")
    assert life.only.verdict == "information"
    assert not life.only.subject.startswith("Unconfirmed")
    assert [part.role for part in life.only.parts if part.role == "opinion"] == []
    assert life.only.advice == ()


def test_a_smaller_event_without_a_rule_is_also_noticed() -> None:
    life = Life()
    life.alert(1, kind="none", relevance=0.6)
    assert not life.open
    assert life.decisions() == [("dropped", "no_opinion")]


@pytest.mark.parametrize(
    ("verdict", "size", "kind", "drafted"),
    [
        ("warn", "moderate", "macro", False),  # the advice would be to wait for the next figures
        ("warn", "major", "macro", True),
        ("warn", "moderate", "regulation", True),
        ("information", "moderate", "regulation", False),
        ("information", "major", "regulation", True),
    ],
)
def test_news_of_a_subject_that_calls_for_no_step_is_also_noticed_unless_it_is_large(
    verdict: str, size: str, kind: str, drafted: bool
) -> None:
    life = Life(client_of().model_copy(update={"assets": (a_watch("topic", "Interest rates", None),)}))
    said = {"title": "Norway publishes its figures", "quote": "Norway published its figures on Monday."}
    evidence = (an_item("Interest rates", 1, **said),)
    life.alert(1, "Interest rates", verdict=verdict, size=size, kind=kind, direction="unclear", evidence=evidence)
    assert bool(life.open) is drafted
    assert (life.decisions() == [("dropped", "no_opinion")]) is not drafted


@pytest.mark.parametrize(("more", "drafted"), [({}, False), ({"size": "major"}, True), ({"kind": "averted"}, True)])
def test_an_update_without_a_view_leaves_the_earlier_message_as_it_stands(more: dict[str, str], drafted: bool) -> None:
    life = Life()
    life.alert(1)
    life.send(life.only)
    later = an_item(number=2, publisher="Oslo Morning Herald", origin="Oslo Morning Herald")
    update = {"kind": "none", "size": "minor", **more}
    life.alert(1, verdict="information", revision=1, evidence=(an_item(), later), **update)
    assert bool(life.open) is drafted
    assert [refused.reason for refused in life.refused] == ([] if drafted else ["no_opinion"])


SKIPS = """\
playbook: own
trade: wealth
rules:
  - when: {kind: [dividend_cut, takeover], stance: holds}
    skip: true
"""


@pytest.mark.parametrize(("size", "verdict"), [("moderate", "tell"), ("major", "tell"), ("major", "information")])
def test_news_that_the_playbooks_skip_is_only_also_noticed(size: str, verdict: str) -> None:
    life = Life(playbooks=SHIPPED.with_firm_playbooks([parse_playbook(SKIPS, "own.yaml")]))
    life.alert(1, size=size, verdict=verdict)
    assert not life.open
    assert life.decisions() == [("dropped", "not_for_client")]
    life.alert(2, CORVANE, kind="fine")
    assert life.open


def test_an_opinion_and_information_share_a_message() -> None:
    life = Life(client_of(restricted=(HALDEN,)))  # the firm gives no opinion on that name
    halden = an_item(HALDEN, 1, quote="Halden Energy cut its dividend.")
    life.alert(1, evidence=(halden,))
    assert life.only.rule is None
    life.alert(2, CORVANE, evidence=(an_item(CORVANE, 2, quote="Corvane Pharma cut its dividend."),))
    assert life.only.verdict == "tell"
    assert len(life.only.told_alerts) == 2


def test_information_confirms_a_warning() -> None:
    life = Life()
    life.alert(1, verdict="warn", kind="none", information_grade=3)
    life.send(life.only)
    since = an_item(number=2, publisher="Oslo Morning Herald", origin="Oslo Morning Herald")
    life.alert(1, verdict="information", kind="none", information_grade=1, revision=1, evidence=(an_item(), since))
    assert "it is now confirmed" in life.only.body
    assert life.only.verdict == "information"


# --- on request -----------------------------------------------------------------------------------------------------


def request(life: Life, alert: Alert) -> None:
    """Ask for a draft on ``alert``."""
    life.tell(TellRequested(client_id=life.client.id, alert=alert, by="mara"))


def test_news_that_was_left_out_is_drafted_on_request() -> None:
    life = three_a_week()
    fill_the_week(life)
    fourth = life.alert(4, relevance=0.5)
    life.wait(days=2)
    request(life, fourth)
    draft = next(draft for draft in life.open.values() if draft.alert_id == fourth.id)
    assert draft.beyond_because == "Beyond this week's three, because you asked for this draft."
    assert draft.deadline_at >= life.now + timedelta(days=1)
    assert life.decided[-1].reason == "requested"
    request(life, fourth)
    assert life.refused[-1].reason == "already_told"


def test_an_outranked_draft_can_be_asked_for_and_a_false_one_cannot() -> None:
    life = three_a_week()
    first, *_ = fill_the_week(life)
    life.alert(4, CORVANE, size="major", relevance=0.9)
    request(life, first)
    assert any(draft.alert_id == first.id for draft in life.open.values())
    request(life, first.model_copy(update={"id": "alr_false", "story_id": "itm_99", "information_grade": 5}))
    assert life.refused[-1].reason == "false"


def test_a_held_rumor_is_told_as_unconfirmed_on_request() -> None:
    life = three_a_week()
    held = life.alert(1, verdict="hold", information_grade=3, evidence=(an_item(status="hedged"),))
    assert not life.open
    request(life, held)
    assert life.only.verdict == "warn"


def test_a_request_keeps_do_not_contact() -> None:
    life = Life(client_of().model_copy(update={"contact": ContactPolicy(do_not_contact=True)}))
    request(life, an_alert(life.client))
    assert life.refused[-1].reason == "do_not_contact"


# --- value ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "less",
    [
        {"relevance": 0.4},
        {"size": "minor"},
        {"urgency": "low"},
        {"information_grade": 3},
        {"evidence": (an_item(published_at=NOW - timedelta(days=3)),)},
    ],
)
def test_each_part_of_the_value_counts(less: dict[str, object]) -> None:
    assert value_of(an_alert(None, **less), NOW) < value_of(an_alert(), NOW)


def test_old_news_keeps_some_value() -> None:
    alert = an_alert()
    assert value_of(alert, NOW + timedelta(days=30)) == pytest.approx(value_of(alert, NOW + timedelta(days=300)))
    assert value_of(alert, NOW + timedelta(days=30)) > 0
