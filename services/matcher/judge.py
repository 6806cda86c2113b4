"""From annotated items to verdicts: one watched thing at a time, in the order in which items arrive.

A verdict is said once, and again only when it changes or when what was told has materially changed; everything else
is evidence that is added in silence. A client who begins to watch a thing hears of its running stories with the next
item on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from schemas.alerts import Alert, AlertRaised, Evidence, Verdict
from schemas.base import content_id, event
from schemas.clients import ClientChanged, ClientRemoved
from schemas.interactions import ClientTuned
from schemas.mentions import ItemAnnotated
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent, Processor
from services.matcher.judgment.credibility import Assessment, assess
from services.matcher.judgment.explanations import readings
from services.matcher.judgment.outcomes import fizzled, resolved
from services.matcher.judgment.reasons import reason
from services.matcher.judgment.relevance import Relevance, shipped_relevance
from services.matcher.judgment.tuning import TunedThresholds
from services.matcher.judgment.verdict import Matter, Ruling, decide, if_they_ask
from services.matcher.mentions.book_index import BookIndex, ClientWatch
from services.matcher.stories.assignment import Heard, hear
from services.matcher.stories.evidence import Witness
from services.matcher.stories.threads import Case, Happening, JudgeState, Standing, dump_state, load_state, prune
from services.matcher.text.humanize import join_names
from services.matcher.thresholds import Thresholds, shipped_thresholds

__all__ = ["Judge"]

Urgency = Literal["low", "normal", "high", "urgent"]
#: Verdicts that a later one answers, so that the reader wants to know which.
_ANSWERED: frozenset[Verdict] = frozenset(("tell", "warn", "hold", "correct"))


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
            self._book.put_client(event.data.client)
        elif isinstance(event.data, ClientRemoved):
            self._book.remove_client(event.data.client_id)
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
        client_watches = self._book.client_watches(data.entity_id)
        if not client_watches or state.knows(data.item.id, data.revision):
            return state, ()
        state, heard = hear(self._thresholds, prune(state, now, self._thresholds), data, now)
        # A feed that is read for the first time brings weeks of old news: one line a day is enough to know it by.
        old = heard.case.dull == "stale"
        said = state.stale_on == now.date()
        case, events = self._decide_all(heard, client_watches, data.entity_id, now, in_silence=old and said)
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

    # --- deciding

    def _decide_all(
        self, heard: Heard, client_watches: Sequence[ClientWatch], entity_id: str, now: datetime, *, in_silence: bool
    ) -> tuple[Case, list[AnyEvent]]:
        case = heard.case
        events: list[AnyEvent] = []
        assessment = assess(case.testimonies)
        case, outcomes = resolved(case, assessment, heard.trigger, entity_id, now)
        impact = case.happening.as_impact()
        publishers = tuple(each.publisher for each in case.testimonies)
        evidence: tuple[Evidence, ...] | None = None  # the same for all, and made only if somebody is told
        for client_watch in client_watches:
            standing = case.standings.get(client_watch.client_id)
            matter = Matter(
                watch=client_watch.watch,
                impact=impact,
                salience=case.salience,
                concern=self._relevance.concern(client_watch.watch, impact, case.salience),
                assessment=assessment,
                earlier=standing.verdict if standing else None,
                earlier_information=standing.information if standing else 0,
                dull=case.dull,
                publishers=publishers,
            )
            if standing is not None and not heard.trigger.counts:
                continue
            ruling = decide(matter, self._tuned.of(client_watch.client_id, entity_id))
            if in_silence and standing is None and ruling.verdict == "ignore":
                case = case.with_standing(client_watch.client_id, Standing("ignore", 0, ""))
                continue
            if _worth_saying(standing, ruling, assessment, heard.material):
                evidence = evidence if evidence is not None else _evidence(case, heard.trigger)
                ruling = _in_full(ruling, heard.data)
                brought_by = heard.trigger.item_id
                alert = self._alert(
                    client_watch, case, heard.headline, matter, ruling, standing, now, evidence, brought_by
                )
                events.append(_raised(alert))
                case = case.with_standing(client_watch.client_id, self._standing(alert, now))
            elif standing is not None and standing.verdict == "hold":
                # taken up again: it waits anew
                held = replace(standing, held_until=now + timedelta(days=self._thresholds.hold_days))
                case = case.with_standing(client_watch.client_id, held)
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
            client_watch = self._book.client_watch(entity_id, client_id)
            if client_watch is None:
                case = case.with_standing(client_id, None)
                continue
            concern = self._relevance.concern(client_watch.watch, impact, case.salience)
            publishers = tuple(each.publisher for each in case.testimonies)
            matter = Matter(
                client_watch.watch, impact, case.salience, concern, assessment, "hold", case.dull, publishers
            )
            ruling = _fizzled(self._thresholds, case, assessment)
            alert = self._alert(client_watch, case, case.headline, matter, ruling, standing, now, _evidence(case, None))
            events.append(_raised(alert))
            case = case.with_standing(client_id, Standing("ignore", alert.revision, alert.id))
        case, outcomes = fizzled(case, entity_id, now) if events else (case, [])
        return case, events + outcomes

    def _alert(
        self,
        client_watch: ClientWatch,
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
            id=_alert_id(client_watch, case, ruling.verdict, revision, brought_by),
            client_id=client_watch.client_id,
            story_id=case.story_id,
            entity_id=client_watch.watch.entity_id,
            entity_name=client_watch.watch.name,
            stance=client_watch.watch.stance,
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


def _alert_id(client_watch: ClientWatch, case: Case, verdict: Verdict, revision: int, brought_by: str) -> str:
    """Where two things of a client stand in one item, one alert is enough, and both have one id; the log keeps one.

    But a price is each thing's own, and a later word on the story may come in another item for the other thing.
    """
    parts: list[str | int] = [client_watch.client_id, case.story_id, verdict, revision]
    if case.happening.kind == "share_move":
        parts.append(client_watch.watch.entity_id)
    if revision:
        parts.append(brought_by)
    return content_id("alr", *parts)


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
    who = join_names(each.origin_name for each in case.testimonies if each.counts)
    days = f"{thresholds.hold_days:g}"
    if assessment.information == 5:
        text = f"It was denied, and nobody has come back to it within {days} days."
        return Ruling("ignore", (reason("died-down", f"denied, {days} days, nothing new", "ignore", text),))
    text = f"Nobody took up what {who or 'one source'} reported within {days} days; the rumor has fizzled out."
    return Ruling("ignore", (reason("fizzled-out", f"held {days} days, nothing new", "ignore", text),))


def _raised(alert: Alert) -> AnyEvent:
    data = AlertRaised.model_construct(alert=alert)
    identity = content_id("evt", alert.id)
    return event(data, key=alert.client_id, id=identity, source="firstword/matcher", time=alert.raised_at)
