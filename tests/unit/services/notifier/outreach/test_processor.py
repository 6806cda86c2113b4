from __future__ import annotations

from datetime import timedelta

import pytest

from schemas.alerts import AlertRaised
from schemas.base import content_id, event
from schemas.clients import Client, ClientChanged, ClientRemoved, ContactPolicy
from schemas.drafts import ContactDecided, Draft, DraftCreated, DraftDismissed, DraftRefused, DraftSent
from schemas.interactions import ClientTuned
from schemas.topics import TOPICS, decode, encode, topic_of
from services.common.processing import AnyEvent
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import ClientRecord, DraftWriter
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager, a_watch, an_alert, an_item

SHIPPED = Playbooks.shipped()


class Desk:
    """One client's drafts from alert to sending, driven as by a runtime."""

    def __init__(self, client: Client | None = None) -> None:
        self.client = client or a_client(contact=ContactPolicy(max_per_week=9))
        self.processor = DraftWriter(SHIPPED)
        self.now = NOW
        self.state = self.processor.initial(self.client.id)
        self.decided: list[ContactDecided] = []
        self.update_reference(ClientChanged(client=self.client, firm=a_firm(), manager=a_manager()))

    def update_reference(self, data: ClientChanged | ClientRemoved) -> None:
        self.processor.update_reference(event(data, key=self.client.id, id="evt_client", source="test", time=self.now))

    def step(self, data: AlertRaised | DraftSent | DraftDismissed | DraftCreated) -> list[AnyEvent]:
        envelope: AnyEvent = event(data, key=self.client.id, id="evt_x", source="test", time=self.now)
        before = self.processor.dump(self.state)
        state, out = self.processor.process(self.state, envelope, self.now)
        assert self.processor.dump(self.state) == before
        self.state = self.processor.load(self.processor.dump(state))
        assert self.state == state
        self.now += timedelta(minutes=10)
        self.decided += [entry.data for entry in out if isinstance(entry.data, ContactDecided)]
        return [entry for entry in out if not isinstance(entry.data, ContactDecided | ClientTuned)]

    def alert(self, **more: object) -> Draft | DraftRefused | None:
        out = self.step(AlertRaised(alert=an_alert(self.client, **more)))
        if not out:
            return None
        data = out[0].data
        assert len(out) == 1
        assert topic_of(out[0]) is TOPICS["drafts"]
        assert decode("drafts", encode(out[0])) == out[0]
        if isinstance(data, DraftCreated):
            return data.draft
        assert isinstance(data, DraftRefused)
        return data

    def draft(self, **more: object) -> Draft:
        answer = self.alert(**more)
        assert isinstance(answer, Draft), answer
        return answer

    def refusal(self, **more: object) -> str:
        answer = self.alert(**more)
        assert isinstance(answer, DraftRefused), answer
        assert answer.detail.endswith(".")
        return f"{answer.reason}: {answer.detail}"

    def send(self, draft: Draft, channel: str = "email") -> None:
        sent = DraftSent(
            draft_id=draft.id,
            alert_id=draft.alert_id,
            story_id=draft.story_id,
            client_id=draft.client_id,
            channel=channel,
            delivery_id=f"dlv_{channel}",
        )
        assert self.step(sent) == []

    def dismiss(self, draft: Draft) -> None:
        dismissed = DraftDismissed(
            draft_id=draft.id, alert_id=draft.alert_id, client_id=draft.client_id, reason="not_useful", by="mara"
        )
        assert self.step(dismissed) == []


@pytest.mark.parametrize("verdict", ["hold", "ignore"])
def test_held_and_ignored_news_gets_no_draft(verdict: str) -> None:
    desk = Desk()
    assert desk.alert(verdict=verdict) is None
    assert desk.state == ClientRecord(client_id="claire", known_since=NOW)


def test_an_alert_becomes_a_draft_with_an_id_of_its_own() -> None:
    alert = an_alert()
    draft = Desk().draft()
    assert draft.id == content_id("drf", alert.id)
    assert draft.created_at == NOW
    assert draft.supersedes is None


