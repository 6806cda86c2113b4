"""Run a forging case through the pipeline, and report what a careful adviser would not accept."""

from __future__ import annotations

import asyncio
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Literal

from sqlalchemy import create_engine
from sqlalchemy.pool import StaticPool

from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from firstword.runtimes.replay import item_events
from schemas.alerts import Alert, AlertRaised, Evidence
from schemas.base import content_id, event
from schemas.clients import Client, ClientChanged
from schemas.drafts import Draft, DraftCreated
from schemas.items import Item, ItemIngested
from schemas.mentions import SourceGrade
from services.common.clock import ManualClock
from services.common.processing import AnyEvent
from services.ingest.fetch.fetchers import Response, Validators
from services.ingest.parse.item_lines import BadLine, dump_item, read_items
from services.ingest.service import IngestService
from services.ingest.tables import metadata
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.matcher.sources.publishers import SourceTable, default_sources
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import DraftWriter
from tests.fakes import CollectingPublisher
from tests.forging.loader import NOTHING, Case, Document, Step, load_publishers
from tests.forging.messages import Messages, sent
from tests.scenarios.loader import BEGINNING, FIRM, MANAGER

__all__ = ["Failure", "FailureKind", "failures"]

#: told: something forged was told as a fact · corrected: something true was corrected · graded: a forged item counts
#: for more than its channel · named: it is shown under another publisher's name · missed: something true did not
#: arrive as it should · final: the last verdict is not one of the acceptable ones · other: any other wrong verdict.
FailureKind = Literal["told", "corrected", "graded", "named", "missed", "final", "other"]
TOLD = frozenset(("tell", "information"))
#: Channels with these grades may speak for themselves alone.
GOOD = frozenset(("A", "B"))
#: Grades of information that no channel graded C or lower may bring about.
SETTLED = frozenset((1, 2, 5))


@dataclass(frozen=True)
class Failure:
    """A departure from what is acceptable, in words. ``step`` counts from 1; 0 is the end of the case."""

    step: int
    kind: FailureKind
    text: str

    def __str__(self) -> str:
        return f"step {self.step}: {self.kind}: {self.text}"


def failures(case: Case) -> list[Failure]:
    """Return what is not acceptable in the course of ``case``."""
    course = _Course(case)
    last: dict[str, str] = {}
    found: list[Failure] = []
    for number, step in enumerate(case.steps, 1):
        alerts = list(course.take(step))
        found += _judge_step(number, step, alerts)
        found += [failure for alert in alerts for failure in _judge_evidence(number, alert, course)]
        found += [Failure(number, "told", problem) for problem in course.problems]
        last.update({alert.client_id: alert.verdict for alert in alerts})
    for client, accepted in case.finally_.items():
        verdict = last.get(client, NOTHING)
        if verdict not in accepted:
            found.append(Failure(0, "final", f"{client}: {verdict}, not {_words(accepted)}"))
    return found


def _judge_step(number: int, step: Step, alerts: list[Alert]) -> Iterator[Failure]:
    for client, accepted in step.accepted.items():
        own = [alert for alert in alerts if alert.client_id == client]
        for alert in own:
            if alert.verdict not in accepted:
                yield Failure(number, _kind_of(step, alert), f"{_describe(alert)}, not {_words(accepted)}")
        if not own and NOTHING not in accepted:
            yield Failure(number, "missed", f"{client}: no alert, not {_words(accepted)}")


def _kind_of(step: Step, alert: Alert) -> FailureKind:
    if alert.verdict == "correct":
        return "corrected"
    if step.attack and alert.verdict in TOLD:
        return "told"
    return "other" if step.attack else "missed"


