"""Find the open rumor that a party confirms in other words: "sells all 24 vessels", of talks to sell the fleet. Pure.

The words differ, so the model of pairs sees two events. It counts as a confirmation only if the party itself states an
event of the same sort, if every word of the headline but names is about the rumor, and if that names nobody else.
"""

from __future__ import annotations

import re

from schemas.mentions import FAMILY_OF, ItemAnnotated
from services.matcher.reading.assurances import names_change
from services.matcher.stories.linking import is_opposite
from services.matcher.stories.pairwise import UNSPECIFIC, report_of
from services.matcher.stories.same_things import shared_stems
from services.matcher.stories.signature import content_stems, stem
from services.matcher.stories.story import Story
from services.matcher.stories.threads import JudgeState, Thread
from services.matcher.text.normalize import words
from services.matcher.text.preparation import title_of

__all__ = ["find_confirmation"]

#: A part of something: "sells two vessels" confirms no sale of the fleet; "sells all 24 vessels" does.
_PART = re.compile(
    r"(?<!all )(?<!its )(?<!the )(?<!both )\b(?:some|one|two|three|four|five|six|seven|eight|nine|ten|several|half|part"
    r"|another|more|most|an?|first|last|old|\d+)\b",
    re.I,
)


def find_confirmation(state: JudgeState, annotated: ItemAnnotated) -> str | None:
    """Return the id of the only open rumor that a party's item confirms in other words, or None."""
    claim, origin = annotated.claim, annotated.origin
    family = FAMILY_OF[annotated.impact.kind]
    if not claim.judged or claim.status != "asserted" or not origin.primary or family in UNSPECIFIC:
        return None
    own_words = frozenset(word for span in annotated.mention.spans for word in words(span.text))
    if own_words.isdisjoint(words(origin.name)) or _PART.search(title_of(annotated.item)):
        return None
    own = frozenset(map(stem, own_words))
    names = report_of(annotated).names
    said = content_stems(title_of(annotated.item)) - own - names
    things = frozenset(word for word in said if not names_change(word))
    if not things or things == said:
        return None  # the change, and what changes
    found = [
        story.id
        for story in state.window.stories
        if (thread := state.thread_at(story.id)) is not None
        and _may_be_confirmed(thread, annotated)
        and _is_about(story, said, names)
    ]
    return found[0] if len(found) == 1 else None


def _may_be_confirmed(thread: Thread, annotated: ItemAnnotated) -> bool:
    """Return whether the thread is an open rumor of such an event."""
    return (
        thread.is_open_rumor
        and thread.not_news is None
        and FAMILY_OF[thread.event.kind] == FAMILY_OF[annotated.impact.kind]
        and not is_opposite(thread.event, annotated.impact)
    )


def _is_about(story: Story, said: frozenset[str], names: frozenset[str]) -> bool:
    """Return whether every word said is about one of the story's reports, which names nobody else."""
    return any(
        shared_stems(said, report.words | report.lead) == said
        and (not report.names or not report.names.isdisjoint(names))
        for report in story.compared()
    )
