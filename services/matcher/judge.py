"""From annotated items to verdicts: one watched thing at a time, in the order in which items arrive.

A verdict is said once, and again only when it changes or when what was told has materially changed; everything else
is evidence that is added in silence. A client who begins to watch a thing hears of its running stories with the next
item on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Literal, NamedTuple

from firstword.kit.errors import KnownBadEvent
from firstword.kit.processing import AnyEvent, Processor
from schemas.alerts import Alert, AlertRaised, Evidence, Verdict
from schemas.base import content_id, event
from schemas.clients import ClientChanged, ClientRemoved
from schemas.interactions import ClientTuned
from schemas.mentions import EventKind, Impact, ItemAnnotated
from services.matcher.book_index import BookIndex, Stake
from services.matcher.cases import Case, Happening, JudgeState, Standing, dump_state, load_state, prune
from services.matcher.claims import is_speculation
from services.matcher.credibility import Assessment, assess
from services.matcher.evidence import Witness, keep_most_telling, said_at, testimony_of
from services.matcher.impact import figures, is_stale_piece
from services.matcher.normalise import words
from services.matcher.outcomes import fizzled, resolved
from services.matcher.relevance import Relevance, shipped_relevance
from services.matcher.signature import numbers_in, stem, story_words
from services.matcher.stories import assign
from services.matcher.telling import readings
from services.matcher.thresholds import Thresholds, shipped_thresholds
from services.matcher.tuning import TunedThresholds
from services.matcher.verdict import Dull, Matter, Ruling, decide, if_they_ask
from services.matcher.voices import commentator
from services.matcher.wording import names_in_words, reason

__all__ = ["Judge"]

Urgency = Literal["low", "normal", "high", "urgent"]
#: Verdicts that a later one answers, so that the reader wants to know which.
_ANSWERED: frozenset[Verdict] = frozenset(("tell", "warn", "hold", "correct"))
_NO_STORY_KINDS = frozenset(("other", "opinion", "advertisement"))


class _Heard(NamedTuple):
    """A case with a new item taken in, and what that item changes."""

    case: Case
    headline: str
    material: bool
    trigger: Witness
    data: ItemAnnotated


class Judge(Processor[JudgeState]):
    """``ItemAnnotated`` → ``AlertRaised`` for each client for whom the story's verdict is new or has changed.

    Where a rumor ends, ``RumorResolved`` for each source that ran it.
    """

    name: ClassVar[str] = "judge"
    inputs: ClassVar[tuple[str, ...]] = ("mentions",)
    references: ClassVar[tuple[str, ...]] = ("clients", "tunings")
    outputs: ClassVar[tuple[str, ...]] = ("alerts", "outcomes")

    def __init__(self, thresholds: Thresholds | None = None, relevance: Relevance | None = None) -> None:
        """Judge by the shipped rules unless others are given."""
        self._thresholds = thresholds or shipped_thresholds()
        self._relevance = relevance or shipped_relevance()
        self._book = BookIndex()
        self._tuned = TunedThresholds(self._thresholds)

    def refer(self, event: AnyEvent) -> None:
        """Note a change of the book, or of what feedback makes of a client's thresholds."""
        if isinstance(event.data, ClientChanged):
            self._book.changed(event.data.client)
        elif isinstance(event.data, ClientRemoved):
            self._book.removed(event.data.client_id)
        elif isinstance(event.data, ClientTuned):
            self._tuned.take(event.data)

    def initial(self, key: str) -> JudgeState:
        """Nothing heard yet of the entity ``key``."""
        return JudgeState(entity_id=key)

    def dump(self, state: JudgeState) -> bytes:
        """The state as bytes."""
        return dump_state(state)

    def load(self, raw: bytes) -> JudgeState:
        """The state from bytes."""
        return load_state(raw)

    def process(self, state: JudgeState, event: AnyEvent, now: datetime) -> tuple[JudgeState, Sequence[AnyEvent]]:
        """Take the item into its story, then decide for every client who watches the thing."""
        data = event.data
        if not isinstance(data, ItemAnnotated):
            raise KnownBadEvent(f"judge takes annotated items, not {event.type}.")
        stakes = self._book.stakes(data.entity_id)
        if not stakes or state.knows(data.item.id, data.revision):
            return state, ()
        state, heard = self._hear(prune(state, now, self._thresholds), data, now)
        # A feed that is read for the first time brings weeks of old news: one line a day is enough to know it by.
        old = heard.case.dull == "stale"
        said = state.stale_on == now.date()
        case, events = self._decide_all(heard, stakes, data.entity_id, now, in_silence=old and said)
        if old and events:
            state = replace(state, stale_on=now.date())
        return state.with_case(case), events

    def next_tick(self, state: JudgeState) -> datetime | None:
        """When the first held rumor expires."""
        return min((until for case in state.cases.values() if (until := case.held_until()) is not None), default=None)

    def tick(self, state: JudgeState, now: datetime) -> tuple[JudgeState, Sequence[AnyEvent]]:
        """Let go of held rumors that nobody took up, and say so."""
        events: list[AnyEvent] = []
        for case_id in sorted(state.cases):
            case = state.cases[case_id]
            until = case.held_until()
            if until is not None and until <= now:
                case, expired = self._expire(state.entity_id, case, now)
                state = state.with_case(case)
                events += expired
        return state, events

    # --- taking an item in

    def _hear(self, state: JudgeState, data: ItemAnnotated, now: datetime) -> tuple[JudgeState, _Heard]:
        item, revised = data.item, data.revision > 0
        window, record = assign(state.window, item.id, data.signature, data.seen_at, title=item.title, revised=revised)
        state = replace(state, window=window)
        case_id = state.aliases.get(record.story_id, record.story_id)
        case = state.cases.get(case_id)
        if case is None or case.nameless:
            linked = self._linked(state, data)
            if linked is not None:
                case = linked
                state = replace(state, aliases={**state.aliases, record.story_id: case.story_id})
        copy = record.relation == "copy"
        ends = case is not None and _ends(case.happening, data.impact)
        update = case is not None and (record.relation in ("update", "new") or revised or ends)
        heard = self._take_in(case, record.story_id, data, now, copy=copy, update=update)
        return state, heard

    def _linked(self, state: JudgeState, data: ItemAnnotated) -> Case | None:
        """The running story that an item answers or repeats in other words, if the window alone did not see it."""
        title = data.item.title.lower()
        answers = data.claim.status in ("denied", "retracted")
        kind = data.impact.kind
        said, apart = said_at(data), timedelta(hours=self._thresholds.hours_of_one(kind))
        order = sorted(state.cases.values(), key=lambda each: (each.last_at, each.story_id), reverse=True)
        for case in order:
            if case.dull is not None:
                continue
            same_kind = self._thresholds.same_family(kind, case.happening.kind) and kind not in _NO_STORY_KINDS
            if answers and case.told and (same_kind or any(_stem(cue) in title for cue in case.cues)):
                return case
            if not same_kind or answers:
                continue
            if kind != case.happening.kind and _turned(case.happening, data.impact):
                continue  # results that disappoint, and a forecast that is raised: two messages
            if case.open_rumor:
                return case
            near = any(abs(said - each.said_at) <= apart for each in case.testimonies)
            near = near and self._thresholds.one_event(kind, case.happening.kind)
            if near and (kind in self._thresholds.single_events or _alike(state, case, data)):
                return case
        if answers:
            return next(
                (case for case in order if case.passed_over and any(_stem(cue) in title for cue in case.cues)), None
            )
        return None

    def _take_in(
        self, case: Case | None, story_id: str, data: ItemAnnotated, now: datetime, *, copy: bool, update: bool
    ) -> _Heard:
        item, impact = data.item, data.impact
        dull = self._dull(data, case)
        testimony, others = _heard_beside(case, data, counts=dull is None, copy=copy)
        in_title = figures(item.title)
        if case is None:
            opened = Case(
                story_id=story_id,
                headline=item.title,
                happening=Happening.of(impact),
                salience=data.mention.salience,
                opened_at=now,
                last_at=now,
                dull=dull,
                cues=impact.cues,
                figures=tuple(dict.fromkeys((*in_title, *impact.figures))),
                testimonies=(testimony,),
                happened_at=testimony.said_at,
            )
            return _Heard(opened, item.title, False, testimony, data)
        good = testimony.primary or testimony.origin_grade in ("A", "B")
        news = update and not copy and dull is None and good and testimony.status == "asserted"
        material = news and self._changes(case, impact, item.title)
        happening = case.happening if dull else self._larger(case, Happening.of(impact), testimony)
        grown = replace(
            case,
            happening=happening,
            happened_at=case.happened_at if happening.kind == case.happening.kind else testimony.said_at,
            salience=max(case.salience, data.mention.salience) if dull is None else case.salience,
            last_at=max(case.last_at, now),
            dull=case.dull if dull else None,
            cues=case.cues if dull else tuple(dict.fromkeys((*case.cues, *impact.cues)))[:12],
            figures=tuple(dict.fromkeys((*case.figures, *in_title, *impact.figures)))[-40:],
            testimonies=keep_most_telling((*others, testimony), self._thresholds.evidence_kept),
        )
        return _Heard(grown, item.title, material, testimony, data)

    def _changes(self, case: Case, impact: Impact, title: str) -> bool:
        """Whether what an item says changes what was told: the other direction, or a figure that was not known.

        A report on a quarter is full of figures, and each paper picks its own; there only the direction counts.
        """
        if _ends(case.happening, impact):
            return True
        if _turned(case.happening, impact) and impact.kind in self._thresholds.market_moving:
            return True
        if self._thresholds.grows(case.happening.kind, impact.kind):
            return True
        if {impact.kind, case.happening.kind} & self._thresholds.full_of_figures:
            return False
        return not numbers_in(title) <= numbers_in(" ".join(case.figures))

    def _larger(self, case: Case, now: Happening, testimony: Witness) -> Happening:
        """The story's happening after another item: the first kind that says something stays, its size may grow."""
        known = case.happening
        if case.dull is not None or (known.kind == "other" and now.kind != "other"):
            return now
        if "averted" in (known.kind, now.kind) and now.kind not in (known.kind, "other"):
            # What was feared and what became of it: what was said last holds, in whatever order it came.
            later = case.happened_at is None or testimony.said_at >= case.happened_at
            return now if later and testimony.status == "asserted" else known
        if self._thresholds.grows(now.kind, known.kind):
            return known
        if now.kind != known.kind and now.kind != "other" and case.happened_at and testimony.said_at < case.happened_at:
            return now  # it came later, and was said earlier
        grown = _turned(known, now) or self._thresholds.grows(known.kind, now.kind)
        if grown and testimony.status == "asserted":
            return now
        if now.kind == known.kind and testimony.status == "asserted":
            if known.direction == "neutral" and any(testimony.said_at < each.said_at for each in case.testimonies):
                return known  # it is over, and this was said before
            sizes = ("minor", "moderate", "major")
            return now if sizes.index(now.size) >= sizes.index(known.size) else known
        return known

    def _dull(self, data: ItemAnnotated, case: Case | None) -> Dull | None:
        """Why the item is no news, if it is none. A late denial of what was told is news all the same."""
        if data.source.kind == "satire":
            return "satire"
        if data.impact.kind == "advertisement":
            return "advertisement"
        if data.impact.kind == "opinion":
            return "opinion"
        if is_stale_piece(data.impact):
            return "anniversary"
        if _only_thought(data, self._thresholds.thought_kinds):
            return "opinion"
        if data.impact.kind == "other" and is_speculation(data.claim):
            return "speculation"
        published = data.item.published_at
        known = case is not None and (case.told or case.passed_over)
        answers = known and data.claim.status in ("denied", "retracted")
        if published is not None and not answers:
            age = data.seen_at - published
            updated = data.item.updated_at
            if updated is not None and updated > published:
                age = data.seen_at - updated
            if age > timedelta(hours=self._thresholds.stale_after_hours):
                return "stale"
        return None

    # --- deciding

    def _decide_all(
        self, heard: _Heard, stakes: Sequence[Stake], entity_id: str, now: datetime, *, in_silence: bool
    ) -> tuple[Case, list[AnyEvent]]:
        case = heard.case
        events: list[AnyEvent] = []
        assessment = assess(case.testimonies)
        case, outcomes = resolved(case, assessment, heard.trigger, entity_id, now)
        impact = case.happening.as_impact()
        publishers = tuple(each.publisher for each in case.testimonies)
        evidence: tuple[Evidence, ...] | None = None  # the same for all, and made only if somebody is told
        for stake in stakes:
            standing = case.standings.get(stake.client_id)
            matter = Matter(
                watch=stake.watch,
                impact=impact,
                salience=case.salience,
                concern=self._relevance.concern(stake.watch, impact, case.salience),
                assessment=assessment,
                earlier=standing.verdict if standing else None,
                earlier_information=standing.information if standing else 0,
                dull=case.dull,
                publishers=publishers,
            )
            if standing is not None and not heard.trigger.counts:
                continue
            ruling = decide(matter, self._tuned.of(stake.client_id, entity_id))
            if in_silence and standing is None and ruling.verdict == "ignore":
                case = case.with_standing(stake.client_id, Standing("ignore", 0, ""))
                continue
            if _worth_saying(standing, ruling, assessment, heard.material):
                evidence = evidence if evidence is not None else _evidence(case, heard.trigger)
                ruling = _in_full(ruling, heard.data)
                brought_by = heard.trigger.item_id
                alert = self._alert(stake, case, heard.headline, matter, ruling, standing, now, evidence, brought_by)
                events.append(_raised(alert))
                case = case.with_standing(stake.client_id, self._standing(alert, now))
            elif standing is not None and standing.verdict == "hold":
                # taken up again: it waits anew
                held = replace(standing, held_until=now + timedelta(days=self._thresholds.hold_days))
                case = case.with_standing(stake.client_id, held)
        return case, events + outcomes

    def _standing(self, alert: Alert, now: datetime) -> Standing:
        held = now + timedelta(days=self._thresholds.hold_days) if alert.verdict == "hold" else None
        return Standing(alert.verdict, alert.revision, alert.id, held, alert.information_grade)

    def _expire(self, entity_id: str, case: Case, now: datetime) -> tuple[Case, list[AnyEvent]]:
        events: list[AnyEvent] = []
        assessment = assess(case.testimonies)
        impact = case.happening.as_impact()
        for client_id in sorted(case.standings):
            standing = case.standings[client_id]
            if standing.held_until is None or standing.held_until > now:
                continue
            stake = self._book.stake(entity_id, client_id)
            if stake is None:
                case = case.with_standing(client_id, None)
                continue
            concern = self._relevance.concern(stake.watch, impact, case.salience)
            publishers = tuple(each.publisher for each in case.testimonies)
            matter = Matter(stake.watch, impact, case.salience, concern, assessment, "hold", case.dull, publishers)
            ruling = _fizzled(self._thresholds, case, assessment)
            alert = self._alert(stake, case, case.headline, matter, ruling, standing, now, _evidence(case, None))
            events.append(_raised(alert))
            case = case.with_standing(client_id, Standing("ignore", alert.revision, alert.id))
        case, outcomes = fizzled(case, entity_id, now) if events else (case, [])
        return case, events + outcomes

    def _alert(
        self,
        stake: Stake,
        case: Case,
        headline: str,
        matter: Matter,
        ruling: Ruling,
        standing: Standing | None,
        now: datetime,
        evidence: tuple[Evidence, ...],
        brought_by: str = "",
    ) -> Alert:
        revision = standing.revision + 1 if standing else 0
        answered = standing is not None and standing.verdict in _ANSWERED
        speaking = tuple(each.origin_name for each in case.testimonies if each.counts)
        return Alert.model_construct(
            id=_alert_id(stake, case, ruling.verdict, revision, brought_by),
            client_id=stake.client_id,
            story_id=case.story_id,
            entity_id=stake.watch.entity_id,
            entity_name=stake.watch.name,
            stance=stake.watch.stance,
            verdict=ruling.verdict,
            revision=revision,
            headline=headline,
            kind=case.happening.kind,
            direction=matter.concern.direction,
            size=case.happening.size,
            urgency=_urgency(ruling.verdict, case.happening),
            source_grade=matter.assessment.source,
            information_grade=matter.assessment.information,
            relevance=matter.concern.degree,
            origins=matter.assessment.origins,
            reasons=ruling.reasons,
            evidence=evidence,
            if_they_ask=if_they_ask(matter, headline, speaking, ruling) if ruling.verdict == "hold" else None,
            earlier_alert_id=standing.alert_id if standing and answered else None,
            earlier_verdict=standing.verdict if standing and answered else None,
            raised_at=now,
            deadline_at=now + timedelta(hours=case.happening.worth_hours),
        )


