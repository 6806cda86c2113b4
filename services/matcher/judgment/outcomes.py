"""Report how a rumor ended, once for each source that ran it; sources' track records are built from these outcomes.

Decides nothing about clients. An outcome is reported again only if the story changes once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from schemas.base import content_id, event
from schemas.mentions import RumorOutcome, RumorResolved
from services.common.processing import AnyEvent
from services.matcher.judgment.credibility import Assessment
from services.matcher.stories.evidence import EvidenceRecord
from services.matcher.stories.threads import Thread

__all__ = ["expire_rumor", "resolve_rumor"]


def resolve_rumor(
    thread: Thread, assessment: Assessment, trigger: EvidenceRecord, entity_id: str, now: datetime
) -> tuple[Thread, list[AnyEvent]]:
    """Report the outcome to the rumor's sources if ``trigger`` confirmed or denied it.

    ``thread`` still has the clients' verdicts from before ``trigger``.
    """
    was_rumor = thread.was_rumor or thread.is_open_rumor
    outcome: RumorOutcome | None = None
    if assessment.information == 1 and (was_rumor or thread.outcome == "denied"):
        outcome = "confirmed"
    elif assessment.information == 5 and (was_rumor or thread.told_or_held):
        outcome = "denied"
    if outcome is None or outcome == thread.outcome:
        return (thread if was_rumor == thread.was_rumor else replace(thread, was_rumor=was_rumor)), []
    # A source whose first item confirms the story has run no rumor; one that repeats what was denied has.
    earlier = thread.evidence if outcome == "denied" else [r for r in thread.evidence if r != trigger]
    events = _report(thread, earlier, outcome, entity_id, now)
    return replace(thread, was_rumor=was_rumor, outcome=outcome), events


def expire_rumor(thread: Thread, entity_id: str, now: datetime) -> tuple[Thread, list[AnyEvent]]:
    """Report to the rumor's sources that nobody took it up, unless an outcome was reported before."""
    if thread.outcome is not None:
        return thread, []
    return replace(thread, outcome="fizzled"), _report(thread, thread.evidence, "fizzled", entity_id, now)


def _report(
    thread: Thread, evidence: Iterable[EvidenceRecord], outcome: RumorOutcome, entity_id: str, now: datetime
) -> list[AnyEvent]:
    publishers = {
        record.origin_domain: record.origin_name
        for record in evidence
        if record.origin_domain and record.counts and record.judged and not record.primary and record.status != "denied"
    }
    return [_event(thread, domain, name, outcome, entity_id, now) for domain, name in sorted(publishers.items())]


def _event(thread: Thread, domain: str, name: str, outcome: RumorOutcome, entity_id: str, now: datetime) -> AnyEvent:
    data = RumorResolved(
        domain=domain,
        publisher=name,
        story_id=thread.story_id,
        entity_id=entity_id,
        headline=thread.headline,
        outcome=outcome,
        at=now,
    )
    key = f"{domain}:{thread.story_id}:{entity_id}"
    identity = content_id("evt", "resolved", key, outcome, now.isoformat())
    return event(data, key=key, id=identity, source="firstword/matcher", time=now)
