"""The judge's memory of one watched entity: its threads (stories), their evidence, and each client's last verdict.

Frozen values that share their unchanged parts. ``serialization.py`` writes and reads them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal

from schemas.alerts import Verdict
from schemas.mentions import Direction, EventKind, ItemAnnotated, RumorOutcome, SourceLetter
from schemas.readings import Role
from services.matcher.reading.events import is_unsure_kind
from services.matcher.stories.audience import Audience, default_audience_model, features_of
from services.matcher.stories.evidence import FROM_BEST, EvidenceRecord, Objection
from services.matcher.stories.memory import OldText
from services.matcher.stories.not_news import NotNews
from services.matcher.stories.window import EMPTY_WINDOW, StoryWindow
from services.matcher.thresholds import Thresholds

__all__ = ["TOLD", "ClientVerdict", "EventSummary", "JudgeState", "Thread", "prune"]

#: After one of these verdicts, the client counts as told.
TOLD: frozenset[Verdict] = frozenset(("tell", "information", "warn", "correct"))

#: A channel of a poorer or an unknown grade adds nothing to how much a story matters.
_KNOWN: frozenset[SourceLetter] = frozenset(("A", "B", "C"))
#: Beyond this many aliases, those that are no longer needed are dropped.
_MAX_ALIASES = 40
#: The least worth of a large move of a share price.
_LARGE_MOVE_WORTH = 0.5


@dataclass(frozen=True, slots=True)
class ClientVerdict:
    """The last verdict on a story for one client. Field names are also the keys in the stored state.

    ``information`` is the grade that it is based on (0: none), ``held_until`` when a held rumor expires. ``disputed``:
    it was lowered to hold because two readers disagree. Then ``verdict`` is still tell or warn if that was raised
    before, because the client may have been told. ``contested``: they know that a party denies it.
    """

    verdict: Verdict
    revision: int
    alert_id: str
    held_until: datetime | None = None
    information: int = 0
    disputed: bool = False
    contested: bool = False


@dataclass(frozen=True, slots=True)
class EventSummary:
    """A story's event: its impact without the cues. Field names are also the keys in the stored state.

    ``worth`` (0–1) is the probability that it is worth telling, and ``role`` the entity's part in it, both as read in
    the item that shows it best, and so is ``audience``: to whom it is worth writing, by trade and relation; empty
    without a reading and in older states. ``unsure``: the kind is only the likeliest of several.
    """

    kind: EventKind
    direction: Direction
    size: Literal["minor", "moderate", "major"]
    urgency: Literal["low", "normal", "high", "urgent"]
    worth_hours: int
    worth: float = 0.0
    role: Role = "object"
    unsure: bool = False
    audience: Audience = field(default_factory=dict)

    @classmethod
    def from_item(cls, annotated: ItemAnnotated) -> EventSummary:
        """Summarize the event of an item.

        Where there is no reading to go by, in another language or from before items were read by a model, the event is
        worth what its salience is. A large price move is worth telling, whatever the model makes of it.
        """
        impact, reading = annotated.impact, annotated.reading if annotated.claim.judged else None
        worth = reading.tell_score if reading else annotated.mention.salience
        if impact.kind == "share_move" and impact.size == "major" and impact.cues:
            worth = max(worth, _LARGE_MOVE_WORTH)
        return cls(
            impact.kind,
            impact.direction,
            impact.size,
            impact.urgency,
            impact.worth_hours,
            worth=worth,
            role=reading.role if reading else "object",
            unsure=is_unsure_kind(annotated),
            audience=default_audience_model().audience(features_of(annotated, reading)) if reading else {},
        )

    def with_best_of(self, other: EventSummary) -> EventSummary:
        """Return this event with the role, the worth and the audience of ``other`` if that shows them better."""
        if other.worth <= self.worth:
            return self
        return replace(self, worth=other.worth, role=other.role, audience=other.audience)


@dataclass(frozen=True, slots=True)
class Thread:
    """One story about one watched entity.

    ``not_news`` is None as soon as one item is news. ``cues`` are the words that indicated the kind of event,
    ``figures`` all numbers seen. ``event_at`` is when the item that gave the story its kind was published.
    ``was_rumor``: a client was warned, or the story held. ``outcome`` is the last one reported for its sources.
    ``merged`` are the ids of stories that turned out to be this one; alerts may have been raised under them.
    """

    story_id: str
    headline: str
    event: EventSummary
    salience: float
    opened_at: datetime
    last_at: datetime
    not_news: NotNews | None = None
    cues: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    evidence: tuple[EvidenceRecord, ...] = ()
    verdicts: Mapping[str, ClientVerdict] = field(default_factory=dict)
    event_at: datetime | None = None
    was_rumor: bool = False
    outcome: RumorOutcome | None = None
    merged: tuple[str, ...] = ()

    @property
    def is_open_rumor(self) -> bool:
        """True if it is held, or was passed on as unconfirmed, for any client. A dispute of readers is no rumor."""
        return any(client.verdict in ("hold", "warn") and not client.disputed for client in self.verdicts.values())

    @property
    def told_or_held(self) -> bool:
        """True if any client was told, or if it is held for one."""
        return any(client.verdict != "ignore" for client in self.verdicts.values())

    @property
    def below_threshold(self) -> bool:
        """True if it is news and was ignored for some client only because it was too small."""
        too_small = (c for c in self.verdicts.values() if c.verdict == "ignore" and 0 < c.information <= 2)
        return self.not_news is None and any(too_small)

    @property
    def objection(self) -> Objection | None:
        """The second reader's objection to the story, if it has one to every item of it that it has read.

        It says nothing against what a better source than those items' reports, as long as that is unread.
        """
        read = [record for record in self.evidence if record.counts and record.objection is not None]
        if not read or any(record.objection == "none" for record in read):
            return None
        unread = [record for record in self.evidence if record.is_own_statement and record.objection is None]
        best = min(FROM_BEST.index(record.grade) for record in read)
        return None if any(FROM_BEST.index(record.grade) < best for record in unread) else read[-1].objection

    def held_until(self) -> datetime | None:
        """Return when the first held rumor expires, or None if nothing is held."""
        return min((c.held_until for c in self.verdicts.values() if c.held_until is not None), default=None)

    def sources(self) -> tuple[str, ...]:
        """Return the origin of each item that is news."""
        return tuple(record.origin_name for record in self.evidence if record.counts)

    @property
    def newsrooms(self) -> int:
        """The number of channels graded A to C that report it in their own words as an event of the watched thing."""
        return len({r.through for r in self.evidence if r.is_own_statement and r.grade in _KNOWN and r.is_about_thing})

    @property
    def undated(self) -> bool:
        """True if no item that is news states a date."""
        return not any(record.published_at for record in self.evidence if record.counts)

    def has_item(self, item_id: str) -> bool:
        """Return whether a version of the item is among the evidence."""
        return any(record.item_id == item_id for record in self.evidence)

    def with_evidence(self, record: EvidenceRecord) -> Thread:
        """Return this thread with one item's evidence replaced."""
        evidence = tuple(record if other.item_id == record.item_id else other for other in self.evidence)
        return replace(self, evidence=evidence)

    def with_verdict(self, client_id: str, verdict: ClientVerdict | None) -> Thread:
        """Return this thread with one client's verdict set, or removed if None."""
        verdicts = {**self.verdicts}
        if verdict is None:
            verdicts.pop(client_id, None)
        else:
            verdicts[client_id] = verdict
        return replace(self, verdicts=verdicts)