def _alert_id(stake: Stake, case: Case, verdict: Verdict, revision: int, brought_by: str) -> str:
    """Where two things of a client stand in one item, one alert is enough, and both have one id; the log keeps one.

    But a price is each thing's own, and a later word on the story may come in another item for the other thing.
    """
    parts: list[str | int] = [stake.client_id, case.story_id, verdict, revision]
    if case.happening.kind == "share_move":
        parts.append(stake.watch.entity_id)
    if revision:
        parts.append(brought_by)
    return content_id("alr", *parts)


def _heard_beside(
    case: Case | None, data: ItemAnnotated, *, counts: bool, copy: bool
) -> tuple[Witness, tuple[Witness, ...]]:
    """What the item testifies, and what the others of its story do beside it."""
    others = tuple(each for each in case.testimonies if each.item_id != data.item.id) if case else ()
    own = testimony_of(data, counts=counts, copy_of=None)
    first = next((each for each in others if each.counts), None)
    if not copy or first is None:
        return own, others
    # A wire is reprinted, and reprints nobody, whatever the clocks of the papers say.
    wires = own.source_kind == "wire", first.source_kind == "wire"
    earlier = wires[0] if wires[0] != wires[1] else own.said_at < first.said_at
    if first.primary or not earlier:
        return testimony_of(data, counts=counts, copy_of=first), others
    # The reprint came in before what it reprints.
    reprints = {each.item_id for each in others if each.origin_id == first.origin_id and not each.primary}
    return own, tuple(each.in_the_name_of(own) if each.item_id in reprints else each for each in others)


