"""Composes a draft from its parts, proofreads it, and refuses a draft that is ungrounded or out of tone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from schemas.alerts import Verdict
from schemas.base import content_id
from schemas.clients import Client, Manager
from schemas.drafts import Advice, AffectedWatch, Draft, DraftPart, Finding, Grounding
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.claimed_support import unsupported
from services.notifier.drafting.client_effect import meaning_text, question_text
from services.notifier.drafting.data_files import Phrasing
from services.notifier.drafting.figures import day_of_report, further_figure
from services.notifier.drafting.fit import SUBJECTS
from services.notifier.drafting.grounding import (
    GroundingSources,
    check_grounding,
    grounding_sources,
    ungrounded,
)
from services.notifier.drafting.headline_prose import within_sentence
from services.notifier.drafting.languages import greeting, is_closing, without_foreign_closing
from services.notifier.drafting.meaning.draft_findings import composed_findings
from services.notifier.drafting.news import (
    NewsPart,
    lead_evidence,
    news_part,
    quote_sources,
    ranked_evidence,
    subject_line,
)
from services.notifier.drafting.opinion import OpinionPart, lacks_rule, opinion_part
from services.notifier.drafting.own_words import own_view, touched_aim
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.register import register_of
from services.notifier.drafting.standing import standing_sentences
from services.notifier.drafting.tone import count_words, reading_seconds, review

__all__ = ["Composed", "Refusal", "also_concerns", "compose", "draft_id_for", "message_text", "signature", "told_brief"]

#: Of all that an event concerns, so many names are told besides the first.
NAMED = 4
#: Longer messages are composed with less detail, if there is less to say.
USUAL_WORDS = 120
#: The parts that count toward the length of a message; signature and compliance note do not.
_MESSAGE = ("greeting", "news", "meaning", "opinion", "question", "close")


@dataclass(frozen=True, slots=True)
class Refusal:
    """The reason why there is no draft: ``reason`` is a code, ``detail`` a sentence for the account manager.

    ``withdraws`` are earlier drafts that must not be sent.
    """

    reason: str
    detail: str
    withdraws: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Composed:
    """A draft, and the passage of the news in it that a later correction quotes.

    ``unstated``: no report says in one clause what happened to what the client has.
    ``elsewhere``: the best clause is about something else. ``wordless``: only the kind of event is told.
    """

    draft: Draft
    publisher: str
    quote: str
    unstated: bool = False
    elsewhere: bool = False
    wordless: bool = False


@dataclass(frozen=True, slots=True)
class _Detail:
    """A level of detail. Drafts are composed with ever less detail until they pass the checks."""

    quote_words: int
    others: bool = True
    meaning: bool = True
    own_words: bool = True
    more: bool = True
    outlook: bool = True
    long_subject: bool = True


_DETAIL_LEVELS = (
    _Detail(40),
    _Detail(40, more=False),
    _Detail(28, more=False),
    _Detail(28, own_words=False, more=False),
    _Detail(22, others=False, own_words=False, more=False),
    _Detail(22, others=False, own_words=False, more=False, outlook=False),
    _Detail(18, others=False, own_words=False, more=False, outlook=False),
    _Detail(18, others=False, meaning=False, own_words=False, more=False, outlook=False, long_subject=False),
)
#: For a client who wants it brief: the same, with fewer sentences.
_BRIEF_LEVELS = tuple(
    dict.fromkeys(replace(level, others=False, meaning=False, more=False) for level in _DETAIL_LEVELS[2:])
)
#: A message gets no sentence on the client's aims, or on figures for a detail-minded client, that would make it longer.
WORDS_WITH_MORE = 120


@dataclass(frozen=True, slots=True)
class _Attempt:
    subject: str
    parts: tuple[DraftPart, ...]
    news: NewsPart
    opinion: OpinionPart
    findings: tuple[Finding, ...]
    groundings: tuple[Grounding, ...] = field(default=())
    unsupported: tuple[str, ...] = ()

    @property
    def faulty(self) -> bool:
        errors = any(finding.severity == "error" for finding in self.findings)
        return errors or bool(self.unsupported) or bool(ungrounded(self.groundings))


def draft_id_for(alert_id: str) -> str:
    """Return the id of the draft for an alert."""
    return content_id("drf", alert_id)


def also_concerns(affects: Sequence[AffectedWatch], phrases: Phrasing) -> str:
    """Return the sentence that names what else of the client an event concerns; empty if there is nothing else."""
    if not affects:
        return ""
    named: dict[str, list[str]] = {}
    for watch in affects[:NAMED]:
        name = within_sentence(watch.name) if watch.stance in SUBJECTS else watch.name
        named.setdefault(watch.stance, []).append(name)
    groups = [phrases.also[stance].format(assets=_listed(names)) for stance, names in named.items()]
    if len(affects) > NAMED:
        groups.append(phrases.also_others)
    return phrases.also_concerns.format(also=", and ".join(groups))


def _listed(names: Sequence[str]) -> str:
    return " and ".join([", ".join(names[:-1]), names[-1]]) if len(names) > 1 else names[0]


def told_brief(brief: Brief, playbooks: Playbooks) -> Brief:
    """Return ``brief`` as it is told: as plain information if its alert asks for an opinion and no rule fits."""
    brief = replace(brief, trades=playbooks.trades)
    if brief.alert.verdict != "tell" or not lacks_rule(brief, playbooks):
        return brief
    return replace(brief, alert=brief.alert.model_copy(update={"verdict": "information"}))


def message_text(parts: Sequence[DraftPart]) -> str:
    """Return the message itself, without signature and compliance note."""
    return "\n\n".join(part.text for part in parts if part.role in _MESSAGE)


def compose(
    brief: Brief,
    playbooks: Playbooks,
    *,
    send_after: datetime,
    notes: Sequence[str] = (),
    supersedes: str | None = None,
) -> Composed | Refusal:
    """Return the draft for ``brief``, or why there is none. ``notes`` are shown to the account manager beside it."""
    if not brief.alert.evidence:
        return Refusal("no_evidence", f"The alert on {brief.asset} has no evidence, so there is nothing to quote.")
    brief = replace(brief, trades=playbooks.trades)
    brief = replace(brief, ranked=ranked_evidence(brief))
    known = grounding_sources(brief.alert, brief.client, brief.firm, brief.manager, brief.earlier, now=brief.now)
    levels = _BRIEF_LEVELS if register_of(brief.client).brief else _DETAIL_LEVELS
    for detail in levels:
        parts, news, view = _written(brief, playbooks, detail)
        is_long = count_words(message_text(parts)) > USUAL_WORDS
        if is_long and detail is not levels[-1]:
            continue  # checking takes longer than writing
        attempt = _checked(brief, detail, known, parts, news, view)
        if not (attempt.faulty or is_long):
            break
    if missing := ungrounded(attempt.groundings):
        things = ", ".join(f"“{grounding.text.strip('“”')}” ({grounding.kind})" for grounding in missing)
        return Refusal("ungrounded", f"Found neither in the evidence nor in the client book: {things}.")
    if attempt.unsupported:
        claimed = "; ".join(f"“{sentence}”" for sentence in attempt.unsupported)
        return Refusal("unsupported", f"No other item of the evidence states the same, as this says: {claimed}")
    errors = [finding for finding in attempt.findings if finding.severity == "error"]
    if errors:
        faults = "; ".join(f"{finding.rule}: “{finding.text}”. {finding.message}" for finding in errors)
        return Refusal("tone", f"The draft did not pass the tone check: {faults}")
    news = attempt.news
    draft = _draft(brief, attempt, send_after, notes, supersedes)
    return Composed(draft, news.publisher, news.quote, news.unstated, news.elsewhere, news.wordless)


def _written(
    brief: Brief, playbooks: Playbooks, detail: _Detail
) -> tuple[tuple[DraftPart, ...], NewsPart, OpinionPart]:
    """Return the parts of a draft with so much detail, with the news and the opinion that they tell."""
    news = news_part(brief, max_words=detail.quote_words, others=detail.others)
    also = also_concerns(brief.affects, brief.phrases)
    view = opinion_part(brief, playbooks, own_words=detail.own_words, outlook=detail.outlook)
    parts = [
        DraftPart(role="greeting", text=greeting(brief.client)),
        DraftPart(role="news", text=f"{news.text} {also}" if also else news.text, evidence=news.evidence),
    ]
    # What a correction is about, the client knows.
    if detail.meaning or brief.alert.verdict != "correct":
        parts.append(DraftPart(role="meaning", text=meaning_text(brief, view, in_full=detail.meaning)))
    if view.text is not None:
        parts.append(DraftPart(role="opinion", text=view.text))
    parts.append(DraftPart(role="question", text=question_text(brief, view)))
    standing = standing_sentences(brief.trade, [brief.alert.stance])
    parts += [DraftPart(role="close", text=sentence) for sentence in standing]
    if detail.more:
        parts = _with_more(brief, view, news, parts)
    parts.append(DraftPart(role="signature", text=signature(brief.manager, brief.firm.name)))
    if (note := brief.firm.compliance_for(brief.client.trade, brief.client.jurisdiction)) is not None:
        parts.append(DraftPart(role="compliance", text=note.strip()))
    return tuple(parts), news, view


def _checked(
    brief: Brief,
    detail: _Detail,
    known: GroundingSources,
    parts: tuple[DraftPart, ...],
    news: NewsPart,
    view: OpinionPart,
) -> _Attempt:
    """Return the draft of ``parts`` with what the checks find in it."""
    line = subject_line(brief, may_be_long=detail.long_subject)
    # The words of the subject and of the first sentence are the source's, as if they were quoted.
    told = (news.clause,) if news.clause is not None else ()
    whole = f"“{line}”.\n\n{quote_sources(message_text(parts), told)}"
    findings = (*review(whole, brief.client, brief.trade), *composed_findings(whole, known))
    groundings = (*told, *check_grounding("\n\n".join([line, *(part.text for part in parts)]), known))
    correct = brief.alert.verdict == "correct"
    claimed = () if correct else unsupported(quote_sources(news.text, told), brief, lead_evidence(brief))
    return _Attempt(line, parts, news, view, findings, groundings, claimed)


def _draft(
    brief: Brief, attempt: _Attempt, send_after: datetime, notes: Sequence[str], supersedes: str | None
) -> Draft:
    alert, rule = brief.alert, attempt.opinion.rule
    # An event whose exact kind is unsure is told with an opinion where a rule for any event fits.
    verdict: Verdict = "tell" if alert.verdict == "information" and rule is not None else alert.verdict
    words = count_words(message_text(attempt.parts))
    return Draft(
        id=draft_id_for(alert.id),
        alert_id=alert.id,
        story_id=alert.story_id,
        client_id=alert.client_id,
        manager_id=brief.client.manager_id,
        verdict=verdict,
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
        affects=brief.affects,
        urgency=alert.urgency,
        created_at=brief.now,
        send_after=send_after,
        deadline_at=alert.deadline_at,
    )


def _advice(brief: Brief, view: OpinionPart) -> tuple[Advice, ...]:
    """Return the opinion to follow its outcome later. A sentence that we have no opinion yet does not count."""
    rule = view.rule
    if view.text is None or (rule is None and brief.alert.verdict != "correct"):
        return ()
    named = {"playbook": rule.playbook, "rule": rule.id} if rule else {}
    return (Advice(alert_id=brief.alert.id, text=view.text, **named),)


def _cautions(client: Client) -> tuple[str, ...]:
    """Return notes on what the account manager should bear in mind with this client."""
    if client.mood != "upset":
        return ()
    return (f"{client.name} is upset at present. A call may work better than a message.",)


def _with_more(brief: Brief, view: OpinionPart, news: NewsPart, parts: list[DraftPart]) -> list[DraftPart]:
    """Return ``parts`` with what this client in particular wants to read beside them, as far as there is room."""
    if brief.alert.verdict != "tell" or view.rule is None or brief.client.mood == "upset":
        return parts
    told = news.text
    if register_of(brief.client).detailed:
        if (figure := further_figure(brief, told)) is not None:
            parts = _if_short(parts, "news", told, f"{told} {figure.text}", (figure.item_id,)) or parts
        if (day := day_of_report(brief)) is not None:
            parts = _if_short(parts, "news", told, f"{told} {day}") or parts
    if own_view(brief) is None and (aim := touched_aim(brief)) is not None:
        meaning = next((part.text for part in parts if part.role == "meaning"), "")
        # Rather the client's own aim than what the news means for everybody in their place.
        short = f"{meaning_text(brief, view, in_full=False)} {aim}"
        longer = _if_short(parts, "meaning", meaning, f"{meaning} {aim}".strip())
        parts = longer or _if_short(parts, "meaning", meaning, short.strip()) or parts
    return parts


def _if_short(
    parts: list[DraftPart], role: str, old: str, new: str, evidence: tuple[str, ...] = ()
) -> list[DraftPart] | None:
    """Return ``parts`` with ``new`` for ``old`` in the part with ``role``; None if the message gets too long."""
    longer = []
    for part in parts:
        if part.role == role:
            told_by = tuple(dict.fromkeys((*part.evidence, *evidence)))
            part = part.model_copy(update={"text": part.text.replace(old, new, 1), "evidence": told_by})
        longer.append(part)
    return longer if count_words(message_text(longer)) <= WORDS_WITH_MORE else None


def signature(manager: Manager, firm: str) -> str:
    """Return the end of the letter: the manager's own signature, with an English closing added if it has none."""
    own = without_foreign_closing((manager.signature or "").strip())
    if own and is_closing(own.splitlines()[0]):
        return own
    if own:
        return f"Kind regards,\n{own}"
    return "\n".join(["Kind regards,", manager.name, *([manager.title] if manager.title else []), firm])
