"""Report how a rumor ended, once for each source that ran it; sources' track records are built from these outcomes.

Decides nothing about clients. An outcome is reported again only if the story changes once more. A source answers only
for what came through its own channel. Its rumor is confirmed by somebody else's statement of the same claim: a good
newsroom's, the party's or an authority's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from schemas.base import content_id, event
from schemas.mentions import RumorOutcome, RumorResolved
from services.common.processing import AnyEvent
from services.matcher.judgment.credibility import GOOD, Assessment, states_claim
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
    earlier: Iterable[EvidenceRecord] = thread.evidence
    if outcome == "confirmed":
        confirming = [record for record in thread.evidence if _confirms(record, thread)]
        earlier = [
            record
            for record in thread.evidence
            if record != trigger and any(_is_independent(record, other) for other in confirming)
        ]
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
    publishers = {record.origin_domain: record.origin_name for record in evidence if _is_own_report(record, thread)}
    return [
        _event(thread, domain, name, outcome, entity_id, now) for domain, name in sorted(publishers.items()) if domain
    ]


def _is_own_report(record: EvidenceRecord, thread: Thread) -> bool:
    """Return whether a record is what its own channel reported of the story's claim, and not what it relayed."""
    own = record.origin_domain is not None and record.origin_id == record.through and not record.primary
    return own and record.is_own_statement and record.status != "denied" and states_claim(record, thread.event)


def _confirms(record: EvidenceRecord, thread: Thread) -> bool:
    """Return whether a record by itself can confirm a rumor of somebody else."""
    reliable = record.is_first_hand or record.grade in GOOD
    return record.is_own_statement and reliable and record.status == "asserted" and states_claim(record, thread.event)


def _is_independent(rumor: EvidenceRecord, confirming: EvidenceRecord) -> bool:
    return rumor.through != confirming.through and rumor.origin_id != confirming.origin_id


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