@dataclass(frozen=True, slots=True)
class JudgeState:
    """All stories about one watched entity.

    ``aliases`` maps a story found by text to the thread that it was linked to. ``stale_on`` is the last day on which an
    alert about old news was raised. ``old_texts`` are those of stories that clients know, and of old news.
    """

    entity_id: str
    window: StoryWindow = EMPTY_WINDOW
    threads: Mapping[str, Thread] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    stale_on: date | None = None
    old_texts: tuple[OldText, ...] = ()

    def with_thread(self, thread: Thread) -> JudgeState:
        """Return this state with ``thread`` added or replaced."""
        return replace(self, threads={**self.threads, thread.story_id: thread})

    def thread_at(self, story_id: str) -> Thread | None:
        """Return the thread of a story in the window, or None if it has none any more."""
        return self.threads.get(self.aliases.get(story_id, story_id))

    def thread_of(self, item_id: str, revision: int) -> tuple[Thread, EvidenceRecord] | None:
        """Return the thread with this revision of the item, and the item's evidence."""
        for thread in self.threads.values():
            for record in thread.evidence:
                if record.item_id == item_id and record.revision == revision:
                    return thread, record
        return None

    def has_seen(self, item_id: str, revision: int) -> bool:
        """Return whether this revision of the item, or a later one, is among the evidence."""
        return any(
            record.item_id == item_id and record.revision >= revision
            for thread in self.threads.values()
            for record in thread.evidence
        )


def prune(state: JudgeState, now: datetime, thresholds: Thresholds) -> JudgeState:
    """Drop threads that are over and, beyond ``cases_kept``, the oldest, those without a client who knows first."""
    kept = {
        story_id: thread
        for story_id, thread in state.threads.items()
        if now - thread.last_at <= timedelta(days=thresholds.told_days if thread.told_or_held else thresholds.open_days)
        or thread.held_until() is not None
    }
    if len(kept) > thresholds.cases_kept:
        order = sorted(kept.values(), key=lambda thread: (thread.told_or_held, thread.last_at, thread.story_id))
        for thread in order[: len(kept) - thresholds.cases_kept]:
            del kept[thread.story_id]
    aliases = state.aliases
    if len(kept) < len(state.threads) or len(aliases) > _MAX_ALIASES:
        # A story that has left the window gets no more items, so its alias is no longer needed.
        in_window = {story.id for story in state.window.stories}
        aliases = {alias: target for alias, target in aliases.items() if target in kept and alias in in_window}
    if len(kept) == len(state.threads) and len(aliases) == len(state.aliases):
        return state
    return replace(state, threads=kept, aliases=aliases)