def test_the_same_alert_again_is_answered_once() -> None:
    desk = Desk()
    desk.draft()
    assert desk.alert() is None


def test_the_writers_own_drafts_are_ignored() -> None:
    desk = Desk()
    draft = Desk().draft()
    assert desk.step(DraftCreated(draft=draft)) == []
    assert desk.state == ClientRecord(client_id="claire")


def test_a_story_seen_through_another_holding_is_not_told_twice() -> None:
    desk = Desk(a_client("wealth", a_watch(), a_watch(name="Corvane Pharma")))
    desk.draft()
    other = {"watch": desk.client.assets[1], "evidence": (an_item(),)}
    both = desk.draft(story_id="itm_9", **other)
    assert "It also concerns Corvane Pharma, which you hold." in both.body
    desk.send(both)
    assert desk.refusal(story_id="itm_9", revision=1, **other).startswith("already_told: ")
    assert "the same story was sent on 3 March 2026." in desk.refusal(id="alr_again")


def test_a_higher_revision_is_an_update_that_replaces_the_draft() -> None:
    desk = Desk()
    first = desk.draft()
    second = desk.draft(revision=1, evidence=(an_item(), an_item(number=2)))
    assert second.supersedes == first.id
    assert "Here is an update" not in second.body  # the first was never sent
    assert second.notes[-1] == "It replaces an earlier draft on the same story, which was not sent."
    desk.send(second)
    third = desk.draft(revision=2)
    assert third.supersedes == second.id
    assert "Here is an update on what I wrote to you on 3 March." in third.body


def test_a_confirmed_warning_says_so() -> None:
    desk = Desk()
    desk.send(desk.draft(verdict="warn"))
    since = an_item(number=2, publisher="Oslo Morning Herald", origin="Oslo Morning Herald")
    told = desk.draft(information_grade=1, evidence=(an_item(), since))
    assert "it is now confirmed" in told.body
    assert not told.subject.startswith("Unconfirmed")


def test_a_warning_after_the_news_itself_says_nothing_new() -> None:
    desk = Desk()
    desk.draft()
    assert desk.refusal(verdict="warn", revision=1).startswith("already_told: ")


def correction(first: Draft) -> dict[str, object]:
    denial = an_item(number=2, status="denied", quote="Halden Energy keeps its dividend as it is.")
    return {"verdict": "correct", "revision": 1, "evidence": (an_item(), denial), "earlier_alert_id": first.alert_id}


def test_a_correction_goes_to_clients_who_were_told() -> None:
    desk = Desk()
    first = desk.draft()
    desk.send(first)
    corrected = desk.draft(**correction(first))
    assert corrected.supersedes == first.id
    assert "On 3 March I told you about a report by Northgate Wire: “Halden Energy cut its quarterly" in corrected.body
    assert "“Halden Energy keeps its dividend as it is.”" in corrected.body
    assert desk.refusal(**{**correction(first), "story_id": "itm_2"}).startswith("already_told: ")


def test_a_correction_of_an_unsent_draft_withdraws_it() -> None:
    desk = Desk()
    first = desk.draft()
    said = desk.refusal(**correction(first))
    assert said.startswith("withdrawn: ")
    assert "rests on news that turned out to be false" in said
    assert first.id not in said
    assert first.alert_id not in said
    assert desk.state.stories[0].dismissed == "withdrawn"
    again = {**correction(first), "revision": 3, "story_id": "itm_1"}
    assert desk.refusal(**again).startswith("nothing_to_correct: ")
    anew = desk.draft(revision=2)
    assert "it was not sent" not in " ".join(anew.notes)


def test_a_correction_withdraws_the_unsent_update_and_corrects_the_sent_message() -> None:
    desk = Desk()
    first = desk.draft()
    desk.send(first)
    update = desk.draft(revision=1)
    corrected = desk.draft(**{**correction(first), "revision": 2})
    assert corrected.supersedes == update.id
    assert "It replaces a draft on the same story, which must not be sent." in corrected.notes
    assert "I told you" in corrected.body


