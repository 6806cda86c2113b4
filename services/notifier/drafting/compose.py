"""Puts a draft together from its parts, proofreads it, and refuses to hand out what it can't stand behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from schemas.base import content_id
from schemas.clients import Client, Manager
from schemas.drafts import Advice, Draft, DraftPart, Finding, Grounding
from services.notifier.drafting.brief import Brief, pick
from services.notifier.drafting.data import phrasing
from services.notifier.drafting.grounding import GroundSources, check, share_percent, sources, ungrounded
from services.notifier.drafting.languages import address, own_closing, without_foreign_closing
from services.notifier.drafting.news import News, news, subject
from services.notifier.drafting.opinion import Opinion, opinion
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.tone import count_words, reading_seconds, review

__all__ = ["Composed", "Refusal", "compose", "draft_id_for", "greeting", "message_text", "signature"]

#: What a client reads as the message; signature and compliance note don't count towards its length.
_MESSAGE = ("greeting", "news", "meaning", "opinion", "question")


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why there is no draft: ``reason`` is a code, ``detail`` a sentence for the account manager.

    ``withdraws`` are drafts that must not be sent any more.
    """

    reason: str
    detail: str
    withdraws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Composed:
    """A draft, and the passage of the news in it that a later correction quotes."""

    draft: Draft
    publisher: str
    quote: str


@dataclass(frozen=True, slots=True)
class _Tightness:
    """How much is said: drafts are composed ever tighter until they fit."""

    quote_words: int
    others: bool = True
    meaning: bool = True
    own_words: bool = True


_LADDER = (
    _Tightness(40),
    _Tightness(28),
    _Tightness(28, own_words=False),
    _Tightness(22, others=False, own_words=False),
    _Tightness(18, others=False, meaning=False, own_words=False),
)


@dataclass(frozen=True, slots=True)
class _Attempt:
    subject: str
    parts: tuple[DraftPart, ...]
    news: News
    opinion: Opinion
    findings: tuple[Finding, ...]
    groundings: tuple[Grounding, ...] = field(default=())

    @property
    def faulty(self) -> bool:
        return any(finding.severity == "error" for finding in self.findings) or bool(ungrounded(self.groundings))


def draft_id_for(alert_id: str) -> str:
    """The id of the draft for an alert."""
    return content_id("drf", alert_id)


def message_text(parts: Sequence[DraftPart]) -> str:
    """The message itself, without sign-off and compliance note."""
    return "\n\n".join(part.text for part in parts if part.role in _MESSAGE)


def compose(
    brief: Brief,
    playbooks: Playbooks,
    *,
    send_after: datetime,
    notes: Sequence[str] = (),
    supersedes: str | None = None,
) -> Composed | Refusal:
    """The draft for ``brief``, or why there is none. ``notes`` are shown to the account manager beside it."""
    if not brief.alert.evidence:
        return Refusal("no_evidence", f"The alert on {brief.asset} carries no evidence, so nothing can be said.")
    known = sources(brief.alert, brief.client, brief.firm, brief.manager, brief.earlier, now=brief.now)
    for tightness in _LADDER:
        attempt = _attempt(brief, playbooks, tightness, known)
        if not attempt.faulty:
            break
    if missing := ungrounded(attempt.groundings):
        things = ", ".join(f"“{grounding.text.strip('“”')}” ({grounding.kind})" for grounding in missing)
        return Refusal("ungrounded", f"Stands neither in the evidence nor in the client book: {things}.")
    errors = [finding for finding in attempt.findings if finding.severity == "error"]
    if errors:
        faults = "; ".join(f"{finding.rule}: “{finding.text}”. {finding.message}" for finding in errors)
        return Refusal("tone", f"The draft could not be put into a fit tone: {faults}")
    return Composed(_draft(brief, attempt, send_after, notes, supersedes), attempt.news.publisher, attempt.news.quote)


def _attempt(brief: Brief, playbooks: Playbooks, tightness: _Tightness, known: GroundSources) -> _Attempt:
    said = news(brief, max_words=tightness.quote_words, others=tightness.others)
    view = opinion(brief, playbooks, own_words=tightness.own_words, outlook=tightness.meaning)
    parts = [
        DraftPart(role="greeting", text=greeting(brief.client)),
        DraftPart(role="news", text=said.text, evidence=said.evidence),
        DraftPart(role="meaning", text=_meaning(brief, view, tightness.meaning)),
    ]
    if view.text is not None:
        parts.append(DraftPart(role="opinion", text=view.text))
    parts.append(DraftPart(role="question", text=_question(brief, view)))
    parts.append(DraftPart(role="signature", text=signature(brief.manager, brief.firm.name)))
    if (note := brief.firm.compliance_for(brief.client.trade, brief.client.jurisdiction)) is not None:
        parts.append(DraftPart(role="compliance", text=note.strip()))
    line = subject(brief)
    findings = review(f"{line}.\n\n{message_text(parts)}", brief.client)
    groundings = check("\n\n".join([line, *(part.text for part in parts)]), known)
    return _Attempt(line, tuple(parts), said, view, findings, groundings)