def _worth_saying(standing: Standing | None, ruling: Ruling, assessment: Assessment, material: bool) -> bool:
    if standing is None:
        return True
    if ruling.verdict == standing.verdict == "ignore":
        # It was true and too small; it may have been told all the same, when contact was due.
        return 0 < standing.information <= 2 and ruling.reasons[0].rule == "denied"
    if ruling.verdict == standing.verdict:
        return ruling.verdict == "tell" and material
    if ruling.verdict == "ignore":
        return standing.verdict == "hold" and assessment.information == 5
    # What was told or passed on is not taken back by silence or doubt, only by a correction.
    return not (standing.verdict in ("tell", "correct") and ruling.verdict in ("warn", "hold"))


def _in_full(ruling: Ruling, data: ItemAnnotated) -> Ruling:
    """The ruling with what was read in the item as well: the decisive reason stays first, why it matters last."""
    if len(ruling.reasons) == 1:  # no news at all: that alone is the reason
        return ruling
    *others, relevance = ruling.reasons
    return ruling._replace(reasons=(*others, *readings(data), relevance))


def _urgency(verdict: Verdict, happening: Happening) -> Urgency:
    if verdict == "correct":
        return "urgent" if happening.urgency == "urgent" else "high"
    if verdict in ("hold", "ignore"):
        return "low"
    return happening.urgency


