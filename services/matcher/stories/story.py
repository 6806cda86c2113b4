"""A story: what is kept of its items, so that new items can be compared with them. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from schemas.mentions import Signature, StoryRelation
from services.matcher.stories.pairwise import Report
from services.matcher.stories.signature import story_words

__all__ = ["STORY_WINDOW", "Story", "add_to_story", "relation_to", "start_story", "unite"]

#: Items further apart than this never belong to one story.
STORY_WINDOW = timedelta(hours=72)
# Bounds that keep the state small however long a story runs.
_MAX_REPORTS, _MAX_FIGURES, _MAX_SKETCHES, _MAX_ITEMS = 6, 64, 8, 200


@dataclass(frozen=True, slots=True)
class Story:
    """One story. ``reports`` are those of its items that say most; new items are compared with them.

    ``terms`` (words with the number of items that contain them) and ``names`` are only in states from before items were
    compared in pairs.
    """

    id: str
    title: str
    first_at: datetime
    last_at: datetime
    count: int
    terms: Mapping[str, float] = field(default_factory=dict)
    names: frozenset[str] = frozenset()
    numbers: frozenset[str] = frozenset()
    states: frozenset[str] = frozenset()
    sketches: tuple[tuple[int, ...], ...] = ()
    items: tuple[str, ...] = ()
    reports: tuple[Report, ...] = ()

    def distance(self, at: datetime) -> timedelta:
        """Return how far ``at`` lies outside the span from the first to the last item; zero inside it."""
        return max(self.first_at - at, at - self.last_at, timedelta())

    def compared(self) -> tuple[Report, ...]:
        """Return the reports that new items are compared with; of an older state, one made of its words."""
        if self.reports:
            return self.reports
        words = frozenset(term for term, weight in self.terms.items() if weight >= 1 and not term.startswith("#"))
        lead = frozenset(term for term in self.terms if not term.startswith("#")) - words
        return (Report(self.id, self.last_at, words, lead, self.names & words, self.numbers),)


def relation_to(story: Story, signature: Signature, *, copy: bool) -> StoryRelation:
    """Classify an item that joins ``story``.

    An update brings a figure that the story lacks, or its first denial, confirmation or retraction.
    """
    if _states(signature) - story.states or any(number not in story.numbers for number in signature.numbers):
        return "update"
    return "copy" if copy else "same"


def start_story(report: Report, signature: Signature, title: str) -> Story:
    """Return a new story that consists of one item."""
    return Story(
        id=report.item_id,
        title=title,
        first_at=report.at,
        last_at=report.at,
        count=1,
        numbers=report.numbers,
        states=_states(signature),
        sketches=(signature.shingles,) if signature.shingles else (),
        items=(report.item_id,),
        reports=(report,),
    )


def add_to_story(story: Story, report: Report, signature: Signature, *, revision: bool) -> Story:
    """Return the story with one more item, or with a ``revision`` of an item that it already contains."""
    sketches = story.sketches
    if signature.shingles and signature.shingles not in sketches:
        sketches = (*sketches[:1], *sketches[1:][-(_MAX_SKETCHES - 2) :], signature.shingles)
    return replace(
        story,
        first_at=min(story.first_at, report.at),
        last_at=max(story.last_at, report.at),
        count=story.count + (not revision),
        terms={},
        names=frozenset(),
        numbers=story.numbers if len(story.numbers) >= _MAX_FIGURES else story.numbers | report.numbers,
        states=story.states | _states(signature),
        sketches=sketches,
        items=story.items if revision else (*story.items[:1], *story.items[1:][-(_MAX_ITEMS - 2) :], report.item_id),
        reports=_most_informative((*story.compared(), report)),
    )


def unite(story: Story, other: Story) -> Story:
    """Return ``story`` with the items of ``other``, which is about the same event."""
    items = tuple(dict.fromkeys((*story.items, *other.items)))
    return replace(
        story,
        first_at=min(story.first_at, other.first_at),
        last_at=max(story.last_at, other.last_at),
        count=story.count + other.count,
        terms={},
        names=frozenset(),
        numbers=frozenset(sorted(story.numbers | other.numbers)[:_MAX_FIGURES]),
        states=story.states | other.states,
        sketches=tuple(dict.fromkeys((*story.sketches, *other.sketches)))[:_MAX_SKETCHES],
        items=(*items[:1], *items[1:][-(_MAX_ITEMS - 1) :]),
        reports=_most_informative((*story.compared(), *other.compared())),
    )


def _most_informative(reports: tuple[Report, ...]) -> tuple[Report, ...]:
    """Return the reports that say most, whatever the order in which they came; of one item, the last one."""
    by_item = {report.item_id: report for report in reports}
    return tuple(sorted(by_item.values(), key=lambda report: report.informative, reverse=True)[:_MAX_REPORTS])


def _states(signature: Signature) -> frozenset[str]:
    """Return which of denial, confirmation and retraction the item's words express."""
    state_words = story_words()
    stems = {*signature.words, *signature.lead}
    groups = (
        ("denial", state_words.denial),
        ("confirmation", state_words.confirmation),
        ("retraction", state_words.retraction),
    )
    return frozenset(state for state, markers in groups if not markers.isdisjoint(stems))
