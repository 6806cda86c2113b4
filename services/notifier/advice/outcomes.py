"""Outcomes of opinions, one by one and in groups. Pure.

Nothing here calls an opinion right or wrong. It counts the clients' reactions, whether the stories were confirmed, and
the direction of later news on the same entity. For few cases there is no percentage, because it would be misleading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Literal

__all__ = [
    "FOLLOW_UP",
    "GROUPINGS",
    "MIN_CASES",
    "LaterVerdict",
    "OpinionGroup",
    "Proportion",
    "SentOpinion",
    "StoryOutcome",
    "group_opinions",
    "next_news",
    "story_outcome",
]

#: With fewer cases a percentage means nothing: even ten out of ten leaves a true share of seven in ten possible.
MIN_CASES = 10
#: News on the same entity counts for this long after the message.
FOLLOW_UP = timedelta(days=90)
#: 95 % of a normal distribution are within this many standard deviations.
DEVIATIONS = 1.96
#: went_on: further reports, neither confirmed nor corrected · quiet: no further report.
StoryOutcome = Literal["confirmed", "corrected", "went_on", "quiet"]
NextNews = Literal["same", "other"]


@dataclass(frozen=True, slots=True)
class LaterVerdict:
    """A later verdict on the same entity for the same client. ``same_story``: on the story of the message itself."""

    alert_id: str
    at: datetime
    kind: str
    direction: str
    headline: str
    information: int
    verdict: str
    same_story: bool


@dataclass(frozen=True, slots=True)
class SentOpinion:
    """An opinion that was sent, and its outcome.

    ``answer`` is the latest outcome that was noted (None: none yet), ``view`` the client's opinion, ``feedback`` the
    account manager's rating of the message. ``next_way`` says whether the next news on the same entity pointed in the
    same direction for the client as the news of the message; None if there was none.
    """

    draft_id: str
    alert_id: str
    client_id: str
    client_name: str
    manager_id: str
    sent_at: datetime
    text: str
    reworded: bool
    playbook: str | None
    rule: str | None
    verdict: str
    kind: str
    stance: str
    entity_name: str
    answer: str | None = None
    view: str | None = None
    feedback: str | None = None
    story: StoryOutcome = "quiet"
    next_way: NextNews | None = None
    later: tuple[LaterVerdict, ...] = ()


@dataclass(frozen=True, slots=True)
class Proportion:
    """``count`` out of ``total`` cases."""

    count: int
    total: int

    @property
    def interval(self) -> tuple[float, float] | None:
        """The 95 % confidence interval of the true share (0–1); None for fewer than :data:`MIN_CASES`.

        It is Wilson's interval (Journal of the American Statistical Association 22, 1927).
        """
        if self.total < MIN_CASES:
            return None
        share, squared = self.count / self.total, DEVIATIONS**2
        middle = share + squared / (2 * self.total)
        spread = DEVIATIONS * sqrt(share * (1 - share) / self.total + squared / (4 * self.total**2))
        whole = 1 + squared / self.total
        return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)

    @property
    def text(self) -> str:
        """``3 of 4``; with enough cases ``30 of 40 (60–86 %)``; a dash without any case."""
        if not self.total:
            return "–"
        if (interval := self.interval) is None:
            return f"{self.count} of {self.total}"
        return f"{self.count} of {self.total} ({interval[0] * 100:.0f}–{interval[1] * 100:.0f} %)"


@dataclass(frozen=True, slots=True)
class OpinionGroup:
    """Opinions with something in common. Each proportion only counts the cases in which the outcome is known."""

    name: str
    sent: int
    reworded: int
    acted: Proportion
    disagreed: Proportion
    useful: Proportion
    corrected: Proportion
    same_way: Proportion

    @property
    def too_few(self) -> bool:
        """Return True if the group is too small for percentages."""
        return self.sent < MIN_CASES


#: The ways to group opinions.
GROUPINGS: dict[str, Callable[[SentOpinion], str]] = {
    "rule": lambda opinion: f"{opinion.playbook}: {opinion.rule}" if opinion.rule else "correction",
    "kind": lambda opinion: opinion.kind,
    "stance": lambda opinion: opinion.stance,
    "manager": lambda opinion: opinion.manager_id,
    "client": lambda opinion: opinion.client_name,
}


def group_opinions(opinions: Iterable[SentOpinion], by: str) -> list[OpinionGroup]:
    """Group ``opinions`` by one of :data:`GROUPINGS`, largest group first."""
    name = GROUPINGS[by]
    members: dict[str, list[SentOpinion]] = {}
    for opinion in opinions:
        members.setdefault(name(opinion), []).append(opinion)
    groups = [_group(key, opinions) for key, opinions in members.items()]
    return sorted(groups, key=lambda group: (-group.sent, group.name))


def story_outcome(later: Sequence[LaterVerdict], *, corrects: bool = False) -> StoryOutcome:
    """Return the outcome of the message's own story, by its latest decisive verdict; ``later`` is in order of time.

    ``corrects``: the message itself said that the story is false. Then another verdict of that kind is nothing new.
    """
    outcome: StoryOutcome = "quiet"
    for verdict in later:
        if not verdict.same_story:
            continue
        if verdict.verdict == "correct" or verdict.information == 5:
            outcome = "went_on" if corrects else "corrected"
        elif verdict.information == 1 or (verdict.information == 2 and (corrects or outcome == "corrected")):
            outcome = "confirmed"
        elif outcome == "quiet":
            outcome = "went_on"
    return outcome


def next_news(direction: str, later: Sequence[LaterVerdict]) -> NextNews | None:
    """Compare the direction of the next reliable news on the same entity; ``later`` is in order of time."""
    directions = ("positive", "negative")
    reliable = (
        verdict.direction
        for verdict in later
        if not verdict.same_story and verdict.information <= 2 and verdict.direction in directions
    )
    following = next(reliable, None)
    if following is None or direction not in directions:
        return None
    return "same" if following == direction else "other"


def _group(name: str, opinions: Sequence[SentOpinion]) -> OpinionGroup:
    answered = [opinion for opinion in opinions if opinion.answer in ("acted", "replied", "disagreed")]
    rated = [opinion for opinion in opinions if opinion.feedback is not None]
    not_corrections = [opinion for opinion in opinions if opinion.verdict != "correct"]
    followed = [opinion for opinion in opinions if opinion.next_way is not None]
    return OpinionGroup(
        name=name,
        sent=len(opinions),
        reworded=sum(opinion.reworded for opinion in opinions),
        acted=_proportion(answered, lambda opinion: opinion.answer == "acted"),
        disagreed=_proportion(answered, lambda opinion: opinion.answer == "disagreed"),
        useful=_proportion(rated, lambda opinion: opinion.feedback == "useful"),
        corrected=_proportion(not_corrections, lambda opinion: opinion.story == "corrected"),
        same_way=_proportion(followed, lambda opinion: opinion.next_way == "same"),
    )


def _proportion(opinions: Sequence[SentOpinion], applies: Callable[[SentOpinion], bool]) -> Proportion:
    return Proportion(sum(map(applies, opinions)), len(opinions))
