"""Decides how an alert follows on what the client was told before: new, an update, a correction, or told already."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from schemas.alerts import Alert
from services.notifier.drafting.compose import Refusal
from services.notifier.drafting.facts import Told

__all__ = ["FollowUp", "as_correction", "follow_up", "one_story", "same_story", "turned_out_false"]


@dataclass(frozen=True, slots=True)
class FollowUp:
    """``earlier`` is the message that was really sent, ``supersedes`` the id of the draft that this one replaces."""

    earlier: Told | None = None
    supersedes: str | None = None
    notes: tuple[str, ...] = ()


def follow_up(alert: Alert, told: Sequence[Told]) -> FollowUp | Refusal:
    """How ``alert`` follows on ``told`` (oldest first), or why there is nothing to write."""
    before = [entry for entry in told if same_story(alert, entry)]
    if alert.verdict == "correct":
        return _correction(alert, before)
    if not before:
        return FollowUp()
    latest = before[-1]
    if not _brings_news(alert, before):
        return Refusal("already_told", f"{alert.entity_name}: {_what_became(latest)}")
    earlier = next((entry for entry in reversed(before) if entry.sent_at is not None), None)
    notes = (f"It replaces the draft {latest.draft_id}, which was not sent.",) if latest.open else ()
    return FollowUp(earlier, latest.draft_id, notes)


def same_story(alert: Alert, entry: Told) -> bool:
    """Whether ``entry`` told what ``alert`` is about."""
    return _continues(alert, entry.alert_id, entry.story_id, entry.entity_id, entry.item_ids)


def one_story(alert: Alert, other: Alert) -> bool:
    """Whether two alerts are about one story; ``alert`` is the later one."""
    if other.kind == "share_move" and alert.entity_id != other.entity_id:
        return False
    items = (item.item_id for item in other.evidence)
    return _continues(alert, other.id, other.story_id, other.entity_id, items)


def _continues(alert: Alert, alert_id: str, story_id: str, entity_id: str, item_ids: Iterable[str]) -> bool:
    """Whether ``alert`` is about what an earlier one was: by id, by story, or by an item that both rest on.

    A headline may tell the prices of two things that the client holds; each of them moved by itself.
    """
    if alert.kind == "share_move" and alert.entity_id != entity_id:
        return False
    items = {item.item_id for item in alert.evidence}
    return alert.earlier_alert_id == alert_id or alert.story_id == story_id or not items.isdisjoint(item_ids)


def turned_out_false(alert: Alert, told: Sequence[Told]) -> bool:
    """Whether ``alert``, which asks for no message, says that something false was told all the same.

    What is told because contact is due was never told by the matcher's verdict, which therefore corrects nothing.
    """
    if alert.information_grade != 5 or not alert.evidence:
        return False
    return any(same_story(alert, entry) and (entry.sent_at is not None or entry.open) for entry in told)


def as_correction(alert: Alert) -> Alert:
    """``alert`` as what corrects a message."""
    return alert.model_copy(update={"verdict": "correct", "urgency": "high"})


def _brings_news(alert: Alert, before: Sequence[Told]) -> bool:
    """Whether ``alert`` says more than was drafted: a higher revision, a confirmation, or new items as an update."""
    latest = before[-1]
    if alert.verdict == "tell" and latest.verdict in ("warn", "correct"):
        return True
    if alert.verdict == "warn" and latest.verdict == "tell":
        return False
    same_entity = [entry.revision for entry in before if entry.entity_id == alert.entity_id]
    if same_entity:
        return alert.revision > max(same_entity)
    # Revisions count per entity: seen through another one, only items that were not used yet are news.
    known = {item_id for entry in before for item_id in entry.item_ids}
    new_items = any(item.item_id not in known for item in alert.evidence)
    return new_items and (alert.revision > 0 or alert.earlier_alert_id is not None)


def _correction(alert: Alert, before: Sequence[Told]) -> FollowUp | Refusal:
    """A correction goes to those who were really told. A draft that was not sent yet must not go out any more."""
    told = [entry for entry in before if entry.verdict != "correct"]
    if not told:
        detail = (
            f"{alert.entity_name}: nothing was drafted about this story in the last weeks, so nothing is corrected."
        )
        return Refusal("nothing_to_correct", detail)
    corrected = [entry for entry in before if entry.verdict == "correct"]
    if corrected and alert.revision <= max(entry.revision for entry in corrected):
        return Refusal("already_told", f"{alert.entity_name}: {_what_became(corrected[-1])}")
    sent = [entry for entry in told if entry.sent_at is not None]
    waiting = [entry for entry in before if entry.open]
    if sent:
        notes = (f"The draft {waiting[-1].draft_id} on the same story must not be sent any more.",) if waiting else ()
        return FollowUp(sent[-1], waiting[-1].draft_id if waiting else sent[-1].draft_id, notes)
    if waiting:
        latest = waiting[-1]
        detail = (
            f"{alert.entity_name}: the draft {latest.draft_id} of alert {latest.alert_id} rests on news that turned "
            "out false; it was not sent, and must not be sent any more."
        )
        return Refusal("withdrawn", detail, tuple(entry.draft_id for entry in waiting))
    latest = told[-1]
    detail = (
        f"{alert.entity_name}: the draft {latest.draft_id} was never sent ({latest.dismissed}), "
        "so the client has nothing to unlearn."
    )
    return Refusal("nothing_to_correct", detail)


def _what_became(entry: Told) -> str:
    if entry.sent_at is not None:
        return f"the same story was told in the draft {entry.draft_id}, sent on {entry.sent_at:%Y-%m-%d}."
    if entry.dismissed is not None:
        return f"the same story was drafted as {entry.draft_id} and dismissed ({entry.dismissed})."
    return f"the same story is told in the draft {entry.draft_id}, which waits in the inbox."
