"""How a story ended, as a word on each source that ran it: what its track record is made of.

Decides nothing about clients. Once said, an outcome is said again only if the story turns once more.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from schemas.base import content_id, event
from schemas.mentions import RumorOutcome, RumorResolved
from services.common.processing import AnyEvent
from services.matcher.judgment.credibility import Assessment
from services.matcher.stories.evidence import Witness
from services.matcher.stories.threads import Case

__all__ = ["fizzled", "resolved"]


def resolved(
    case: Case, assessment: Assessment, trigger: Witness, entity_id: str, now: datetime
) -> tuple[Case, list[AnyEvent]]:
    """``case`` and what follows for its sources, after ``trigger`` came in; ``case`` has its standings of before."""
    rumored = case.rumored or case.open_rumor
    outcome: RumorOutcome | None = None
    if assessment.information == 1 and (rumored or case.outcome == "denied"):
        outcome = "confirmed"
    elif assessment.information == 5 and (rumored or case.told):
        outcome = "denied"
    if outcome is None or outcome == case.outcome:
        return (case if rumored == case.rumored else replace(case, rumored=rumored)), []
    # Who is first heard with what settles it has run no rumor; who only now repeats what was denied has.
    earlier = case.testimonies if outcome == "denied" else [t for t in case.testimonies if t != trigger]
    events = _said_of(case, earlier, outcome, entity_id, now)
    return replace(case, rumored=rumored, outcome=outcome), events


def fizzled(case: Case, entity_id: str, now: datetime) -> tuple[Case, list[AnyEvent]]:
    """``case`` and what follows for its sources when its rumor has expired."""
    if case.outcome is not None:
        return case, []
    return replace(case, outcome="fizzled"), _said_of(case, case.testimonies, "fizzled", entity_id, now)


def _said_of(
    case: Case, testimonies: Iterable[Witness], outcome: RumorOutcome, entity_id: str, now: datetime
) -> list[AnyEvent]:
    names = {
        each.origin_domain: each.origin_name
        for each in testimonies
        if each.origin_domain and each.counts and each.judged and not each.primary and each.status != "denied"
    }
    return [_event(case, domain, name, outcome, entity_id, now) for domain, name in sorted(names.items())]


def _event(case: Case, domain: str, name: str, outcome: RumorOutcome, entity_id: str, now: datetime) -> AnyEvent:
    data = RumorResolved(
        domain=domain,
        publisher=name,
        story_id=case.story_id,
        entity_id=entity_id,
        headline=case.headline,
        outcome=outcome,
        at=now,
    )
    key = f"{domain}:{case.story_id}:{entity_id}"
    identity = content_id("evt", "resolved", key, outcome, now.isoformat())
    return event(data, key=key, id=identity, source="firstword/matcher", time=now)
