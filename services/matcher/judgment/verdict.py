"""Tell, warn, hold, correct or ignore: what to do about one story for one client, and why.

A pure decision over what the other modules found. Its reasons are sentences that an account manager reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from schemas.alerts import IfTheyAsk, Reason, Verdict
from schemas.clients import Watch, WatchKind
from schemas.mentions import Impact
from services.matcher.judgment.credibility import Assessment
from services.matcher.judgment.reasons import reason
from services.matcher.judgment.relevance import Concern
from services.matcher.stories.not_news import NotNews
from services.matcher.text.humanize import capitalize_first, event_kind_phrase, join_names
from services.matcher.thresholds import Thresholds

__all__ = ["Matter", "Ruling", "decide", "if_they_ask"]

#: Why an item is no news: told by its source, its kind or its age.
_NO_COMPANY: frozenset[WatchKind] = frozenset(("topic", "industry", "regulation", "place"))
_DULL_TEXT: dict[NotNews, str] = {
    "satire": "{who} publishes satire; this is invented.",
    "advertisement": "This is advertising, not reporting.",
    "opinion": "This is opinion: it says what somebody thinks, not what happened.",
    "stale": "This was published long before it came in; it is old news. More of it on one day gets no line.",
    "anniversary": "This looks back at something that happened long ago.",
    "speculation": "This asks or guesses, on nobody's word; it does not say that anything happened.",
}


class Matter(NamedTuple):
    """All that a decision for one client rests on. ``salience`` is 0–1.

    ``earlier`` is what was last decided for them, ``earlier_information`` on which grade (0: nothing was).
    """

    watch: Watch
    impact: Impact
    salience: float
    concern: Concern
    assessment: Assessment
    earlier: Verdict | None
    dull: NotNews | None
    publishers: tuple[str, ...]
    earlier_information: int = 0


class Ruling(NamedTuple):
    """The verdict and the reasons for it, the decisive one first."""

    verdict: Verdict
    reasons: tuple[Reason, ...]


def decide(matter: Matter, thresholds: Thresholds) -> Ruling:
    """The verdict on ``matter``: the first rule that speaks decides; grades and relevance stand among the reasons."""
    for rule in _RULES:
        found = rule(matter, thresholds)
        if found is not None:
            verdict, why = found
            rest = () if matter.dull else (*_grades(matter), _relevance(matter))
            return Ruling(verdict, (why, *rest))
    raise AssertionError("the last rule always speaks")


_Found = tuple[Verdict, Reason] | None


def _dull(matter: Matter, _: Thresholds) -> _Found:
    if matter.dull is None:
        return None
    text = _DULL_TEXT[matter.dull].format(who=join_names(matter.publishers))
    return "ignore", reason(matter.dull, join_names(matter.publishers), "ignore", text)


def _false(matter: Matter, thresholds: Thresholds) -> _Found:
    if matter.assessment.information != 5:
        return None
    name, cause = matter.watch.name, matter.assessment.reasons[0].saw
    if matter.earlier in ("tell", "warn", "correct"):
        text = f"We told the client of this about {name}, and it has turned out false."
        return "correct", reason("told-and-false", f"{matter.earlier} earlier; {cause}", "correct", text)
    if matter.earlier == "hold" and matter.earlier_information != 5:
        text = f"The rumor about {name} that was held has been denied or withdrawn; it never went to the client."
        return "ignore", reason("held-and-false", cause, "ignore", text)
    if matter.watch.is_asset and matter.concern.degree >= thresholds.watch_relevance:
        text = f"A rumor about {name} is denied; the client may have heard it, so have the answer ready."
        return "hold", reason("denied-rumor", cause, "hold", text)
    return "ignore", reason("denied", cause, "ignore", "It is denied, and the client was never told of it.")


def _too_small(matter: Matter, thresholds: Thresholds) -> _Found:
    degree = matter.concern.degree
    # A rumor is kept an eye on sooner than a plain report is told, and so is what nobody here can read.
    rumor = (matter.assessment.information > 2 and matter.assessment.disputed) or matter.assessment.information == 6
    needed = thresholds.watch_relevance if rumor else thresholds.tell_relevance
    if degree >= needed or matter.earlier in ("tell", "warn", "correct"):
        return None
    text = f"It is of too little consequence for the client: {matter.concern.why}, but it is {_what(matter)}."
    return "ignore", reason("low-relevance", f"relevance {degree:.2f} below {needed:.2f}", "ignore", text)


def _believed(matter: Matter, _: Thresholds) -> _Found:
    if matter.assessment.information > 2:
        return None
    name = matter.watch.name
    text = {
        "hold": f"As we suspected: the rumor about {name} that was held is now backed.",
        "warn": f"What we passed on as unconfirmed about {name} is now backed.",
        "correct": f"What we corrected about {name} is now confirmed after all.",
    }.get(matter.earlier or "", "It is well enough founded to tell, and it matters enough to this client.")
    saw = f"information {matter.assessment.information}, relevance {matter.concern.degree:.2f}"
    rule = {"hold": "held-and-true", "warn": "warned-and-true", "correct": "corrected-and-true"}
    return "tell", reason(rule.get(matter.earlier or "", "believed"), saw, "tell", text)


def _was_told(matter: Matter, _: Thresholds) -> _Found:
    if matter.earlier not in ("tell", "correct"):
        return None
    text = "The client has been told; what came in since neither confirms nor overturns it."
    saw = f"information {matter.assessment.information}"
    return matter.earlier, reason("already-told", saw, matter.earlier, text)


def _could_move(matter: Matter, thresholds: Thresholds) -> _Found:
    if matter.assessment.information not in (3, 4) or not matter.watch.is_asset or matter.assessment.origins == 0:
        return None
    if matter.assessment.source == "E" or not thresholds.could_move(matter.impact.kind, matter.watch.stance):
        return None
    if matter.salience < thresholds.warn_salience or matter.concern.degree < thresholds.tell_relevance:
        return None
    what = event_kind_phrase(matter.impact.kind)
    stake = "move its value" if matter.watch.stance == "holds" else "do harm before it is confirmed"
    text = f"It is unconfirmed, but {matter.concern.why}, and {what} could {stake}."
    saw = f"{matter.impact.kind}, {matter.watch.stance}, information {matter.assessment.information}"
    return "warn", reason("could-move-asset", saw, "warn", text)


def _wait(matter: Matter, _: Thresholds) -> _Found:
    if matter.earlier == "warn":
        return "warn", reason("already-warned", "nothing decisive since", "warn", "It is still unconfirmed.")
    text = "It is not well enough founded to tell; it waits for a second independent source."
    if matter.assessment.information == 4 and matter.assessment.origins == 0:
        text = (
            f"It is said not to be so of {matter.watch.name}; should the client have heard it, have the answer ready."
        )
    if matter.assessment.information == 6:
        text = "It cannot be judged from what is there; it waits for a source that can."
    return "hold", reason("unconfirmed", f"information {matter.assessment.information}", "hold", text)


_RULES: tuple[Callable[[Matter, Thresholds], _Found], ...] = (
    _dull,
    _false,
    _too_small,
    _believed,
    _was_told,
    _could_move,
    _wait,
)


def _grades(matter: Matter) -> tuple[Reason, ...]:
    """The reasons for the grade; whether "the company" has spoken is idle where what is watched is none."""
    return tuple(
        each for each in matter.assessment.reasons if each.rule != "no-comment" or matter.watch.kind not in _NO_COMPANY
    )


def _relevance(matter: Matter) -> Reason:
    concern = matter.concern
    saw = f"{matter.impact.kind}, {matter.impact.size}; {matter.watch.stance}; salience {matter.salience:.2f}"
    text = f"It matters because {concern.why}; {matter.watch.name} is {_place(matter.salience)}."
    return reason("relevance", saw, f"{concern.degree:.2f}, {concern.direction} for the client", text)


def _place(salience: float) -> str:
    return "what it is about" if salience >= 0.6 else "part of it" if salience >= 0.3 else "only named in passing"


def _what(matter: Matter) -> str:
    if matter.salience < 0.3:
        return "only named in passing"
    return "a minor event" if matter.impact.size == "minor" else f"{event_kind_phrase(matter.impact.kind)}"


def if_they_ask(matter: Matter, headline: str, sayers: tuple[str, ...], ruling: Ruling) -> IfTheyAsk:
    """What to have ready for a held story, should the client call."""
    who = join_names(sayers) or join_names(matter.publishers)
    if matter.assessment.information == 5:
        answer = f"We have seen the report about {matter.watch.name}. {matter.assessment.reasons[0].text}"
    else:
        answer = (
            f"We have seen the report about {matter.watch.name}. It comes from {who} and is not confirmed; "
            "we will tell you as soon as a second, independent source or the party itself speaks."
        )
    return IfTheyAsk.model_construct(
        going_round=headline,
        who_says=capitalize_first(f"{who}, graded {matter.assessment.source}{matter.assessment.information}."),
        why_held=ruling.reasons[0].text,
        answer=answer,
    )