def _judge_evidence(number: int, alert: Alert, course: _Course) -> Iterator[Failure]:
    """Yield a failure for each forged item that the alert shows with more weight, or another name, than its channel."""
    for position, evidence in enumerate(alert.evidence):
        if evidence.item_id not in course.forged:
            continue
        channel = course.forged[evidence.item_id]
        known = course.sources.lookup(channel)
        if known.grade not in GOOD and evidence.source_grade in GOOD:
            yield Failure(number, "graded", f"{evidence.publisher} through {channel} counts as {evidence.source_grade}")
        if not _is_shown_as_itself(evidence, channel, known, course.sources, course.senders):
            yield Failure(number, "named", f"{channel} is shown as {evidence.publisher!r}")
        if position == 0 and alert.verdict in TOLD and evidence.item_id in course.untrue:
            yield Failure(
                number, "told", f"{alert.client_id}: {alert.verdict} quotes {channel} first: {evidence.title}"
            )
        if position == 0 and known.grade not in GOOD and alert.information_grade in SETTLED and course.attacking:
            yield Failure(number, "graded", f"{_describe(alert)} on the word of {channel}")


def _is_shown_as_itself(
    evidence: Evidence, channel: str | None, known: SourceGrade, sources: SourceTable, senders: tuple[str, ...]
) -> bool:
    """Return whether the name that an account manager reads is that of the channel, or contains its host.

    Of an aggregator, it may be whom the aggregator carries, of a mailbox the sender's domain, and of a part of a site
    that others write, what says so. Letters that nobody sees may not be in it, and what stands before the host may not
    be another publisher's name.
    """
    shown = evidence.publisher
    if any(unicodedata.category(letter).startswith("C") for letter in shown):
        return False
    if shown == "unknown publisher" or (shown == known.publisher and channel in (known.domain, f"www.{known.domain}")):
        return True
    hosts = [channel, known.domain, *senders, evidence.host if known.kind == "aggregator" else None]
    host = next((host for host in hosts if host and host in shown), None)
    if host is None:
        return False
    name = shown.partition(host)[0].strip(" (")
    named = sources.named(name) if name else None
    return named is None or named.publisher == known.publisher


class _Course:
    """The pipeline with the book and the source grades of a case, and the feeds that its documents come through."""

    def __init__(self, case: Case) -> None:
        self.sources = _sources()
        self._runtime = MemoryRuntime(Pipeline((Annotate(self.sources), Judge(), DraftWriter(Playbooks.shipped()))))
        self._polls: _Polls | None = None
        self._lines = _Lines()
        #: The channel of each forged item, by item id.
        self.forged: dict[str, str | None] = {}
        self.attacking = False
        #: What is wrong with the messages on the latest step.
        self.problems: list[str] = []
        #: The domains from which a mail server says that the messages of the case came.
        self.senders = tuple(sender for step in case.steps if step.item for sender in step.item.source.speaks_for)
        self.untrue: set[str] = set()
        self._messages = Messages(self.untrue)
        for client in case.clients:
            for _ in self._runtime.push(_changed(client)):
                raise AssertionError("the book alone raised events")

    def take(self, step: Step) -> Iterator[Alert]:
        """Let the time of ``step`` come, pass on what it brings, and yield the alerts."""
        self.attacking = step.attack
        self.problems = []
        yield from self._alerts(self._runtime.finish(step.at), step.at)
        for item_event in self._events_of(step):
            data = item_event.data
            if step.attack and isinstance(data, ItemIngested):
                self.forged[data.item.id] = step.channel
                if not step.accurate and self.sources.lookup(step.channel).grade not in GOOD:
                    self.untrue.add(data.item.id)
            yield from self._alerts(self._runtime.push(item_event), step.at)

    def _alerts(self, events: Iterator[AnyEvent], at: datetime) -> Iterator[Alert]:
        """Yield the alerts among ``events``, check the messages, and send each at once."""
        drafts: list[Draft] = []
        for found in events:
            if isinstance(found.data, AlertRaised):
                self._messages.note(found.data.alert.evidence)
                yield found.data.alert
            elif isinstance(found.data, DraftCreated):
                drafts.append(found.data.draft)
        replaced = {draft.supersedes for draft in drafts}  # by another of the same moment, so nobody sends it
        for draft in drafts:
            if draft.id in replaced:
                continue
            self.problems += self._messages.problems(draft)
            identity = content_id("evt", "sent", draft.id)
            delivered = event(sent(draft), key=draft.client_id, id=identity, source="firstword/forging", time=at)
            for _ in self._runtime.push(delivered):
                raise AssertionError("a message that was sent raised events")

    def _events_of(self, step: Step) -> Iterator[AnyEvent]:
        if step.item is not None:
            yield from self._lines.events_of(step.item)
        elif step.document is not None:
            self._polls = self._polls or _Polls()
            yield from self._polls.events_of(step.document, step.at)


