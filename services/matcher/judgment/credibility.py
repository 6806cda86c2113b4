"""Grade how credible a story is, from the evidence so far: Admiralty grades of source and information, with reasons.

The two axes are independent: a good source may be denied, a poor one confirmed. What is counted are independent
channels with origins of their own, never items, and only what states the story's claim:

- A channel speaks for itself alone. It can take back its own report and nobody else's.
- A copy is no evidence of its own.
- A report that is not surely of the story's event confirms no other, and a party's or an authority's word that is more
  probably about another event settles nothing.
- Whoever must know settles it, if a channel that can speak for them carries it; but a party that denies what hurts it
  makes a story contested, not false.
- Channels of grade C and lower never make a story probable, confirmed or false by themselves, and take nothing away
  from what better ones establish. Two that are independent and were graded C by a person make it probable if they say
  the same: the same figures, of all or of a part, and hardly a word in one headline that the other report lacks.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import NamedTuple

from schemas.alerts import Evidence, InformationGrade, Reason
from schemas.mentions import ClaimStatus, SourceLetter
from services.matcher.judgment.reasons import reason
from services.matcher.stories.evidence import FROM_BEST, EvidenceRecord
from services.matcher.stories.same_claim import (
    UNSPECIFIC_KINDS,
    Wording,
    hurts_party,
    is_same_claim,
    say_the_same,
    says_no_more,
)
from services.matcher.stories.signature import figures_in
from services.matcher.stories.threads import EventSummary
from services.matcher.text.humanize import capitalize_first, join_names, number_word

__all__ = ["GOOD", "Assessment", "assess", "said_by_both", "states_claim", "without_additions"]

#: One of these asserting a story makes it probable; two confirm it.
GOOD: frozenset[SourceLetter] = frozenset(("A", "B"))
#: Neither good nor a reason for doubt. F means unknown, not bad.
FAIR: frozenset[SourceLetter] = frozenset(("C", "F"))


class Assessment(NamedTuple):
    """Both grades, the number of independent origins that support the story, and the reasons.

    ``disputed``: some origin doubts, denies or withdraws it; it is a rumor, not just a minor source's report.
    ``contested``: a party denies what would hurt it.
    """

    source: SourceLetter
    information: InformationGrade
    origins: int
    reasons: tuple[Reason, ...]
    disputed: bool = False
    contested: bool = False


#: What a headline says is not so, up to the end of the clause.
_DENIED_WORDS = re.compile(r"(?:\b(?:den(?:y|ies|ied)|not|never|no|rejects?|disputes?)|n['’]t)\b([^,;:.]*)", re.I)


@dataclass(slots=True)
class Position:
    """One channel's position on one origin's claim, after everything it has published about it.

    ``voice`` is who counts as speaking: the party itself, through whatever channel relays it, or else the channel.
    ``name`` is that of the voice: a party whose words are only said to be its own has not reported anything.
    ``sure``: one of its statements is surely about the story's event, ``likely``: it is more likely than not.
    ``specific``: one of its statements names the sort of event. ``wording`` is that of its latest statement.
    """

    channel: str
    origin_id: str
    name: str
    grade: SourceLetter
    status: ClaimStatus
    first_hand: bool
    regulator: bool
    other_party: bool
    own_sources: bool
    record: str | None
    speculative: bool
    at: datetime
    sure: bool
    likely: bool
    specific: bool
    wording: Wording

    @property
    def voice(self) -> str:
        """The party or authority that speaks, or else the channel."""
        return self.origin_id if self.first_hand else self.channel

    @property
    def supports(self) -> bool:
        """True if it reports the story, with or without doubt."""
        return self.status in ("asserted", "hedged")


class _Positions(NamedTuple):
    """All positions, by status. ``hurts``: what is claimed would hurt the party it is claimed of."""

    asserting: list[Position]
    hedging: list[Position]
    denying: list[Position]
    withdrawn: list[Position]
    hurts: bool

    @property
    def supporting(self) -> list[Position]:
        """Those who report the story, with or without doubt."""
        return [*self.asserting, *self.hedging]


def assess(evidence: Sequence[EvidenceRecord], event: EventSummary | None = None) -> Assessment:
    """Grade a story by its ``evidence``; only what states the claim that ``event`` happened counts.

    The result depends on what was published when, not on the order in which it arrived.
    """
    ordered = sorted(evidence, key=lambda record: (record.said_at, record.item_id, record.revision))
    counted = [record for record in ordered if record.counts]
    if not counted:
        return _no_news(ordered)
    judged = [record for record in counted if record.judged]
    if not judged:
        return _foreign_language(counted)
    # If the original was no news, or has left the evidence, a copy has to stand for it.
    statements = [record for record in judged if record.is_own_statement] or judged
    statements = [_as_reported(record, statements) for record in statements]
    statements = [record for record in statements if not _denies_a_figure(record, statements)]
    found = _positions([record for record in statements if states_claim(record, event)])
    if not found:
        return _no_claim(statements)
    positions = _Positions(
        asserting=[position for position in found if position.status == "asserted"],
        hedging=[position for position in found if position.status == "hedged"],
        denying=[position for position in found if position.status == "denied"],
        withdrawn=[position for position in found if position.status == "retracted"],
        hurts=_hurts(statements, event),
    )
    supporting = positions.supporting
    letter = _best(position.grade for position in supporting or found)
    for rule in _RULES:
        finding = rule(positions)
        if finding is not None:
            information, why = finding
            disputed = len(positions.asserting) < len(found)
            reasons = (why, *_no_comment(found, information), *_track_records(found))
            return Assessment(
                letter, information, len(_independent(supporting)), reasons, disputed, why.rule == "party-denial"
            )
    raise AssertionError("the last rule always applies")


def _as_reported(record: EvidenceRecord, records: Sequence[EvidenceRecord]) -> EvidenceRecord:
    """Return ``record``, no longer first-hand if it is the denial of a company that no other channel's report names.

    Such a company has no part in the event. A name of several words is also known by the first of them.
    """
    if record.status != "denied" or not record.other_party or not record.is_first_hand:
        return record
    name = record.origin_name.split()
    known = any(
        name[0] in f"{other.title} {other.quote}"
        for other in records
        if other.through != record.through and other.status != "denied"
    )
    return record if known else replace(record, primary=False)


def _denies_a_figure(record: EvidenceRecord, records: Sequence[EvidenceRecord]) -> bool:
    """Return whether ``record`` only denies a figure that no report has: "denies that 310 jobs will be lost".

    Of an event that was reported without it, such a denial leaves everything else standing.
    """
    if record.status != "denied":
        return False
    denied = frozenset[str]().union(*(figures_in(words) for words in _DENIED_WORDS.findall(record.title)))
    reports = [other for other in records if other.status in ("asserted", "hedged")]
    return bool(denied) and all(denied.isdisjoint(figures_in(f"{other.title} {other.quote}")) for other in reports)


def states_claim(record: EvidenceRecord, event: EventSummary | None) -> bool:
    """Return whether a record states or denies that ``event`` happened, or withdraws what it reported of it."""
    if event is None or record.status == "retracted":
        return True
    if record.status == "denied":
        # Its direction may be that of the claim or that of its being untrue, and its kind that of what doesn't happen.
        kind = None if record.kind == "averted" else record.kind
        return is_same_claim(kind, None, event.kind, event.direction)
    return is_same_claim(record.kind, record.direction, event.kind, event.direction)


def _hurts(statements: Sequence[EvidenceRecord], event: EventSummary | None) -> bool:
    """Return whether the claim would hurt the party that denies it, by the event and by the denial's own words."""
    denials = [record for record in statements if record.status == "denied" and record.is_first_hand]
    if not denials or all(record.other_party for record in denials):
        return False
    if event is not None and (event.unsure or hurts_party(event.kind, event.direction)):
        return True  # where it is unsure what happened, a denial proves nothing
    return any(hurts_party(record.kind, "neutral" if record.kind else None) for record in denials)