def test_without_a_sent_message_there_is_nothing_to_correct() -> None:
    desk = Desk()
    unknown = desk.refusal(verdict="correct", earlier_alert_id="alr_gone")
    assert unknown.startswith("nothing_to_correct: ")
    first = desk.draft()
    desk.dismiss(first)
    assert "the draft on this story was dismissed and was never sent" in desk.refusal(**correction(first))


def test_news_after_a_correction_refers_to_it() -> None:
    desk = Desk()
    first = desk.draft()
    desk.send(first)
    desk.send(desk.draft(**correction(first)))
    again = desk.draft(revision=2)
    assert "about which I sent you a correction on 3 March" in again.body


def test_sent_messages_fill_the_budget_and_two_channels_count_once() -> None:
    desk = Desk(a_client(contact=ContactPolicy(max_per_week=1)))
    first = desk.draft()
    desk.send(first)
    desk.send(first, "copy")
    assert len(desk.state.sent) == 1
    next_one = {"story_id": "itm_7", "evidence": (an_item(number=7),), "headline": "Halden Energy closes a plant"}
    assert desk.alert(**next_one) is None
    (left_out,) = desk.decided
    assert (left_out.what, left_out.reason) == ("dropped", "weekly_budget")
    assert left_out.detail == "This week's one message was used."
    urgent = desk.draft(
        story_id="itm_8", evidence=(an_item(number=8),), urgency="urgent", headline="Halden Energy warns"
    )
    assert urgent.notes[0] == urgent.beyond_because
    assert urgent.notes[0].startswith("Beyond this week's one message, because it is urgent: it is of use until ")


def test_clients_who_were_removed_or_must_not_be_contacted_get_no_draft() -> None:
    quiet = Desk(a_client(contact=ContactPolicy(do_not_contact=True, do_not_contact_reason="in mourning")))
    assert quiet.refusal() == "do_not_contact: Claire Arnaud must not be contacted: in mourning."
    gone = Desk()
    gone.update_reference(ClientRemoved(client_id="claire"))
    assert gone.refusal().startswith("unknown_client: ")


def test_an_alert_without_evidence_is_refused_with_its_reason() -> None:
    assert Desk().refusal(evidence=()).startswith("no_evidence: ")


def test_stories_older_than_thirty_days_are_forgotten() -> None:
    desk = Desk()
    desk.send(desk.draft())
    desk.now += timedelta(days=31)
    desk.draft(story_id="itm_7", evidence=(an_item(number=7),), deadline_at=desk.now + timedelta(days=1))
    assert [entry.story_id for entry in desk.state.stories] == ["itm_7"]
    assert desk.state.sent == ()


def test_the_same_steps_give_the_same_bytes() -> None:
    def run() -> bytes:
        desk = Desk()
        desk.send(desk.draft())
        desk.alert(revision=1)
        return desk.processor.dump(desk.state)

    assert run() == run()


def test_the_state_of_an_older_version_can_be_read() -> None:
    assert DraftWriter(SHIPPED).load(b"{}") == ClientRecord()
    before = (
        b'{"told":[{"draft_id":"drf_1","alert_id":"alr_1","story_id":"itm_1","entity_id":"halden-energy","revision":0,'
        b'"verdict":"tell","item_ids":["itm_1"],"publisher":"Northgate Wire","words":"Halden Energy cut its dividend",'
        b'"drafted_at":"2026-03-02T09:30:00Z","sent_at":"2026-03-02T10:00:00Z"}],"sent":["2026-03-02T10:00:00Z"]}'
    )
    desk = Desk(a_client(contact=ContactPolicy(max_per_week=1)))
    desk.state = desk.processor.load(before)
    assert desk.refusal().startswith("already_told: ")
    assert desk.alert(story_id="itm_7", evidence=(an_item(number=7),)) is None
    assert [entry.reason for entry in desk.decided] == ["weekly_budget"]


def test_alerts_answered_before_a_move_are_not_answered_again() -> None:
    desk = Desk()
    moved = an_alert(desk.client).raised_at
    desk.state = desk.state.model_copy(update={"answered_until": moved})
    before = desk.state
    assert desk.alert() is None
    assert desk.state == before
    assert isinstance(desk.alert(id="alr_later", raised_at=moved + timedelta(seconds=1)), Draft)
