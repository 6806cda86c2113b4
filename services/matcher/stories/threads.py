"""What is remembered of a watched thing: its stories, the evidence on each, and what each client was told.

Plain frozen values that share what does not change; written and read as JSON, the same bytes for equal states.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

import orjson

from schemas.alerts import Verdict
from schemas.mentions import Direction, EventKind, Impact, RumorOutcome
from services.matcher.stories.evidence import Witness
from services.matcher.stories.not_news import NotNews
from services.matcher.stories.window import EMPTY_WINDOW, StoryWindow, dump_window, load_window
from services.matcher.thresholds import Thresholds

__all__ = ["Case", "Happening", "JudgeState", "Standing", "dump_state", "load_state", "prune"]

#: Version of the bytes; older ones must stay readable.
STATE_VERSION = 1
#: Beyond this many, aliases are looked through for those that have served.
ALIASES_KEPT = 40


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a client stands with a story: the last verdict, on which information, and how long a held one waits."""

    verdict: Verdict
    revision: int
    alert_id: str
    held_until: datetime | None = None
    information: int = 0


@dataclass(frozen=True, slots=True)
class Happening:
    """The impact of a story, without the words it was told by."""

    kind: EventKind
    direction: Direction
    size: Literal["minor", "moderate", "major"]
    urgency: Literal["low", "normal", "high", "urgent"]
    worth_hours: int

    @classmethod
    def of(cls, impact: Impact) -> Happening:
        """What ``impact`` says."""
        return cls(impact.kind, impact.direction, impact.size, impact.urgency, impact.worth_hours)

    def as_impact(self) -> Impact:
        """As the other modules take it."""
        return Impact.model_construct(
            kind=self.kind,
            direction=self.direction,
            size=self.size,
            urgency=self.urgency,
            worth_hours=self.worth_hours,
        )


@dataclass(frozen=True, slots=True)
class Case:
    """One story about one watched thing. ``cues`` are the words that told its kind, ``figures`` all numbers seen.

    ``happened_at`` is when what gave the story its kind was said. ``rumored``: somebody was made to wait for how it
    ends; ``outcome`` how it ended, as its sources were told.
    """

    story_id: str
    headline: str
    happening: Happening
    salience: float
    opened_at: datetime
    last_at: datetime
    dull: NotNews | None = None
    cues: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    testimonies: tuple[Witness, ...] = ()
    standings: Mapping[str, Standing] = field(default_factory=dict)
    happened_at: datetime | None = None
    rumored: bool = False
    outcome: RumorOutcome | None = None

    @property
    def open_rumor(self) -> bool:
        """Whether somebody waits for how it ends."""
        return any(standing.verdict in ("hold", "warn") for standing in self.standings.values())

    @property
    def nameless(self) -> bool:
        """Whether it is of no known kind and nobody got a message of it: an item that tells more may be of another."""
        said = any(standing.verdict in ("tell", "warn", "correct") for standing in self.standings.values())
        return self.happening.kind == "other" and not said

    @property
    def told(self) -> bool:
        """Whether anybody was told of it, or is waiting to be."""
        return any(standing.verdict != "ignore" for standing in self.standings.values())

    @property
    def passed_over(self) -> bool:
        """Whether it was believed, and somebody was not told only since it was small: they may hear of it later on."""
        small = (one for one in self.standings.values() if one.verdict == "ignore" and 0 < one.information <= 2)
        return self.dull is None and any(small)

    def held_until(self) -> datetime | None:
        """When the first held rumor expires."""
        return min((s.held_until for s in self.standings.values() if s.held_until is not None), default=None)

    def with_standing(self, client_id: str, standing: Standing | None) -> Case:
        """This case with one client's standing set, or forgotten."""
        standings = {**self.standings}
        if standing is None:
            standings.pop(client_id, None)
        else:
            standings[client_id] = standing
        return replace(self, standings=standings)


@dataclass(frozen=True, slots=True)
class JudgeState:
    """All stories about one watched thing. ``aliases`` leads from a story that was found to be another's.

    ``stale_on`` is the last day on which it was said that old news came in.
    """

    entity_id: str
    window: StoryWindow = EMPTY_WINDOW
    cases: Mapping[str, Case] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    stale_on: date | None = None

    def with_case(self, case: Case) -> JudgeState:
        """This state with ``case`` put in its place."""
        return replace(self, cases={**self.cases, case.story_id: case})

    def knows(self, item_id: str, revision: int) -> bool:
        """Whether this revision of the item, or a later one, was heard before."""
        return any(
            each.item_id == item_id and each.revision >= revision
            for case in self.cases.values()
            for each in case.testimonies
        )


def prune(state: JudgeState, now: datetime, thresholds: Thresholds) -> JudgeState:
    """Forget stories that are over, and beyond ``cases_kept`` the oldest, those nobody was told of first."""
    kept = {
        case_id: case
        for case_id, case in state.cases.items()
        if now - case.last_at <= timedelta(days=thresholds.told_days if case.told else thresholds.open_days)
        or case.held_until() is not None
    }
    if len(kept) > thresholds.cases_kept:
        order = sorted(kept.values(), key=lambda case: (case.told, case.last_at, case.story_id))
        for case in order[: len(kept) - thresholds.cases_kept]:
            del kept[case.story_id]
    aliases = state.aliases
    if len(kept) < len(state.cases) or len(aliases) > ALIASES_KEPT:
        # a story that has left the window gets no more items, so nobody will ask where it leads
        running = {story.id for story in state.window.stories}
        aliases = {story: case for story, case in aliases.items() if case in kept and story in running}
    if len(kept) == len(state.cases) and len(aliases) == len(state.aliases):
        return state
    return replace(state, cases=kept, aliases=aliases)


def dump_state(state: JudgeState) -> bytes:
    """``state`` as bytes, keys in order."""
    content: dict[str, Any] = {
        "version": STATE_VERSION,
        "entity_id": state.entity_id,
        "window": dump_window(state.window),
        "cases": state.cases,
        "aliases": state.aliases,
    }
    if state.stale_on is not None:
        content["stale_on"] = state.stale_on
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z)


def load_state(raw: bytes) -> JudgeState:
    """The inverse of :func:`dump_state`."""
    content = orjson.loads(raw)
    return JudgeState(
        entity_id=content["entity_id"],
        window=load_window(content["window"]),
        cases={case_id: _case(case) for case_id, case in content["cases"].items()},
        aliases=content["aliases"],
        stale_on=date.fromisoformat(content["stale_on"]) if "stale_on" in content else None,
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _case(raw: dict[str, Any]) -> Case:
    return Case(
        **{
            **raw,
            "happening": Happening(**raw["happening"]),
            "opened_at": _moment(raw["opened_at"]),
            "last_at": _moment(raw["last_at"]),
            "happened_at": _moment(raw.get("happened_at")),
            "cues": tuple(raw["cues"]),
            "figures": tuple(raw["figures"]),
            "testimonies": tuple(_testimony(each) for each in raw["testimonies"]),
            "standings": {
                client_id: Standing(**{**standing, "held_until": _moment(standing["held_until"])})
                for client_id, standing in raw["standings"].items()
            },
        }
    )


def _testimony(raw: dict[str, Any]) -> Witness:
    return Witness(
        **{
            **raw,
            "published_at": _moment(raw["published_at"]),
            "seen_at": _moment(raw["seen_at"]),
            "said_at": _moment(raw.get("said_at") or raw["seen_at"]),
            "spans": tuple(tuple(span) for span in raw["spans"]),
        }
    )