def _positions(records: Sequence[EvidenceRecord]) -> list[Position]:
    """Return the position of each channel on each origin's claim: its latest.

    Doubt after a plain statement withdraws nothing. Of a party that several channels relay, only the latest statement
    counts.
    """
    positions: dict[tuple[str, str], Position] = {}
    for record in records:
        channel, first_hand = record.through, record.is_first_hand
        if record.status == "retracted" and record.origin_id == channel:
            for own in positions.values():
                if own.channel == channel:
                    own.status = "retracted"
        position = positions.get((channel, record.origin_id))
        if position is None:
            if record.status == "retracted" and record.origin_id != channel:
                continue  # one newsroom says that another has withdrawn its report
            positions[channel, record.origin_id] = Position(
                channel=channel,
                origin_id=record.origin_id,
                name=record.origin_name if first_hand or record.origin_id == channel else record.publisher,
                grade=record.grade,
                status=record.status,
                first_hand=first_hand,
                regulator=record.by_regulator,
                other_party=record.other_party,
                own_sources=record.basis == "unnamed",
                record=record.origin_record,
                speculative=record.speculative,
                at=record.said_at,
                sure=record.is_surely_of_event,
                likely=record.is_likely_of_event,
                specific=record.kind is not None and record.kind not in UNSPECIFIC_KINDS,
                wording=_wording(record),
            )
            continue
        if not (position.status == "asserted" and record.status == "hedged"):
            position.status, position.at = record.status, record.said_at
            position.wording = _wording(record)
        position.grade = min(position.grade, record.grade)
        if first_hand:
            position.first_hand, position.name = True, record.origin_name
        position.record = record.origin_record or position.record
        position.regulator = position.regulator or record.by_regulator
        position.speculative = position.speculative and record.speculative
        position.sure = position.sure or record.is_surely_of_event
        position.likely = position.likely or record.is_likely_of_event
        position.specific = position.specific or (record.kind is not None and record.kind not in UNSPECIFIC_KINDS)
        position.own_sources = position.own_sources or record.basis == "unnamed"
    return _last_words([position for position in positions.values() if not _is_overtaken(position, positions)])


