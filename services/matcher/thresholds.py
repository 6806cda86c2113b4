"""The thresholds of all decisions in the matcher, read from one reviewed file: ``lexicon/thresholds.yaml``."""

from __future__ import annotations

from functools import cache
from typing import Annotated

from pydantic import Field

from schemas.base import Model
from schemas.clients import Stance
from schemas.mentions import EventKind
from services.matcher.lexicon import read_yaml

__all__ = ["Thresholds", "default_thresholds"]

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Count = Annotated[int, Field(ge=1)]


class Thresholds(Model):
    """The file explains each threshold. Relevance and salience are 0–1."""

    tell_relevance: Share
    worth_telling: Share
    worth_writing: Share
    coverage: Annotated[float, Field(ge=0, le=3)]
    rumor_relevance: Share
    warn_relevance: Share
    public_relevance: Share
    watch_relevance: Share
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
    public_record: frozenset[EventKind]
    growing: dict[EventKind, frozenset[EventKind]]
    moves: frozenset[EventKind]
    full_of_figures: frozenset[EventKind]
    party_kinds: frozenset[EventKind]
    thought_kinds: frozenset[EventKind]
    record_window_days: Positive
    record_least: Count
    record_up_share: Share
    record_down_share: Share

    def grows_into(self, known: EventKind, new: EventKind) -> bool:
        """Return whether ``new`` is worse than ``known`` and follows from it."""
        return new in self.growing.get(known, ())

    def could_move(self, kind: EventKind, stance: Stance) -> bool:
        """Return whether an unconfirmed event of ``kind`` could cost a client with this stance, if told late."""
        if stance not in self.warn_stances:
            return False
        return kind in (self.market_moving if stance == "holds" else self.operational)


@cache
def default_thresholds() -> Thresholds:
    """Return the thresholds that ship with the package."""
    return Thresholds.model_validate(read_yaml("thresholds.yaml"))