def _evidence(case: Case, trigger: Witness | None) -> tuple[Evidence, ...]:
    """The item that brought the verdict, then first-hand ones, then by grade; newer before older."""
    ranked = sorted(case.testimonies, key=lambda each: each.seen_at, reverse=True)
    trigger_id = trigger.item_id if trigger else None
    ranked.sort(key=lambda each: (each.item_id != trigger_id, not each.counts, not each.primary, each.origin_grade))
    return tuple(each.as_evidence() for each in ranked)


def _fizzled(thresholds: Thresholds, case: Case, assessment: Assessment) -> Ruling:
    who = names_in_words(each.origin_name for each in case.testimonies if each.counts)
    days = f"{thresholds.hold_days:g}"
    if assessment.information == 5:
        text = f"It was denied, and nobody has come back to it within {days} days."
        return Ruling("ignore", (reason("died-down", f"denied, {days} days, nothing new", "ignore", text),))
    text = f"Nobody took up what {who or 'one source'} reported within {days} days; the rumor has fizzled out."
    return Ruling("ignore", (reason("fizzled-out", f"held {days} days, nothing new", "ignore", text),))


def _turned(known: Happening, now: Happening | Impact) -> bool:
    """Whether one is good and the other bad for who holds it."""
    return {known.direction, now.direction} == {"positive", "negative"}


