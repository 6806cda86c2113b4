"""Build the alert that tells a client's account manager about a decision. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Literal

from schemas.alerts import Alert, AlertRaised, Evidence, Support, Verdict
from schemas.base import content_id, event
from schemas.readings import Reading
from services.common.processing import AnyEvent
from services.matcher.judgment.credibility import GOOD, states_claim
from services.matcher.judgment.verdict import Decision, Situation, if_they_ask
from services.matcher.stories.evidence import EvidenceRecord
from services.matcher.stories.pairwise import Report
from services.matcher.stories.related import surely_same
from services.matcher.stories.threads import TOLD, EventSummary, Thread

__all__ = ["alert_raised", "build_alert", "rank_evidence"]

#: An alert on an item without a date leaves at least so many hours.
UNDATED_HOURS = 48
Urgency = Literal["low", "normal", "high", "urgent"]
#: A later alert on the story names the earlier one if its verdict is one of these.
_REFERRED_TO: frozenset[Verdict] = TOLD | {"hold"}


def build_alert(
    situation: Situation,
    decision: Decision,
    *,
    headline: str,
    evidence: tuple[Evidence, ...],
    now: datetime,
    trigger_id: str = "",
    reading: Reading | None = None,
    related: tuple[str, ...] = (),
) -> Alert:
    """Build the alert for one client. ``trigger_id`` is the item that led to the decision, if one did.

    ``related``: the other stories that probably report the same event.

    If that states no date, it may be old: the alert is not urgent, and its deadline leaves time to find out.
    """
    watch, thread, assessment = situation.watch, situation.thread, situation.assessment
    verdict, earlier = decision.verdict, situation.earlier
    revision = earlier.revision + 1 if earlier else 0
    trigger = next((record for record in thread.evidence if record.item_id == trigger_id), None)
    undated = thread.undated if trigger is None else trigger.published_at is None
    refers = earlier is not None and earlier.verdict in _REFERRED_TO
    return Alert.model_construct(
        id=_alert_id(situation, verdict, revision, trigger_id),
        client_id=situation.client_id,
        story_id=thread.story_id,
        entity_id=watch.entity_id,
        entity_name=watch.name,
        stance=watch.stance,
        verdict=verdict,
        revision=revision,
        headline=headline,
        kind=thread.event.kind,
        direction=situation.relevance.direction,
        size=situation.relevance.size,
        urgency=_urgency(verdict, thread.event, undated=undated),
        source_grade=assessment.source,
        information_grade=assessment.information,
        relevance=situation.relevance.score,
        origins=assessment.origins,
        reasons=decision.reasons,
        evidence=evidence,
        if_they_ask=if_they_ask(situation, headline, decision) if verdict == "hold" else None,
        earlier_alert_id=earlier.alert_id if earlier and refers else None,
        earlier_verdict=earlier.verdict if earlier and refers else None,
        raised_at=now,
        deadline_at=now + timedelta(hours=max(thread.event.worth_hours, UNDATED_HOURS if undated else 0)),
        reading=reading,
        grade_rules=tuple(why.rule for why in assessment.reasons),
        related_stories=tuple(sorted({*related, *thread.merged})),
        merged_stories=thread.merged,
    )


def rank_evidence(
    thread: Thread, trigger: EvidenceRecord | None, reports: Sequence[Report] = ()
) -> tuple[Evidence, ...]:
    """Return the evidence: the trigger, then own statements, of these the first-hand, by grade, the newest first.

    ``reports`` are those of its items that can be compared; of what can't, nobody says that it confirms another.
    """
    same = surely_same(reports)
    ranked = sorted(thread.evidence, key=lambda record: record.seen_at, reverse=True)
    trigger_id = trigger.item_id if trigger else None
    ranked.sort(key=lambda r: (r.item_id != trigger_id, not r.is_own_statement, not r.is_first_hand, r.grade))
    supports = [_supports(record, thread.event) for record in ranked]
    together = _told_together([record for record, found in zip(ranked, supports, strict=True) if found == "claim"])
    return tuple(
        record.to_evidence(
            "context" if found == "claim" and record not in together else found, same.get(record.item_id, ())
        )
        for record, found in zip(ranked, supports, strict=True)
    )


def _told_together(claims: Sequence[EvidenceRecord]) -> list[EvidenceRecord]:
    """Return the reports of one event that a draft may tell together: those that surely are of the story's event.

    If none of these is good, the claim is that of the first good one, which stands alone.
    """
    sure = [record for record in claims if record.is_surely_of_event]
    good = [record for record in claims if _is_good(record)]
    return good[:1] if good and not any(map(_is_good, sure)) else sure


def _is_good(record: EvidenceRecord) -> bool:
    return record.status == "asserted" and (record.is_first_hand or record.grade in GOOD)


def _supports(record: EvidenceRecord, event: EventSummary) -> Support:
    """Return what one item is for the claim that ``event`` happened."""
    if record.copies:
        return "copy"
    if not record.is_own_statement or record.speculative:
        return "context"
    if record.status == "retracted":
        return "withdraws" if record.origin_id == record.through else "context"
    if not states_claim(record, event) or _is_strangers_release(record):
        return "context"
    if record.status == "denied":
        return "denies"
    return "claim"


def _is_strangers_release(record: EvidenceRecord) -> bool:
    """Return whether a press wire prints the words of somebody without a part in the event: nobody vouches for them."""
    return record.source_kind == "newswire" and not record.primary


def alert_raised(alert: Alert) -> AnyEvent:
    """Wrap an alert in its event."""
    data = AlertRaised.model_construct(alert=alert)
    identity = content_id("evt", alert.id)
    return event(data, key=alert.client_id, id=identity, source="firstword/matcher", time=alert.raised_at)


def _alert_id(situation: Situation, verdict: Verdict, revision: int, trigger_id: str) -> str:
    """Derive the alert's id from its content.

    Each of a client's watches that an event concerns has an alert of its own, and the notifier writes one message on
    them all. What asks for no message has one alert for all watches that one item names: both have the same id, and the
    log keeps one.
    """
    parts: list[str | int] = [situation.client_id, situation.thread.story_id, verdict, revision]
    if verdict in TOLD or situation.thread.event.kind == "share_move":
        parts.append(situation.watch.entity_id)
    if revision:
        parts.append(trigger_id)
    return content_id("alr", *parts)


def _urgency(verdict: Verdict, event: EventSummary, *, undated: bool) -> Urgency:
    if verdict in ("hold", "ignore"):
        return "low"
    if undated:
        return "low" if event.urgency == "low" else "normal"
    if verdict == "correct":
        return "urgent" if event.urgency == "urgent" else "high"
    return event.urgency