def _wording(record: EvidenceRecord) -> Wording:
    return Wording(record.title, record.quote, tuple(text for _, _, _, text in record.spans))


def _is_overtaken(relay: Position, positions: Mapping[tuple[str, str], Position]) -> bool:
    """Return whether ``relay`` is one newsroom's report of what another says, and that one has said it itself.

    Repeated without its doubt, a report is no firmer, and no relay keeps alive what its own newsroom has withdrawn.
    """
    own = positions.get((relay.origin_id, relay.origin_id))
    if own is None or own is relay or relay.first_hand:
        return False
    return FROM_BEST.index(own.grade) <= FROM_BEST.index(relay.grade)


def _last_words(positions: list[Position]) -> list[Position]:
    """Return ``positions`` without what a party or authority said before its latest statement."""
    latest: dict[str, Position] = {}
    for position in positions:
        if position.first_hand and position.status != "retracted":
            known = latest.get(position.origin_id)
            if known is None or (position.at, position.channel) > (known.at, known.channel):
                latest[position.origin_id] = position
    return [
        position
        for position in positions
        if not position.first_hand or position.status == "retracted" or latest[position.origin_id] is position
    ]


def _independent(positions: Sequence[Position]) -> list[Position]:
    """Return as many of ``positions`` as possible of which no two have a voice or an origin in common."""
    by_voice: dict[str, list[Position]] = {}
    for position in positions:
        by_voice.setdefault(position.voice, []).append(position)
    chosen: dict[str, Position] = {}

    def choose(voice: str, tried: set[str]) -> bool:
        """Choose an origin for ``voice``; whoever had it before gets another one, if there is one."""
        for position in by_voice[voice]:
            if position.origin_id in tried:
                continue
            tried.add(position.origin_id)
            holder = chosen.get(position.origin_id)
            if holder is None or choose(holder.voice, tried):
                chosen[position.origin_id] = position
                return True
        return False

    for voice in by_voice:
        choose(voice, set())
    return [position for position in positions if chosen.get(position.origin_id) is position]


