"""News that was stopped is not drafted and is learned from, and can be taken back; so can a dismissal."""

from __future__ import annotations

from datetime import timedelta

from schemas.alerts import Alert
from schemas.drafts import DraftExpired, DraftReopened, NewsStopped, TellRequested
from schemas.interactions import ClientTuned
from tests.unit.services.notifier.outreach.life import Life


def decided(alert: Alert, *, stopped: bool) -> NewsStopped:
    return NewsStopped(
        client_id=alert.client_id,
        entity_id=alert.entity_id,
        entity_name=alert.entity_name,
        kind=alert.kind,
        stopped=stopped,
        reason="She sold it" if stopped else None,
        by="mara",
    )


def tunings(life: Life) -> list[ClientTuned]:
    return [event.data for event in life.other if isinstance(event.data, ClientTuned)]


def test_what_was_stopped_is_refused_with_the_reason_unless_it_is_urgent_and_until_it_is_taken_back() -> None:
    life = Life()
    first = life.alert(1)
    life.tell(decided(first, stopped=True))
    assert tunings(life)[-1].shift > 0
    before = len(life.drafts)
    life.wait(days=3)
    life.alert(2)
    assert len(life.drafts) == before
    assert life.refused[-1].reason == "stopped"
    assert "She sold it" in life.refused[-1].detail
    life.alert(3, urgency="urgent")
    assert len(life.drafts) == before + 1
    life.wait(days=3)
    life.tell(decided(first, stopped=False))
    assert tunings(life)[-1].shift == 0
    life.alert(4)
    assert len(life.drafts) == before + 2


def test_telling_anyway_with_a_reason_lowers_the_threshold() -> None:
    life = Life()
    ignored = life.below_threshold(1)
    life.tell(TellRequested(client_id=ignored.client_id, alert=ignored, by="mara", reason="She asks about it often"))
    assert tunings(life)[-1].shift < 0
    assert len(life.drafts) == 1


def test_a_draft_that_expired_frees_its_place_and_waits_again_once_it_is_reopened() -> None:
    life = Life()
    alert = life.alert(1)
    (draft,) = life.drafts.values()
    gone = {"draft_id": draft.id, "alert_id": alert.id, "client_id": alert.client_id}
    life.tell(DraftExpired(**gone, deadline_at=draft.deadline_at))
    (story,) = life.state.stories
    assert (story.dismissed, life.state.open_messages) == ("expired", ())
    life.tell(DraftReopened(**gone, deadline_at=draft.deadline_at + timedelta(days=1), by="mara"))
    assert life.state.stories[0].waiting


def test_a_dismissal_that_is_undone_is_no_feedback() -> None:
    life = Life()
    alert = life.alert(1)
    (draft,) = life.drafts.values()
    life.dismiss(draft, "not_useful")
    assert tunings(life)[-1].shift > 0
    gone = {"draft_id": draft.id, "alert_id": alert.id, "client_id": alert.client_id}
    life.tell(DraftReopened(**gone, deadline_at=draft.deadline_at, by="mara"))
    assert tunings(life)[-1].shift == 0
    assert life.state.stories[0].waiting
