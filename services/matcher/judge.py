"""Processor: annotated items of one entity → alerts. Items are judged in the order in which they arrive.

A verdict is raised once, and again only when it changes or when a material update to what was told comes in; everything
else is added as evidence without an alert. A client who begins to watch an entity gets alerts about its running stories
with the next item on them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import ClassVar

from schemas.alerts import Alert, Evidence
from schemas.clients import ClientChanged, ClientRemoved
from schemas.interactions import ClientTuned
from schemas.mentions import ItemAnnotated
from schemas.readings import ReadingReviewed
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent, Processor
from services.matcher.judgment.alerts import alert_raised, build_alert, rank_evidence
from services.matcher.judgment.credibility import Assessment, assess, said_by_both, without_additions
from services.matcher.judgment.explanations import explain_item
from services.matcher.judgment.outcomes import expire_rumor, resolve_rumor
from services.matcher.judgment.relevance import RelevanceRules, default_relevance_rules
from services.matcher.judgment.scope import INSIDE, ScopeFit, fit_scope
from services.matcher.judgment.second_reading import objection_of
from services.matcher.judgment.tuning import TunedThresholds
from services.matcher.judgment.verdict import Decision, Situation, decide, decide_expired, should_alert
from services.matcher.mentions.book_index import BookIndex, ClientWatch
from services.matcher.mentions.scopes import ScopeText
from services.matcher.stories.assignment import assign_to_story
from services.matcher.stories.evidence import EvidenceRecord
from services.matcher.stories.merging import StoryUpdate
from services.matcher.stories.not_news import OLD_NEWS
from services.matcher.stories.old_news import old_news_reason, remember_story
from services.matcher.stories.pairwise import report_of
from services.matcher.stories.related import related_stories, story_reports
from services.matcher.stories.serialization import dump_state, load_state
from services.matcher.stories.threads import TOLD, ClientVerdict, JudgeState, Thread, prune
from services.matcher.text.preparation import title_of
from services.matcher.thresholds import Thresholds, default_thresholds

__all__ = ["Judge"]


class Judge(Processor[JudgeState]):
    """``ItemAnnotated`` → ``AlertRaised`` for each client for whom the story's verdict is new or has changed.

    ``ReadingReviewed`` lowers a verdict to hold if a second reader objects to the story, and never raises one.
    When a rumor ends, also ``RumorResolved`` for each source that ran it.
    """

    name: ClassVar[str] = "judge"
    inputs: ClassVar[tuple[str, ...]] = ("mentions",)
    references: ClassVar[tuple[str, ...]] = ("clients", "tunings")
    outputs: ClassVar[tuple[str, ...]] = ("alerts", "outcomes")

    def __init__(self, thresholds: Thresholds | None = None, relevance: RelevanceRules | None = None) -> None:
        """Judge by the default thresholds and relevance rules unless others are given."""
        self._thresholds = thresholds or default_thresholds()
        self._relevance = relevance or default_relevance_rules()
        self._book = BookIndex()
        self._tuned = TunedThresholds(self._thresholds)

    def update_reference(self, event: AnyEvent) -> None:
        """Apply a change of the client book, or of a client's thresholds by feedback."""
        if isinstance(event.data, ClientChanged):
            self._book.put_client(event.data.client)
        elif isinstance(event.data, ClientRemoved):
            self._book.remove_client(event.data.client_id)
        elif isinstance(event.data, ClientTuned):
            self._tuned.update(event.data)

    def initial(self, key: str) -> JudgeState:
        """Return the empty state of the entity ``key``."""
        return JudgeState(entity_id=key)

    def dump(self, state: JudgeState) -> bytes:
        """Return the state as bytes."""
        return dump_state(state)

    def load(self, raw: bytes) -> JudgeState:
        """Return the state from bytes."""
        return load_state(raw)

    def process(self, state: JudgeState, event: AnyEvent, now: datetime) -> tuple[JudgeState, Sequence[AnyEvent]]:
        """Assign the item to its story, then decide for every client who watches the entity."""
        annotated = event.data
        if isinstance(annotated, ReadingReviewed):
            return self._review(state, annotated, now)
        if not isinstance(annotated, ItemAnnotated):
            raise KnownBadEvent(f"judge takes annotated items, not {event.type}.")
        client_watches = self._book.client_watches(annotated.entity_id)
        if not client_watches or state.has_seen(annotated.item.id, annotated.revision):
            return state, ()
        state = prune(state, now, self._thresholds)
        old = old_news_reason(self._thresholds, state, annotated)
        state, update = assign_to_story(self._thresholds, state, annotated, now, old)
        if annotated.background:
            return remember_story(state.with_thread(update.thread), update.thread, annotated), ()
        # One alert about old news a day is enough.
        is_old = update.thread.not_news in OLD_NEWS
        already_reported = state.stale_on == now.date()
        silent = is_old and already_reported
        thread, events = self._decide_for_clients(state, update, client_watches, now, silent=silent)
        if is_old and events:
            state = replace(state, stale_on=now.date())
        return remember_story(state.with_thread(thread), thread, annotated), events

    def next_tick(self, state: JudgeState) -> datetime | None:
        """Return when the first held rumor expires, or None."""
        expiries = (thread.held_until() for thread in state.threads.values())
        return min((expiry for expiry in expiries if expiry is not None), default=None)

    def tick(self, state: JudgeState, now: datetime) -> tuple[JudgeState, Sequence[AnyEvent]]:
        """Expire held rumors that nobody took up, and raise an alert for each."""
        events: list[AnyEvent] = []
        for story_id in sorted(state.threads):
            thread = state.threads[story_id]
            expiry = thread.held_until()
            if expiry is not None and expiry <= now:
                thread, expired = self._expire(state.entity_id, thread, now)
                state = state.with_thread(thread)
                events += expired
        return state, events

    def _review(
        self, state: JudgeState, review: ReadingReviewed, now: datetime
    ) -> tuple[JudgeState, Sequence[AnyEvent]]:
        """Note a second reader's objection to an item, or that it has none, and decide again about the story.

        A review of an item that is gone, or was revised since, changes nothing.
        """
        found = state.thread_of(review.reading.item_id, review.revision)
        if found is None:
            return state, ()
        thread, record = found[0], replace(found[1], objection=objection_of(review))
        objected, thread = thread.objection, thread.with_evidence(record)
        if thread.objection == objected:
            return state.with_thread(thread), ()
        events: list[AnyEvent] = []
        assessment = assess(thread.evidence, thread.event)
        for client_watch in self._book.client_watches(review.entity_id):
            client_id, earlier = client_watch.client_id, thread.verdicts.get(client_watch.client_id)
            if earlier is None or earlier.verdict == "ignore":
                continue
            situation = self._situation(client_watch, thread, assessment)
            decision = decide(situation, self._tuned.for_client(client_id, review.entity_id))
            if not should_alert(situation, decision, material=False):
                continue
            alert = build_alert(
                situation,
                decision,
                headline=thread.headline,
                evidence=rank_evidence(thread, record, story_reports(state, thread)),
                now=now,
                trigger_id=record.item_id,
                reading=review.reading,
            )
            events.append(alert_raised(alert))
            thread = thread.with_verdict(client_id, self._client_verdict(alert, decision, earlier, now))
        return state.with_thread(thread), events

    def _decide_for_clients(
        self,
        state: JudgeState,
        update: StoryUpdate,
        client_watches: Sequence[ClientWatch],
        now: datetime,
        *,
        silent: bool,
    ) -> tuple[Thread, list[AnyEvent]]:
        """Decide for each client; ``silent``: a first verdict to ignore the story raises no alert."""
        entity_id, trigger = update.annotated.entity_id, update.trigger
        assessment = assess(update.thread.evidence, update.thread.event)
        thread, outcomes = resolve_rumor(update.thread, assessment, trigger, entity_id, now)
        events: list[AnyEvent] = []
        # The same for all clients, built only if an alert is raised.
        evidence: tuple[Evidence, ...] | None = None
        related: tuple[str, ...] | None = None
        two_fair = any(why.rule == "fair-sources" for why in assessment.reasons)
        head = said_by_both(trigger, thread.evidence) if two_fair else trigger
        headline = title_of(update.annotated.item) if head is trigger else head.title
        text = ScopeText(update.annotated.item, _quotes(thread, trigger))
        for client_watch in client_watches:
            client_id, earlier = client_watch.client_id, thread.verdicts.get(client_watch.client_id)
            if earlier is not None and not trigger.counts:
                continue
            fit = fit_scope(client_watch.watch, text, thread.event)
            if fit.outside is not None and earlier is not None and earlier.verdict != "ignore":
                fit = INSIDE  # what was told or held stays in scope
            situation = self._situation(client_watch, thread, assessment, fit)
            decision = decide(situation, self._tuned.for_client(client_id, entity_id))
            if silent and earlier is None and decision.verdict == "ignore":
                thread = thread.with_verdict(client_id, ClientVerdict("ignore", 0, ""))
            elif should_alert(situation, decision, material=update.material):
                if evidence is None:
                    reports = (*story_reports(state, thread), report_of(update.annotated))
                    evidence = rank_evidence(thread, head if update.leads else None, reports)
                    evidence = without_additions(evidence, head) if two_fair else evidence
                if related is None and decision.verdict in TOLD:
                    related = related_stories(state, thread)
                alert = build_alert(
                    situation,
                    _with_item_reasons(decision, update.annotated),
                    headline=headline if update.leads else thread.headline,
                    evidence=evidence,
                    now=now,
                    trigger_id=trigger.item_id,
                    reading=update.annotated.reading if head is trigger else None,
                    related=related or (),
                )
                events.append(alert_raised(alert))
                thread = thread.with_verdict(client_id, self._client_verdict(alert, decision, earlier, now))
            elif earlier is not None and earlier.verdict == "hold":
                # Somebody repeated the rumor: the hold starts again.
                thread = thread.with_verdict(client_id, replace(earlier, held_until=self._hold_until(now)))
        return thread, events + outcomes

    def _expire(self, entity_id: str, thread: Thread, now: datetime) -> tuple[Thread, list[AnyEvent]]:
        events: list[AnyEvent] = []
        rumor = False
        assessment = assess(thread.evidence, thread.event)
        for client_id in sorted(thread.verdicts):
            earlier = thread.verdicts[client_id]
            if earlier.held_until is None or earlier.held_until > now:
                continue
            client_watch = self._book.client_watch(entity_id, client_id)
            if client_watch is None:
                thread = thread.with_verdict(client_id, None)
                continue
            decision = decide_expired(thread, assessment, self._thresholds, disputed=earlier.disputed)
            alert = build_alert(
                self._situation(client_watch, thread, assessment),
                decision,
                headline=thread.headline,
                evidence=rank_evidence(thread, None),
                now=now,
            )
            events.append(alert_raised(alert))
            rumor = rumor or not earlier.disputed
            told = earlier.verdict in TOLD
            expired = ClientVerdict(
                earlier.verdict if told else "ignore",
                alert.revision,
                alert.id,
                disputed=told,
                contested=earlier.contested,
            )
            thread = thread.with_verdict(client_id, expired)
        thread, outcomes = expire_rumor(thread, entity_id, now) if rumor else (thread, [])
        return thread, events + outcomes

    def _situation(
        self, client_watch: ClientWatch, thread: Thread, assessment: Assessment, fit: ScopeFit = INSIDE
    ) -> Situation:
        return Situation(
            client_id=client_watch.client_id,
            watch=client_watch.watch,
            thread=thread,
            assessment=assessment,
            relevance=self._relevance.score(
                client_watch.watch,
                thread.event,
                self._thresholds,
                fit,
                trade=client_watch.trade,
                newsrooms=thread.newsrooms,
            ),
            earlier=thread.verdicts.get(client_watch.client_id),
        )

    def _client_verdict(
        self, alert: Alert, decision: Decision, earlier: ClientVerdict | None, now: datetime
    ) -> ClientVerdict:
        """Return what is remembered of an alert; in a dispute, still that the client may have been told."""
        held_until = self._hold_until(now) if alert.verdict == "hold" else None
        told = decision.disputed and earlier is not None and earlier.verdict in TOLD
        verdict = earlier.verdict if earlier is not None and told else alert.verdict
        return ClientVerdict(
            verdict,
            alert.revision,
            alert.id,
            held_until,
            alert.information_grade,
            disputed=decision.disputed,
            contested=alert.contested,
        )

    def _hold_until(self, now: datetime) -> datetime:
        return now + timedelta(days=self._thresholds.hold_days)


def _quotes(thread: Thread, trigger: EvidenceRecord) -> tuple[str, ...]:
    """Return the titles and quotes of the story's other items."""
    others = [record for record in thread.evidence if record.counts and record.item_id != trigger.item_id]
    return tuple(dict.fromkeys(text for record in others for text in (record.title, record.quote)))


def _with_item_reasons(decision: Decision, annotated: ItemAnnotated) -> Decision:
    """Add how the item was read to the reasons: the decisive reason stays first, the relevance last."""
    if len(decision.reasons) == 1:  # not news: that alone is the reason
        return decision
    *others, relevance = decision.reasons
    return decision._replace(reasons=(*others, *explain_item(annotated), relevance))
