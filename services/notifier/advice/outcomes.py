"""What an opinion came to, and what many of them come to together. Pure.

Nothing here calls an opinion right or wrong: it counts what clients did, whether the story held, and which way later
news on the same thing went. Of few cases no share is reckoned, for it would only look like knowledge.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import sqrt
from typing import Literal

__all__ = ["BY", "FEW", "WITHIN", "Given", "Group", "Later", "Share", "Story", "groups_of", "next_news", "story_of"]

#: Below so many cases a share says nothing: even ten of ten leave room for seven in ten.
FEW = 10
#: Later news on the same thing counts for so long after the message.
WITHIN = timedelta(days=90)
#: 95 % of a normal distribution lie within so many deviations.
DEVIATIONS = 1.96
Story = Literal["confirmed", "corrected", "went_on", "quiet"]
Way = Literal["same", "other"]


@dataclass(frozen=True, slots=True)
class Later:
    """A later verdict on the same thing for the same client. ``same_story``: on the very story of the message."""

    alert_id: str
    at: datetime
    kind: str
    direction: str
    headline: str
    information: int
    verdict: str
    same_story: bool


@dataclass(frozen=True, slots=True)
class Given:
    """One opinion that went out, and what became of it.

    ``answer`` is the outcome that was noted last (None: none was), ``view`` what the client thinks, ``feedback`` what
    the account manager says that the message was worth. ``next_way``: whether the next news on the same thing pointed
    the same way for the client as that on which the opinion was given; None where there was none.
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
    story: Story = "quiet"
    next_way: Way | None = None
    later: tuple[Later, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """``count`` of ``of``. ``low`` and ``high`` (0–1) bound what the true share may be, None for few cases.

    They are Wilson's interval at 95 % (Journal of the American Statistical Association 22, 1927).
    """

    count: int
    of: int

    @property
    def bounds(self) -> tuple[float, float] | None:
        """Between what the true share lies, most likely; None where there are too few cases to say."""
        if self.of < FEW:
            return None
        share, squared = self.count / self.of, DEVIATIONS**2
        middle = share + squared / (2 * self.of)
        spread = DEVIATIONS * sqrt(share * (1 - share) / self.of + squared / (4 * self.of**2))
        whole = 1 + squared / self.of
        return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)

    @property
    def in_words(self) -> str:
        """``3 of 4``; with enough cases ``30 of 40 (60–86 %)``; a dash where there was no case."""
        if not self.of:
            return "–"
        if (bounds := self.bounds) is None:
            return f"{self.count} of {self.of}"
        return f"{self.count} of {self.of} ({bounds[0] * 100:.0f}–{bounds[1] * 100:.0f} %)"


@dataclass(frozen=True, slots=True)
class Group:
    """Opinions that have something in common. Each share is of the cases in which anything is known of it."""

    name: str
    given: int
    reworded: int
    acted: Share
    disagreed: Share
    useful: Share
    corrected: Share
    same_way: Share

    @property
    def few(self) -> bool:
        """Whether it is too small to be judged by."""
        return self.given < FEW


#: By what opinions can be put together.
BY: dict[str, Callable[[Given], str]] = {
    "rule": lambda one: f"{one.playbook}: {one.rule}" if one.rule else "correction",
    "kind": lambda one: one.kind,
    "stance": lambda one: one.stance,
    "manager": lambda one: one.manager_id,
    "client": lambda one: one.client_name,
}


def groups_of(given: Iterable[Given], by: str) -> list[Group]:
    """``given`` in groups, the largest first."""
    name = BY[by]
    found: dict[str, list[Given]] = {}
    for one in given:
        found.setdefault(name(one), []).append(one)
    groups = [_group(key, members) for key, members in found.items()]
    return sorted(groups, key=lambda group: (-group.given, group.name))


def story_of(later: Sequence[Later], *, corrects: bool = False) -> Story:
    """How the message's own story went on, by the last that was decided of it; ``later`` in order of time.

    ``corrects``: the message said that it is false; that it still is, is nothing new.
    """
    found: Story = "quiet"
    for one in later:
        if not one.same_story:
            continue
        if one.verdict == "correct" or one.information == 5:
            found = "went_on" if corrects else "corrected"
        elif one.information == 1 or (one.information == 2 and (corrects or found == "corrected")):
            found = "confirmed"
        elif found == "quiet":
            found = "went_on"
    return found


def next_news(direction: str, later: Sequence[Later]) -> Way | None:
    """Which way the next news on the same thing went that was sound and went either way; ``later`` in order of time."""
    ways = ("positive", "negative")
    sound = (one.direction for one in later if not one.same_story and one.information <= 2 and one.direction in ways)
    following = next(sound, None)
    if following is None or direction not in ways:
        return None
    return "same" if following == direction else "other"


def _group(name: str, members: Sequence[Given]) -> Group:
    answered = [one for one in members if one.answer in ("acted", "replied", "disagreed")]
    rated = [one for one in members if one.feedback is not None]
    told = [one for one in members if one.verdict != "correct"]
    followed = [one for one in members if one.next_way is not None]
    return Group(
        name=name,
        given=len(members),
        reworded=sum(one.reworded for one in members),
        acted=_share(answered, lambda one: one.answer == "acted"),
        disagreed=_share(answered, lambda one: one.answer == "disagreed"),
        useful=_share(rated, lambda one: one.feedback == "useful"),
        corrected=_share(told, lambda one: one.story == "corrected"),
        same_way=_share(followed, lambda one: one.next_way == "same"),
    )


def _share(members: Sequence[Given], fits: Callable[[Given], bool]) -> Share:
    return Share(sum(map(fits, members)), len(members))