_Finding = tuple[InformationGrade, Reason] | None


def _names(positions: Iterable[Position]) -> str:
    return join_names(dict.fromkeys(position.name for position in positions))


def _authority_confirms(positions: _Positions) -> _Finding:
    names = _names(position for position in positions.asserting if position.regulator and position.likely)
    if not names or any(position.regulator for position in positions.denying):
        return None
    text = f"Confirmed by {names} as the responsible authority."
    if positions.denying:
        text = f"{text[:-1]}; this outweighs the denial by {_names(positions.denying)}."
    return 1, reason("regulator", names, "confirmed by the primary source", text)


def _authority_denies(positions: _Positions) -> _Finding:
    names = _names(position for position in positions.denying if position.regulator and position.likely)
    if not names or any(position.regulator for position in positions.asserting):
        return None
    text = f"Refuted by {names} as the responsible authority."
    return 5, reason("authority-denial", names, "refuted by the authority", text)


def _party_denies(positions: _Positions) -> _Finding:
    names = _names(position for position in positions.denying if position.first_hand and not position.regulator)
    if not names or any(position.first_hand for position in positions.asserting):
        return None  # one party against another: a contradiction, see below
    if positions.hurts:
        return _contested(positions, names)
    denying = [position for position in positions.denying if position.first_hand]
    if not any(position.likely for position in denying):
        # It denies an event of this sort, probably this one, but that is not sure enough to call it false.
        return _perhaps_denied(positions, names) if any(position.specific for position in denying) else None
    text = f"Denied first-hand by {names}."
    return 5, reason("primary-denial", names, "denied by the primary source", text)


def _contested(positions: _Positions, deniers: str) -> _Finding:
    """Return the grade of what a party denies that would hurt it: possible if somebody good stands by it."""
    speakers = _names(positions.supporting)
    if not speakers:
        text = f"{deniers} denies it, but would have reason to; who reports it isn't known here."
        return 4, reason("party-denial", deniers, "denied by the party", text)
    stand = "stand by their reports" if len(positions.supporting) > 1 else "stands by its report"
    text = f"{speakers} {stand}; {deniers} denies it, but would have reason to."
    sound = any(position.grade in GOOD for position in positions.supporting)
    sound = sound or len(_independent(positions.supporting)) > 1
    return 3 if sound else 4, reason("party-denial", f"{speakers} against {deniers}", "denied by the party", text)


def _perhaps_denied(positions: _Positions, deniers: str) -> _Finding:
    """Return the grade of what a party probably denies: not sure enough to call it false."""
    sound = any(position.grade in GOOD for position in positions.supporting)
    text = f"{deniers} denies such news, probably this, which {_names(positions.supporting) or 'nobody'} reports."
    return 3 if sound else 4, reason("party-denial", deniers, "denied by the party", text)


def _party_confirms(positions: _Positions) -> _Finding:
    names = _names(position for position in positions.asserting if position.first_hand and position.likely)
    if not names or any(position.first_hand for position in positions.denying):
        return None
    return 1, reason("primary", names, "confirmed by the primary source", f"Confirmed first-hand by {names}.")


