"""Puts an event together from its stories and their evidence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from schemas.alerts import InformationGrade, Verdict
from schemas.event_views import EventEvidence, EventStatus, EventStory
from schemas.mentions import Direction, EventKind, SourceLetter
from services.notifier.event_views.evidence import SeenEvidence, fold_evidence

__all__ = ["StoryRow", "entity_names", "event_facts", "joined_evidence", "story_views", "weightiest"]

#: Verdicts, the one that matters most to a client first.
_BY_WEIGHT: tuple[Verdict, ...] = ("correct", "warn", "tell", "information", "hold", "ignore")
StoryKey = tuple[str, str]


@dataclass(frozen=True, slots=True)
class StoryRow:
    """A row of ``event_stories``, with the number of its items."""

    story_id: str
    entity_id: str
    event_id: str
    entity_name: str
    headline: str
    kind: EventKind
    direction: Direction
    size: Literal["minor", "moderate", "major"]
    source_grade: SourceLetter
    information_grade: InformationGrade
    origins: int
    status: EventStatus
    reasons: Sequence[str]
    first_at: datetime
    last_at: datetime
    items: int

    @property
    def key(self) -> StoryKey:
        """The story and the watched name."""
        return self.story_id, self.entity_id


def weightiest(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict that matters most to a client."""
    return min(verdicts, key=_BY_WEIGHT.index)


def event_facts(stories: Sequence[StoryRow]) -> Mapping[str, Any]:
    """Return what happened, by the story with the most items, and how firm it stands, by :func:`_deciding`."""
    lead, (status, deciding) = _lead(stories), _deciding(stories)
    return {
        "headline": lead.headline,
        "kind": lead.kind,
        "direction": lead.direction,
        "size": lead.size,
        "status": status,
        "source_grade": deciding.source_grade,
        "information_grade": deciding.information_grade,
        "origins": deciding.origins,
        "reasons": tuple(deciding.reasons),
        "first_seen_at": min(story.first_at for story in stories),
        "last_seen_at": max(story.last_at for story in stories),
    }


def entity_names(stories: Iterable[StoryRow], shown: Set[StoryKey]) -> tuple[str, ...]:
    """Return the watched names of the stories that may be shown, in the order in which they were seen."""
    return tuple(dict.fromkeys(story.entity_name for story in _shown(stories, shown)))


def story_views(stories: Iterable[StoryRow], shown: Set[StoryKey]) -> tuple[EventStory, ...]:
    """Return the stories that may be shown: other names may be watched for clients that the reader may not see."""
    return tuple(
        EventStory(
            story_id=story.story_id,
            entity_id=story.entity_id,
            entity_name=story.entity_name,
            headline=story.headline,
            kind=story.kind,
            status=story.status,
            source_grade=story.source_grade,
            information_grade=story.information_grade,
            first_seen_at=story.first_at,
            last_seen_at=story.last_at,
        )
        for story in _shown(stories, shown)
    )


def joined_evidence(
    stories: Sequence[StoryRow], seen: Mapping[StoryKey, Sequence[SeenEvidence]]
) -> tuple[EventEvidence, ...]:
    """Return the evidence of all stories. An item is shown as the story with the most items reads it."""
    by_item: dict[str, SeenEvidence] = {}
    for story in sorted(stories, key=lambda story: (-story.items, story.first_at, story.key)):
        for item in seen.get(story.key, ()):
            known = by_item.setdefault(item.evidence.item_id, item)
            by_item[item.evidence.item_id] = known._replace(first_at=min(known.first_at, item.first_at))
    return fold_evidence(by_item.values())


def _lead(stories: Sequence[StoryRow]) -> StoryRow:
    return min(stories, key=lambda story: (-story.items, story.first_at, story.key))


def _deciding(stories: Sequence[StoryRow]) -> tuple[EventStatus, StoryRow]:
    """Return how firm the event stands, and the story that shows it.

    One that is confirmed for one name is confirmed. One that is false or contested for a name is not confirmed by what
    stands in the story of another: it is contested, unless none of them is credible; then it is false.
    """
    doubted = [story for story in stories if story.status in ("false", "contested")]
    if not doubted:
        best = min(stories, key=lambda story: (story.information_grade, -story.items, story.first_at, story.key))
        return best.status, best
    worst = min(doubted, key=lambda story: (-story.information_grade, -story.items, story.first_at, story.key))
    if worst.status == "false" and not any(story.information_grade <= 2 for story in stories):
        return "false", worst
    return "contested", worst


def _shown(stories: Iterable[StoryRow], shown: Set[StoryKey]) -> list[StoryRow]:
    visible = [story for story in stories if story.key in shown]
    return sorted(visible, key=lambda story: (story.first_at, story.key))