def _draft(
    brief: Brief, attempt: _Attempt, send_after: datetime, notes: Sequence[str], supersedes: str | None
) -> Draft:
    alert, rule = brief.alert, attempt.opinion.rule
    words = count_words(message_text(attempt.parts))
    return Draft(
        id=draft_id_for(alert.id),
        alert_id=alert.id,
        story_id=alert.story_id,
        client_id=alert.client_id,
        manager_id=brief.client.manager_id,
        verdict=alert.verdict,
        subject=attempt.subject,
        body="\n\n".join(part.text for part in attempt.parts),
        parts=attempt.parts,
        grounding=attempt.groundings,
        findings=attempt.findings,
        words=words,
        reading_seconds=reading_seconds(words),
        playbook=rule.playbook if rule else None,
        rule=rule.id if rule else None,
        advice=_advice(brief, attempt.opinion),
        notes=(*notes, *attempt.opinion.notes, *_cautions(brief.client)),
        supersedes=supersedes,
        urgency=alert.urgency,
        created_at=brief.now,
        send_after=send_after,
        deadline_at=alert.deadline_at,
    )


def _advice(brief: Brief, view: Opinion) -> tuple[Advice, ...]:
    """The opinion as it is kept, to see later how it fared; that we have none yet is none."""
    rule = view.rule
    if view.text is None or (rule is None and brief.alert.verdict != "correct"):
        return ()
    named = {"playbook": rule.playbook, "rule": rule.id} if rule else {}
    return (Advice(alert_id=brief.alert.id, text=view.text, **named),)


def _cautions(client: Client) -> tuple[str, ...]:
    """What the account manager should bear in mind with this client."""
    notes = []
    if client.mood == "upset":
        notes.append(f"{client.name} is upset at present; a call may serve better than a message.")
    return tuple(notes)


def greeting(client: Client) -> str:
    """How the letter begins; see :mod:`services.notifier.drafting.languages`."""
    return address(client)


def _meaning(brief: Brief, view: Opinion, in_full: bool) -> str:
    """What the client has to do with it, with its weight, and what that means for them."""
    wording, alert, watch = phrasing(), brief.alert, brief.watch
    share = ""
    if watch is not None and watch.weight and watch.is_asset:
        kind = "holding" if watch.kind == "holding" else "other"
        share = wording.share[kind].format(percent=share_percent(watch.weight))
    if alert.verdict == "warn":
        comma = "," if share else ""
        because = wording.stance_short[alert.stance].format(asset=brief.asset, share=f"{share}{comma}").rstrip(",")
        return wording.news["because"].format(because=because)
    text = wording.stance[alert.stance].format(asset=brief.asset, share=share)
    rule = view.rule
    if in_full and rule is not None and rule.meaning and view.barred is None:
        text += " " + rule.meaning.replace("{asset}", brief.asset)
    return text


def _question(brief: Brief, view: Opinion) -> str:
    """The open question that closes the message; where the client has a view of their own, it is asked about that."""
    client, pools = brief.client, phrasing().questions
    seed = (client.id, brief.alert.story_id)
    if view.barred is not None:
        return pick(pools["information"], *seed)
    if client.mood == "upset":
        return pick(pools["upset"], *seed)
    if brief.alert.verdict == "correct":
        return pick(pools["correct"], *seed)
    if (own := _own_view(brief)) is not None:
        return pick(pools["with_view"], *seed).format(view=f"“{own}”.")
    if view.rule is None:
        return pick(pools["without_opinion"], *seed)
    if view.rule.question:
        return view.rule.question.replace("{asset}", brief.asset)
    return pick(pools["with_opinion"], *seed)


def _own_view(brief: Brief) -> str | None:
    """What the client last said of this asset, if it is short enough to quote and is no question itself."""
    watch = brief.watch
    names = [brief.asset, *(watch.aliases if watch else ())]
    for note in reversed(brief.client.views):
        text = " ".join(note.text.split()).strip('“”"').rstrip(".")
        about = any(name.casefold() in f"{text} {note.question or ''}".casefold() for name in names)
        if about and 0 < len(text.split()) <= 25 and not any(mark in text for mark in '?!“”"'):
            return text
    return None


def signature(manager: Manager, firm: str) -> str:
    """How the letter ends: the manager's own signature, with a closing before it where it has no English one."""
    own = without_foreign_closing((manager.signature or "").strip())
    if own and own_closing(own.splitlines()[0]):
        return own
    if own:
        return f"Kind regards,\n{own}"
    return "\n".join(["Kind regards,", manager.name, *([manager.title] if manager.title else []), firm])