def _withdrawn(positions: _Positions) -> _Finding:
    """Return that a report is false because its own newsroom withdrew it, and nobody as good stands by it."""
    names = _names(position for position in positions.withdrawn if position.grade in GOOD)
    stands = any(position.grade in GOOD or position.first_hand for position in positions.supporting)
    if not names or stands or _two_fair(positions):
        return None
    text = f"{names} withdrew the report, and no other reliable source stands by it."
    return 5, reason("retraction", names, "withdrawn by its source", text)


def _contradicted(positions: _Positions) -> _Finding:
    """Return that somebody as good as those who report it, or better, contradicts it."""
    if not positions.denying:
        return None
    deniers = [position for position in positions.denying if position.first_hand or position.grade in GOOD]
    if not deniers and not _established(positions):
        deniers = positions.denying
    if not deniers:
        return None
    names, speakers = _names(deniers), _names(positions.supporting)
    if not speakers:
        return 4, reason("denial", names, "doubtful", f"{names} reports that it is not true.")
    text = f"{speakers} reports it, but {names} contradicts it."
    return 4, reason("contradiction", f"{speakers} against {names}", "doubtful", text)


def _established(positions: _Positions) -> bool:
    rules = (_independent_confirm, _good_source, _two_rumors, _two_fair_confirm)
    return any(rule(positions) is not None for rule in rules)


def _independent_confirm(positions: _Positions) -> _Finding:
    good = _independent([position for position in positions.asserting if position.grade in GOOD and position.sure])
    if len(good) < 2:
        return None
    listed = _names(good)
    text = f"{capitalize_first(number_word(len(good)))} independent newsrooms, {listed}, report it."
    return 1, reason("independent-origins", listed, "confirmed by independent origins", text)


def _good_source(positions: _Positions) -> _Finding:
    names = _names(position for position in positions.asserting if position.grade in GOOD)
    if not names:
        return None
    text = f"{names}, a reliable source, states it as a fact, and nothing reliable contradicts it."
    return 2, reason("good-source", names, "probably true", text)


def _two_rumors(positions: _Positions) -> _Finding:
    good = _independent([p for p in positions.hedging if p.grade in GOOD and p.own_sources and p.sure])
    if len(good) < 2:
        return None
    listed = _names(good)
    text = f"{listed} report it, each citing its own sources, and nothing reliable contradicts it."
    return 2, reason("two-rumors", listed, "probably true", text)


def _two_fair(positions: _Positions) -> list[Position]:
    """Return two or more independent sources that are graded C, not merely by their track record, and say the same."""
    fair = _independent([p for p in positions.asserting if p.grade == "C" and p.record is None and p.sure])
    return [p for p in fair if any(say_the_same(p.wording, other.wording) for other in fair if other is not p)]


def said_by_both(trigger: EvidenceRecord, evidence: Sequence[EvidenceRecord]) -> EvidenceRecord:
    """Return the report that may head an alert which rests on two sources of grade C: ``trigger``, or the other one.

    What the headline of one says beyond the other report, nobody confirms.
    """
    wording = _wording(trigger)
    for record in reversed(evidence):
        other = _wording(record)
        both = record.grade == trigger.grade == "C" and record.status == trigger.status == "asserted"
        if both and record.origin_id != trigger.origin_id and say_the_same(wording, other):
            return trigger if says_no_more(wording, other) else record
    return trigger


def without_additions(evidence: tuple[Evidence, ...], head: EvidenceRecord) -> tuple[Evidence, ...]:
    """Return ``evidence`` with what says more than ``head``, which two sources of grade C report, as mere context."""
    said = _wording(head)
    return tuple(
        item.model_copy(update={"supports": "context"})
        if item.supports == "claim" and not says_no_more(_wording_of(item), said)
        else item
        for item in evidence
    )


def _wording_of(item: Evidence) -> Wording:
    return Wording(item.title, item.quote, tuple(span.text for span in item.spans))


def _two_fair_confirm(positions: _Positions) -> _Finding:
    listed = _names(_two_fair(positions))
    if not listed:
        return None
    text = f"{listed} report it independently of each other, and nothing reliable contradicts it."
    return 2, reason("fair-sources", listed, "probably true", text)


