"""Decide what to do about one story for one client: tell, inform, warn, hold, correct or ignore, and why.

Pure decisions on what the other modules found. The reasons are sentences that an account manager reads.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from schemas.alerts import IfTheyAsk, Reason, Verdict
from schemas.clients import Watch, WatchKind
from schemas.mentions import EventKind, SourceLetter
from schemas.readings import Role
from services.matcher.judgment.credibility import Assessment
from services.matcher.judgment.reasons import reason
from services.matcher.judgment.relevance import ClientRelevance
from services.matcher.stories.evidence import EvidenceRecord, Objection
from services.matcher.stories.not_news import NotNews
from services.matcher.stories.threads import TOLD, ClientVerdict, Thread
from services.matcher.text.humanize import capitalize_first, event_kind_phrase, join_names, number_word
from services.matcher.thresholds import Thresholds

__all__ = ["Decision", "Situation", "decide", "decide_expired", "if_they_ask", "should_alert"]

#: Watches of these kinds are no company that could comment.
_NO_COMPANY: frozenset[WatchKind] = frozenset(("topic", "industry", "regulation", "place"))
_NOT_NEWS_TEXT: dict[NotNews, str] = {
    "satire": "{who} publishes satire; this is invented.",
    "advertisement": "This is advertising, not reporting.",
    "opinion": "This is opinion: it says what somebody thinks, not what happened.",
    "stale": "This is old news, published long before it arrived. Further old news on the same day is not listed.",
    "background": "This was published before its feed was added here. It serves as background, not as news.",
    "returned": "This repeats a story that is known from long before; it returns, but nothing new has happened.",
    "old_text": "By the date in its own text or address, this happened long ago.",
    "anniversary": "This looks back at something that happened long ago.",
    "speculation": "This asks or speculates without a source; it does not report that anything happened.",
    "preview": "This looks ahead to what is due; nothing has happened yet.",
    "analysis": "This explains or weighs what is known; it reports nothing new that is worth telling.",
    "list": "This is a round-up; none of its entries is worth telling by itself.",
    "routine": "This is filed by rule, whatever happens in the company.",
    "feature": "This is a portrait, an interview or a guide, not a report.",
}


#: What the client was told as true. One of these after the other is no news by itself.
_BELIEVED: frozenset[Verdict] = frozenset(("tell", "information"))
#: An unconfirmed event can move the value of a thing that takes part in it.
_TAKES_PART: frozenset[Role] = frozenset(("actor", "object", "party"))
#: Anybody can look up a price: a plain report of a move is not passed on as unconfirmed.
_SEEN_BY_ALL: frozenset[EventKind] = frozenset(("share_move",))
#: Job cuts are talked of before every one of them, and often without any: only a plain report is passed on.
_OFTEN_TALKED_OF: frozenset[EventKind] = frozenset(("layoffs",))
#: Publishers of these grades are known, and not enough by themselves.
_KNOWN_BUT_POOR: frozenset[SourceLetter] = frozenset(("C", "D"))
_NOT_ABOUT_TEXT: dict[Role, str] = {
    "mention": "The event is another's; {name} is only mentioned.",
    "speaker": "The event is another's; {name} only comments on it.",
    "homonym": "This is not about the {name} that the client means.",
}

_OBJECTION_TEXT: dict[Objection, str] = {
    "speaker": "{name} only comments on it",
    "mention": "{name} is only mentioned",
    "homonym": "it is not about the {name} that the client means",
    "not_news": "it is not a report of something new",
    "too_small": "it is too small to tell",
}


class Situation(NamedTuple):
    """Everything that a decision for one client is based on. ``earlier`` is the last verdict for them."""

    client_id: str
    watch: Watch
    thread: Thread
    assessment: Assessment
    relevance: ClientRelevance
    earlier: ClientVerdict | None

    @property
    def earlier_verdict(self) -> Verdict | None:
        """The last verdict for the client, or None."""
        return self.earlier.verdict if self.earlier else None

    @property
    def publishers(self) -> str:
        """The publishers of the story, listed in words."""
        return join_names(record.publisher for record in self.thread.evidence)


class Decision(NamedTuple):
    """A verdict with its reasons, the decisive one first.

    ``disputed``: it would be to tell, to inform or to warn if a second reader agreed.
    """

    verdict: Verdict
    reasons: tuple[Reason, ...]
    disputed: bool = False


def decide(situation: Situation, thresholds: Thresholds) -> Decision:
    """Decide by the first rule that applies; the grades and the relevance follow among the reasons."""
    for rule in _RULES:
        finding = rule(situation, thresholds)
        if finding is not None:
            verdict, why = finding
            rest = () if situation.thread.not_news else (*_grade_reasons(situation), _relevance_reason(situation))
            if verdict in TOLD - {"correct"} and (doubt := _readers_disagree(situation)) is not None:
                return Decision("hold", (doubt, why, *rest), disputed=True)
            return Decision(verdict, (why, *rest))
    raise AssertionError("the last rule always applies")


def decide_expired(
    thread: Thread, assessment: Assessment, thresholds: Thresholds, *, disputed: bool = False
) -> Decision:
    """Decide on what was held until it expired, a rumor or a dispute of readers: it is ignored from now on."""
    days = f"{thresholds.hold_days:g}"
    if disputed:
        text = f"Readers disagreed about it, and no other report has settled it within {days} days."
        return Decision("ignore", (reason("still-disputed", f"held {days} days, nothing new", "ignore", text),))
    if assessment.information == 5 or assessment.contested:
        text = f"It was denied, and nothing new was reported within {days} days."
        return Decision("ignore", (reason("died-down", f"denied, {days} days, nothing new", "ignore", text),))
    who = join_names(thread.sources()) or "one source"
    text = f"Nobody confirmed what {who} reported within {days} days, so the rumor has expired."
    return Decision("ignore", (reason("fizzled-out", f"held {days} days, nothing new", "ignore", text),))


def should_alert(situation: Situation, decision: Decision, *, material: bool) -> bool:
    """Return whether a decision is new to the client; a repeated verdict only if the news is ``material``."""
    earlier = situation.earlier
    if earlier is None:
        return True
    if decision.disputed and earlier.verdict in TOLD:
        return not earlier.disputed
    if decision.reasons[0].rule == "contested":
        return not earlier.contested  # once: that a party denies it, and to whom it was held, an answer
    if decision.verdict == earlier.verdict == "ignore":
        # It was true but too small, and may still have been told when contact was due; now it is denied.
        return 0 < earlier.information <= 2 and decision.reasons[0].rule == "denied"
    if decision.verdict == earlier.verdict or {decision.verdict, earlier.verdict} <= _BELIEVED:
        return decision.verdict in _BELIEVED and material
    if decision.verdict == "ignore":
        # A held rumor that is settled is closed: it is false, or true but too small.
        return earlier.verdict == "hold" and situation.assessment.information in (1, 2, 5)
    # Silence or doubt takes nothing back that was told; only a correction does.
    return not (earlier.verdict in TOLD - {"warn"} and decision.verdict in ("warn", "hold"))


_Finding = tuple[Verdict, Reason] | None


def _not_news(situation: Situation, _: Thresholds) -> _Finding:
    not_news = situation.thread.not_news
    if not_news is None:
        return None
    text = _NOT_NEWS_TEXT[not_news].format(who=situation.publishers)
    return "ignore", reason(not_news, situation.publishers, "ignore", text)


def _not_about(situation: Situation, _: Thresholds) -> _Finding:
    role, name = situation.thread.event.role, situation.watch.name
    text = _NOT_ABOUT_TEXT.get(role)
    if text is None or situation.earlier_verdict in TOLD or situation.assessment.contested:
        return None
    return "ignore", reason(role, situation.thread.headline, "ignore", text.format(name=name))


def _false(situation: Situation, thresholds: Thresholds) -> _Finding:
    if situation.assessment.information != 5:
        return None
    name, cause, earlier = situation.watch.name, situation.assessment.reasons[0].saw, situation.earlier
    if earlier and earlier.verdict in TOLD:
        text = f"We told the client this about {name}, and it has turned out to be false."
        return "correct", reason("told-and-false", f"{earlier.verdict} earlier; {cause}", "correct", text)
    if earlier and earlier.verdict == "hold" and earlier.information != 5:
        text = f"The held rumor about {name} has been denied or withdrawn; the client was never told."
        return "ignore", reason("held-and-false", cause, "ignore", text)
    if situation.watch.is_asset and situation.relevance.score >= thresholds.watch_relevance:
        text = f"A rumor about {name} has been denied; the client may have heard it, so have an answer ready."
        return "hold", reason("denied-rumor", cause, "hold", text)
    return "ignore", reason(
        "denied", cause, "ignore", f"The report about {name} was denied, and the client was never told."
    )


def _too_small(situation: Situation, thresholds: Thresholds) -> _Finding:
    relevance, assessment = situation.relevance, situation.assessment
    # A rumor, or a report that cannot be judged, is held at a lower relevance than a plain report is told.
    rumor = (assessment.information > 2 and assessment.disputed) or assessment.information == 6
    needed = thresholds.watch_relevance if rumor else thresholds.tell_relevance
    if relevance.score >= needed or situation.earlier_verdict in TOLD:
        return None
    if relevance.outside is not None:
        return "ignore", reason("outside-scope", f"scope of {situation.watch.name}", "ignore", relevance.outside)
    if situation.earlier_verdict == "hold" and assessment.information <= 2:
        text = f"The held rumor about {situation.watch.name} is true, but it matters too little to tell the client."
    else:
        text = f"It matters too little to the client: {relevance.why}, but it is {_describe_event(situation)}."
    return "ignore", reason("low-relevance", f"relevance {relevance.score:.2f} below {needed:.2f}", "ignore", text)


def _contested(situation: Situation, thresholds: Thresholds) -> _Finding:
    """Return what to do about a report that a party denies, though it would have reason to: both sides are said.

    Who was told hears of it once. It never takes back what was told.
    """
    assessment, watch = situation.assessment, situation.watch
    if not assessment.contested:
        return None
    who = assessment.reasons[0].saw
    if situation.earlier_verdict in TOLD:
        text = f"The client was told this about {watch.name}, and now a party denies it."
        return "warn", reason("contested", who, "warn", text)
    if _may_move(situation, thresholds):
        text = f"It is contested, but {situation.relevance.why}, and {_describe_harm(situation)}."
        return "warn", reason("contested", who, "warn", text)
    text = f"It is contested and held; have an answer ready if the client asks about {watch.name}."
    return "hold", reason("contested", who, "hold", text)


def _believed(situation: Situation, thresholds: Thresholds) -> _Finding:
    information = situation.assessment.information
    if information > 2:
        return None
    name, earlier = situation.watch.name, situation.earlier_verdict or ""
    text = {
        "hold": f"A credible source now reports on what is rumored about {name}; compare what it says.",
        "warn": f"A credible source now reports on what we passed on about {name}; compare what it says.",
        "correct": f"What we corrected about {name} is credible after all.",
    }.get(earlier, f"The report about {name} is credible enough to tell, and it matters enough to this client.")
    rule = {"hold": "held-and-true", "warn": "warned-and-true", "correct": "corrected-and-true"}.get(
        earlier, "believed"
    )
    saw = f"information {information}, relevance {situation.relevance.score:.2f}"
    if _is_plain_information(situation, thresholds):
        text += " What kind of event it is remains unsure, so it is passed on without an opinion."
        return "information", reason(rule, saw, "information", text)
    return "tell", reason(rule, saw, "tell", text)


def _is_plain_information(situation: Situation, thresholds: Thresholds) -> bool:
    """Return whether the event is large, but of no known kind, or its kind is only the likeliest of several."""
    event = situation.thread.event
    if event.kind not in ("other", "none") and not event.unsure:
        return False
    return event.size == "major" or event.worth >= (1 + thresholds.worth_telling) / 2


def _was_told(situation: Situation, _: Thresholds) -> _Finding:
    earlier = situation.earlier_verdict
    if earlier not in TOLD - {"warn"}:
        return None
    text = "The client has been told; newer items neither confirm nor refute it."
    return earlier, reason("already-told", f"information {situation.assessment.information}", earlier, text)


def _may_move(situation: Situation, thresholds: Thresholds) -> bool:
    """Return whether the event, if true, could move the value or the safety of what the client has."""
    watch, event = situation.watch, situation.thread.event
    takes_part = event.role in _TAKES_PART or (event.role == "speaker" and situation.assessment.contested)
    # Who runs a rumor says that it is one. A plain report by a source that is not enough waits for a better one, unless
    # it is grave.
    rumor = situation.assessment.disputed or situation.assessment.contested
    if event.kind in (_OFTEN_TALKED_OF if rumor else _SEEN_BY_ALL):
        return False
    relevant = situation.relevance.score >= (thresholds.rumor_relevance if rumor else thresholds.warn_relevance)
    # What a party denies is often read as a matter of its reputation, whatever it is accused of.
    kind = "investigation" if situation.assessment.contested and event.kind == "reputation" else event.kind
    return watch.is_asset and takes_part and relevant and thresholds.could_move(kind, watch.stance)


def _could_move(situation: Situation, thresholds: Thresholds) -> _Finding:
    watch, assessment, kind = situation.watch, situation.assessment, situation.thread.event.kind
    if assessment.information not in (3, 4) or assessment.origins == 0 or assessment.source == "E":
        return None
    if not _may_move(situation, thresholds):
        return None
    text = f"It is unconfirmed, but {situation.relevance.why}, and {_describe_harm(situation)}."
    saw = f"{kind}, {watch.stance}, information {assessment.information}"
    return "warn", reason("could-move-asset", saw, "warn", text)


def _is_stated(record: EvidenceRecord) -> bool:
    """Return whether a publisher whom we grade states it plainly; what a source has earned here does not count."""
    known = record.source_grade in _KNOWN_BUT_POOR and record.origin_record is None
    return known and record.counts and record.status == "asserted" and record.basis != "unnamed"


def _public_record(situation: Situation, thresholds: Thresholds) -> _Finding:
    """Return that known publishers plainly state what anybody can look up, if nobody doubts or denies it."""
    assessment, event = situation.assessment, situation.thread.event
    open_question = assessment.information in (3, 4) and assessment.origins > 0
    if not open_question or assessment.disputed or assessment.contested:
        return None
    if event.kind not in thresholds.public_record or event.role not in _TAKES_PART:
        return None
    stated = dict.fromkeys(record.publisher for record in situation.thread.evidence if _is_stated(record))
    if not stated or situation.relevance.score < thresholds.public_relevance:
        return None
    text = (
        f"It isn't confirmed here yet, but {join_names(stated)} plainly reports it, "
        f"and {event_kind_phrase(event.kind)} can be looked up by anybody."
    )
    return "warn", reason("public-record", f"{event.kind}, information {assessment.information}", "warn", text)


def _describe_harm(situation: Situation) -> str:
    harm = "move its value" if situation.watch.stance == "holds" else "do harm before it is confirmed"
    return f"{event_kind_phrase(situation.thread.event.kind)} could {harm}"


def _wait(situation: Situation, _: Thresholds) -> _Finding:
    information, name = situation.assessment.information, situation.watch.name
    if situation.earlier_verdict == "warn":
        text = f"The report about {name} is still unconfirmed."
        return "warn", reason("already-warned", "nothing decisive since", "warn", text)
    text = (
        f"The report about {name} is not credible enough to tell; "
        "it is held until a second independent source confirms it."
    )
    if information == 4 and situation.assessment.origins == 0:
        text = f"A report says that this is not true of {name}; have an answer ready in case the client has heard it."
    if information == 6:
        text = f"The report about {name} cannot be assessed yet; it is held until a better source reports it."
    return "hold", reason("unconfirmed", f"information {information}", "hold", text)


_RULES: tuple[Callable[[Situation, Thresholds], _Finding], ...] = (
    _not_news,
    _not_about,
    _false,
    _too_small,
    _contested,
    _believed,
    _was_told,
    _could_move,
    _public_record,
    _wait,
)


def _readers_disagree(situation: Situation) -> Reason | None:
    """Return the second reader's objection, if it has one; it never supports a verdict, it only lowers one."""
    objection = situation.thread.objection
    if objection is None:
        return None
    says = _OBJECTION_TEXT[objection].format(name=situation.watch.name)
    text = f"Readers disagree: a second reader says that {says}."
    return reason("readers-disagree", objection, "hold", text)


