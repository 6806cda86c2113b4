"""The thresholds of judgment, read from the one reviewed file ``lexicon/thresholds.yaml``."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field

from schemas.base import Model
from schemas.clients import Stance
from schemas.mentions import EventKind
from services.matcher.lexicon import read_yaml

__all__ = ["Thresholds", "shipped_thresholds"]


Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class Thresholds(Model):
    """See the file for what each means. Relevance and salience are 0–1."""

    tell_relevance: Share
    watch_relevance: Share
    warn_salience: Share
    stale_after_hours: Positive
    hold_days: Positive
    told_days: Positive
    open_days: Positive
    evidence_kept: Count
    cases_kept: Count
    quote_chars: Count
    body_chars: Count
    market_moving: frozenset[EventKind]
    warn_stances: frozenset[Stance]
    operational: frozenset[EventKind]
    families: dict[str, frozenset[EventKind]]
    one_report: frozenset[str]
    growing: dict[EventKind, frozenset[EventKind]]
    single_events: frozenset[EventKind]
    same_event_hours: Positive
    moves: frozenset[EventKind]
    same_move_hours: Positive
    full_of_figures: frozenset[EventKind]
    party_kinds: frozenset[EventKind]
    thought_kinds: frozenset[EventKind]
    record_window_days: Positive
    record_least: Count
    record_up_share: Share
    record_down_share: Share

    def same_family(self, one: EventKind, other: EventKind) -> bool:
        """Whether two kinds may be one event under two names."""
        if one == other:
            return one != "other"
        return any(one in family and other in family for family in self.families.values())

    def one_event(self, one: EventKind, other: EventKind) -> bool:
        """Whether two kinds are commonly two words for what is reported at one time."""
        families = (self.families[name] for name in self.one_report)
        return one == other or any(one in family and other in family for family in families)

    def grows(self, known: EventKind, now: EventKind) -> bool:
        """Whether ``now`` is worse than ``known`` and follows from it."""
        return now in self.growing.get(known, ())

    def hours_of_one(self, kind: EventKind) -> float:
        """Within how many hours two reports of ``kind`` about one thing may be of one and the same event."""
        return self.same_move_hours if kind in self.moves else self.same_event_hours

    def could_move(self, kind: EventKind, stance: Stance) -> bool:
        """Whether an unconfirmed event of ``kind`` could cost a client who stands so, if told late."""
        if stance not in self.warn_stances:
            return False
        return kind in (self.market_moving if stance == "holds" else self.operational)


@cache
def shipped_thresholds() -> Thresholds:
    """The thresholds that ship with the package."""
    return Thresholds.model_validate(read_yaml("thresholds.yaml"))