def _fair_source(positions: _Positions) -> _Finding:
    names = _names(position for position in positions.asserting if position.grade in FAIR)
    if not names:
        return None
    if len({position.voice for position in positions.asserting if position.grade in FAIR}) > 1:
        text = f"Only {names} report it so far, and these sources are not enough."
    else:
        text = f"Only {names} reports it so far, and this source alone is not enough."
    return 3, reason("single-fair-source", names, "possibly true", text)


def _speculation(positions: _Positions) -> _Finding:
    if positions.withdrawn or not positions.hedging or not all(position.speculative for position in positions.hedging):
        return None
    names = _names(positions.hedging)
    text = f"{names} only speculates about it and cites nobody who knows."
    return 6, reason("speculation", names, "cannot be judged", text)


def _rumor(positions: _Positions) -> _Finding:
    names = _names(p for p in positions.hedging if p.grade in GOOD or p.grade == "C")
    if not names:
        return None
    text = f"{names} reports it as unconfirmed; no second independent source has reported it."
    return 3, reason("rumor", names, "possibly true", text)


def _weakly_withdrawn(positions: _Positions) -> _Finding:
    names = _names(positions.withdrawn)
    if not names or positions.supporting:
        return None
    text = f"{names} withdrew the report, but is not reliable enough for that to settle it."
    return 4, reason("weak-retraction", names, "doubtful", text)


def _doubtful(positions: _Positions) -> _Finding:
    names = _names(positions.supporting + positions.withdrawn)
    text = f"Only {names or 'an unknown source'} reports it, which is not reliable enough on its own."
    return 4, reason("weak-source", names, "doubtful", text)


_RULES: tuple[Callable[[_Positions], _Finding], ...] = (
    _authority_confirms,
    _authority_denies,
    _withdrawn,
    _party_denies,
    _party_confirms,
    _contradicted,
    _independent_confirm,
    _good_source,
    _two_rumors,
    _two_fair_confirm,
    _fair_source,
    _speculation,
    _rumor,
    _weakly_withdrawn,
    _doubtful,
)


def _no_comment(positions: list[Position], information: InformationGrade) -> tuple[Reason, ...]:
    if information in (5, 6) or any(position.first_hand for position in positions):
        return ()
    return (
        reason("no-comment", "no statement from the party itself", "open", "The company itself has not commented."),
    )


def _track_records(positions: list[Position]) -> tuple[Reason, ...]:
    """Return a reason for each source whose track record changed its grade."""
    with_record = {position.name: position for position in positions if position.record is not None}
    return tuple(reason("track-record", name, found.grade, found.record or "") for name, found in with_record.items())


def _foreign_language(records: Sequence[EvidenceRecord]) -> Assessment:
    text = f"{join_names(r.publisher for r in records)} wrote in a language that Firstword does not assess."
    why = reason("language", f"{len(records)} item(s) not in English", "cannot be judged", text)
    return Assessment(_best(r.origin_grade for r in records), 6, len({r.origin_id for r in records}), (why,))


def _no_claim(records: Sequence[EvidenceRecord]) -> Assessment:
    text = f"What {join_names(r.publisher for r in records)} published doesn't say that it happened."
    why = reason("no-claim", f"{len(records)} item(s) on something else", "cannot be judged", text)
    return Assessment(_best(record.grade for record in records), 6, 0, (why,))


def _no_news(evidence: Sequence[EvidenceRecord]) -> Assessment:
    publishers = join_names(record.publisher for record in evidence)
    text = f"{publishers} published it, but not as news." if publishers else "Nothing is known about it."
    why = reason("no-news", publishers, "cannot be judged", text)
    return Assessment(_best(record.source_grade for record in evidence), 6, 0, (why,))


def _best(grades: Iterable[SourceLetter]) -> SourceLetter:
    return min(grades, default="F")