def _grade_reasons(situation: Situation) -> tuple[Reason, ...]:
    """Return the reasons for the grade; "no comment" only where the client watches a company."""
    is_company = situation.watch.kind not in _NO_COMPANY
    return tuple(why for why in situation.assessment.reasons if is_company or why.rule != "no-comment")


def _relevance_reason(situation: Situation) -> Reason:
    relevance, watch, thread = situation.relevance, situation.watch, situation.thread
    saw = f"{thread.event.kind}, {relevance.size}; {watch.stance}; salience {thread.salience:.2f}"
    matters = f"It matters because {relevance.why}" if relevance.outside is None else capitalize_first(relevance.why)
    reported = f"; {number_word(thread.newsrooms)} newsrooms report it" if thread.newsrooms > 1 else ""
    text = f"{matters}{reported}; {watch.name} is {_describe_salience(thread.salience)}."
    return reason("relevance", saw, f"{relevance.score:.2f}, {relevance.direction} for the client", text)


def _describe_salience(salience: float) -> str:
    return (
        "the main subject" if salience >= 0.6 else "one of the subjects" if salience >= 0.3 else "mentioned in passing"
    )


def _describe_event(situation: Situation) -> str:
    event = situation.thread.event
    return "a minor event" if event.size == "minor" else event_kind_phrase(event.kind)


def if_they_ask(situation: Situation, headline: str, decision: Decision) -> IfTheyAsk:
    """Prepare an answer about a held story, in case the client calls."""
    name, assessment = situation.watch.name, situation.assessment
    who = join_names(situation.thread.sources()) or situation.publishers
    if assessment.information == 5 or assessment.contested:
        answer = f"We have seen the report about {name}. {assessment.reasons[0].text}"
    elif decision.disputed:
        answer = f"We have seen the report about {name}. We are checking what it means for you before we say more."
    else:
        answer = (
            f"We have seen the report about {name}. It comes from {who} and is not confirmed. "
            "We will let you know as soon as a second independent source or somebody involved confirms or denies it."
        )
    return IfTheyAsk.model_construct(
        going_round=headline,
        who_says=capitalize_first(f"{who}, graded {assessment.source}{assessment.information}."),
        why_held=decision.reasons[0].text,
        answer=answer,
    )