@cache
def _sources() -> SourceTable:
    """Return the shipped table with the invented publishers; one for all cases, because it is costly to build."""
    return default_sources().with_grades(load_publishers().values())


class _Lines:
    """Replays items from JSON lines, as ``firstword replay`` does."""

    def __init__(self) -> None:
        self._items: dict[str, list[Item]] = {}

    def events_of(self, item: Item) -> list[AnyEvent]:
        """Return the event of ``item``, or nothing if it repeats what was read before."""
        (read,) = read_items([dump_item(item)], "case")
        if isinstance(read, BadLine):
            raise AssertionError(str(read))
        # Whom a feed may speak for is set when it is added, so a line cannot carry it.
        source = read.source.model_copy(update={"speaks_for": item.source.speaks_for})
        before = self._items.setdefault(item.id, [])  # others change nothing
        passed_on = len(list(item_events(before)))
        before.append(read.model_copy(update={"source": source}))
        return list(item_events(before))[passed_on:]


class _Polls:
    """Polls feeds whose bytes a case gives, through the ingest service."""

    def __init__(self) -> None:
        engine = create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        metadata.create_all(engine)
        self._bytes = _Bytes()
        self._clock = ManualClock(BEGINNING)
        self._publisher = CollectingPublisher()
        self._service = IngestService(engine, self._bytes, self._publisher, self._clock)

    def events_of(self, document: Document, at: datetime) -> list[AnyEvent]:
        """Return the items that a poll of the document at ``at`` publishes; a feed is added when it first comes."""
        self._bytes.raw[document.feed_url] = document.raw
        listed = {state.feed.url: state.feed for state in self._service.list_feeds()}
        self._clock.set(at)
        feed = listed.get(document.feed_url) or self._service.add_feed(document.feed_url)
        before = len(self._publisher.events)
        result = asyncio.run(self._service.poll(feed.id))
        if result is None or result.outcome.kind == "broken":
            raise AssertionError(f"{document.feed_url} is not a feed: {result}")
        return [found for found in self._publisher.events[before:] if isinstance(found.data, ItemIngested)]


class _Bytes:
    """A fetcher that returns the bytes it was given for each URL."""

    def __init__(self) -> None:
        self.raw: dict[str, bytes] = {}

    async def fetch(
        self, url: str, validators: Validators, now: datetime, secret_headers: Mapping[str, str] | None = None
    ) -> Response:
        return Response(200, url, self.raw[url])

    async def aclose(self) -> None:
        """Close nothing."""


def _changed(client: Client) -> AnyEvent:
    data = ClientChanged(client=client, firm=FIRM, manager=MANAGER)
    identity = content_id("evt", client.id)
    return event(data, key=client.id, id=identity, source="firstword/forging", time=BEGINNING)


def _describe(alert: Alert) -> str:
    rules = ", ".join(reason.rule for reason in alert.reasons[:3])
    grade = f"{alert.source_grade}{alert.information_grade}"
    return f"{alert.client_id}: {alert.verdict} {grade} {alert.kind} [{rules}] {alert.headline[:70]!r}"


def _words(accepted: frozenset[str]) -> str:
    return " or ".join(sorted(accepted))