def _ends(known: Happening, now: Impact) -> bool:
    """Whether what was feared does not come, or what lasted (an outage, a strike) is over."""
    over = now.kind == known.kind and known.direction == "negative" and now.direction == "neutral"
    return over or (now.kind == "averted" != known.kind)


def _only_thought(data: ItemAnnotated, kinds: frozenset[EventKind]) -> bool:
    """Whether a headline passes on what somebody outside thinks of a thing; what is denied is said by who must know."""
    plain = data.claim.status in ("asserted", "hedged") and data.claim.basis == "own"
    return plain and data.impact.kind in kinds and commentator(data.item.title) is not None


def _alike(state: JudgeState, case: Case, data: ItemAnnotated) -> bool:
    """Whether an item shares a telling word with ``case``, beside the watched name and the words that tell its kind."""
    spoken = (*(span.text for span in data.mention.spans), *data.impact.cues)
    own = {stem(word) for text in spoken for word in words(text)} | story_words().generic
    telling = {word for word in data.signature.words if word not in own}
    of_case = (one for one in state.window.stories if state.aliases.get(one.id, one.id) == case.story_id)
    return any(not telling.isdisjoint(one.terms) for one in of_case)


def _stem(cue: str) -> str:
    """The last word of a cue, by which a denial names the same matter in other words: dividend."""
    return cue.lower().split()[-1]


def _raised(alert: Alert) -> AnyEvent:
    data = AlertRaised.model_construct(alert=alert)
    identity = content_id("evt", alert.id)
    return event(data, key=alert.client_id, id=identity, source="firstword/matcher", time=alert.raised_at)
