"""Annotate and judge keep the promises that runtimes rely on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import Alert, AlertRaised
from schemas.base import content_id, event
from schemas.clients import Client, ClientChanged, ClientRemoved, Firm, Manager, Watch, WatchKind
from schemas.items import Item, ItemIngested, Source
from schemas.mentions import ItemAnnotated, SourceGrade, SourceGraded
from schemas.readings import EventFamily
from schemas.topics import decode, encode
from services.common.errors import KnownBadEvent
from services.common.processing import AnyEvent
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.matcher.reading.reader import Reader
from services.matcher.stories.threads import JudgeState
from tests.unit.services.matcher.readings import FixedReader, reading

START = datetime(2026, 3, 2, 8, tzinfo=UTC)
LEDGER = SourceGrade(domain="ledger.example", publisher="The Ledger", owner="Ledger Media", grade="A", ground="test")
HERALD = SourceGrade(domain="herald.example", publisher="The Herald", owner="Herald Press", grade="B", ground="test")


def watch(kind: WatchKind = "holding", name: str = "Halden Energy") -> Watch:
    return Watch(entity_id=name.lower().replace(" ", "-"), name=name, kind=kind, weight=0.1)


def book_event(client_id: str, *watches: Watch) -> AnyEvent:
    client = Client(
        id=client_id,
        name=client_id,
        manager_id="m",
        trade="wealth",
        assets=tuple(item for item in watches if item.is_asset),
        interests=tuple(item for item in watches if not item.is_asset),
    )
    data = ClientChanged(client=client, firm=Firm(name="f"), manager=Manager(id="m", name="m"))
    return event(data, key=client_id, id=content_id("evt", client_id), source="test", time=START)


def item_event(
    number: int, title: str, summary: str = "", host: str = "ledger.example", body: str | None = None
) -> AnyEvent:
    at = START + timedelta(hours=number)
    item = Item(
        id=f"itm_{number:03}",
        title=title,
        summary=summary or None,
        body=body,
        published_at=at,
        fetched_at=at,
        source=Source(feed_url=f"https://{host}/feed", host=host),
    )
    return event(ItemIngested(item=item), key=item.id, id=content_id("evt", item.id), source="test", time=at)


class Matcher:
    """Both processors with their state, without a runtime."""

    def __init__(self, *book: AnyEvent, reader: Reader | None = None) -> None:
        self.annotate, self.judge = Annotate(reader=reader), Judge()
        self.states: dict[str, JudgeState] = {}
        for grade in (LEDGER, HERALD):
            data = SourceGraded(source=grade)
            self.update_reference(event(data, key=grade.domain, id=grade.domain, source="test", time=START))
        for change in book:
            self.update_reference(change)

    def update_reference(self, change: AnyEvent) -> None:
        self.annotate.update_reference(change)
        if not isinstance(change.data, SourceGraded):
            self.judge.update_reference(change)

    def annotated(self, item: AnyEvent) -> Sequence[AnyEvent]:
        return self.annotate.process(None, item, item.time)[1]

    def push(self, item: AnyEvent) -> list[Alert]:
        alerts: list[Alert] = []
        for annotated in self.annotated(item):
            key = self.judge.key(annotated)
            state = self.states.get(key) or self.judge.initial(key)
            self.states[key], out = self.judge.process(state, annotated, annotated.time)
            alerts += alerts_in(out)
        return alerts

    def tick(self, key: str) -> list[Alert]:
        until = self.judge.next_tick(self.states[key])
        assert until is not None
        self.states[key], out = self.judge.tick(self.states[key], until)
        return alerts_in(out)


def alerts_in(events: Sequence[AnyEvent]) -> list[Alert]:
    return [raised.data.alert for raised in events if isinstance(raised.data, AlertRaised)]


CUT = ("Halden Energy cuts its dividend by half", "Halden Energy has cut its dividend by half.")
RUMOR = ("Halden Energy said to weigh new brand", "Halden Energy is said to be weighing a new brand, sources say.")


def test_an_item_without_a_mention_has_no_annotation() -> None:
    assert Matcher(book_event("a", watch())).annotated(item_event(0, "Harbour festival draws crowd")) == ()


def test_each_watched_entity_in_an_item_has_an_annotation() -> None:
    matcher = Matcher(book_event("a", watch(), watch("competitor", "Meridia Bank")))
    annotations = matcher.annotated(item_event(0, "Halden Energy borrows from Meridia Bank"))
    assert sorted(annotated.subject for annotated in annotations) == ["halden-energy", "meridia-bank"]
    assert len({annotated.id for annotated in annotations}) == 2


def test_annotations_alerts_and_states_can_be_encoded_and_decoded() -> None:
    matcher = Matcher(book_event("a", watch()))
    (annotated,) = matcher.annotated(item_event(0, *CUT))
    assert decode("mentions", encode(annotated)) == annotated
    state, out = matcher.judge.process(matcher.judge.initial("halden-energy"), annotated, annotated.time)
    assert [decode("alerts", encode(raised)) for raised in out] == list(out)
    assert matcher.judge.load(matcher.judge.dump(state)) == state


def test_the_quote_is_verbatim_and_a_long_body_is_cut() -> None:
    matcher = Matcher(book_event("a", watch()))
    body = "Weather was fine. Halden Energy cut its dividend by 40%. " + "More text follows here. " * 400
    (annotated,) = matcher.annotated(item_event(0, "Halden Energy news", body=body))
    data = annotated.data
    assert isinstance(data, ItemAnnotated)
    assert data.item.body is not None
    assert len(data.item.body) == 4_000
    assert data.quote == "Halden Energy cut its dividend by 40%."


def test_grades_and_book_take_effect_at_the_next_item() -> None:
    matcher = Matcher(book_event("a", watch()))
    assert matcher.push(item_event(0, *CUT))[0].information_grade == 2
    worse = LEDGER.model_copy(update={"grade": "E"})
    matcher.update_reference(event(SourceGraded(source=worse), key=worse.domain, id="g2", source="test", time=START))
    matcher.update_reference(book_event("a", watch("holding", "Meridia Bank")))
    assert matcher.annotated(item_event(1, *CUT)) == ()
    (alert,) = matcher.push(item_event(2, "Meridia Bank cuts its dividend"))
    assert alert.source_grade == "E"


def test_the_same_event_twice_changes_nothing() -> None:
    matcher = Matcher(book_event("a", watch()))
    matcher.push(item_event(0, *CUT))
    before = matcher.states["halden-energy"]
    assert matcher.push(item_event(0, *CUT)) == []
    assert matcher.states["halden-energy"] == before


def test_an_alert_has_all_its_fields() -> None:
    (alert,) = Matcher(book_event("a", watch())).push(item_event(0, *CUT))
    assert alert.id == content_id("alr", "a", alert.story_id, "tell", 0, alert.entity_id)
    assert (alert.verdict, alert.kind, alert.entity_name, alert.stance) == (
        "tell",
        "dividend_cut",
        "Halden Energy",
        "holds",
    )
    assert alert.raised_at == START
    assert alert.deadline_at == START + timedelta(hours=24)
    assert alert.evidence[0].quote in (item_event(0, *CUT).data.item.text())  # type: ignore[attr-defined]
    grades, read = ["believed", "good-source", "no-comment"], ["mention", "reading", "claim", "event"]
    assert [reason.rule for reason in alert.reasons] == [*grades, *read, "relevance"]


@pytest.mark.parametrize("kind", ["other", "legal", "cutback", "politics", "reputation", "labour", "product"])
def test_a_large_event_of_whatever_kind_is_told(kind: EventFamily) -> None:
    large = FixedReader(reading(role="actor", kind=kind, weight="major"))
    matcher = Matcher(book_event("alma", watch()), reader=large)
    (alert,) = matcher.push(item_event(0, "Halden Energy moves its seat to the sea floor"))
    told = "information" if kind == "other" else "tell"
    assert (alert.verdict, alert.kind, alert.size) == (told, kind, "major")


def test_the_headline_of_an_alert_is_without_label_and_publisher() -> None:
    (alert,) = Matcher(book_event("a", watch())).push(item_event(0, f"BREAKING: {CUT[0]} | ledger.example", CUT[1]))
    assert alert.headline == CUT[0]
    assert alert.evidence[0].title == f"BREAKING: {CUT[0]} | ledger.example"


def test_a_held_rumor_has_an_answer_and_expires() -> None:
    matcher = Matcher(book_event("a", watch()))
    (held,) = matcher.push(item_event(0, *RUMOR))
    assert held.verdict == "hold"
    assert held.if_they_ask is not None
    (gone,) = matcher.tick("halden-energy")
    assert (gone.verdict, gone.earlier_alert_id, gone.revision) == ("ignore", held.id, 1)
    assert gone.raised_at == START + timedelta(days=14)
    assert matcher.judge.next_tick(matcher.states["halden-energy"]) is None


def test_a_correction_refers_to_the_alert_it_corrects() -> None:
    matcher = Matcher(book_event("a", watch()))
    (told,) = matcher.push(item_event(0, *CUT))
    withdrawal = (
        "Correction: Halden Energy did not cut its dividend",
        "We retract our report that Halden Energy cut its dividend.",
    )
    (corrected,) = matcher.push(item_event(5, *withdrawal))
    assert (corrected.verdict, corrected.earlier_alert_id, corrected.earlier_verdict) == ("correct", told.id, "tell")


def test_a_removed_client_gets_no_alerts() -> None:
    matcher = Matcher(book_event("a", watch()), book_event("b", watch()))
    assert len(matcher.push(item_event(0, *RUMOR))) == 2
    removed = event(ClientRemoved(client_id="a"), key="a", id="r", source="test", time=START)
    matcher.update_reference(removed)
    assert [alert.client_id for alert in matcher.tick("halden-energy")] == ["b"]
    assert matcher.judge.next_tick(matcher.states["halden-energy"]) is None


def test_two_assets_of_one_client_in_one_item_are_one_story() -> None:
    matcher = Matcher(book_event("a", watch(), watch(name="Meridia Bank")))
    title = "Halden Energy and Meridia Bank cut dividends"
    left, right = matcher.push(item_event(0, title, "Halden Energy and Meridia Bank cut their dividends."))
    assert left.entity_id != right.entity_id
    assert (left.id, left.story_id, left.verdict) == (right.id, right.story_id, right.verdict)


def test_every_span_is_within_the_body_that_is_passed_on() -> None:
    matcher = Matcher(book_event("a", watch()))
    body = "Halden Energy cut its dividend. " + "More text follows here. " * 400 + "Halden Energy again."
    (annotated,) = matcher.annotated(item_event(0, "Energy news", body=body))
    data = annotated.data
    assert isinstance(data, ItemAnnotated)
    assert data.item.body is not None
    for span in data.mention.spans:
        assert data.item.body[span.start : span.end] == span.text


def test_unexpected_events_are_refused_with_their_type() -> None:
    matcher = Matcher()
    with pytest.raises(KnownBadEvent, match="ingested"):
        matcher.annotate.process(None, book_event("a", watch()), START)
    with pytest.raises(KnownBadEvent, match="annotated"):
        matcher.judge.process(matcher.judge.initial("x"), item_event(0, "t"), START)


@pytest.mark.slow
def test_the_state_of_one_entity_is_bounded() -> None:
    matcher = Matcher(book_event("a", watch()))
    words = ["harbour", "bridge", "meadow", "lantern", "copper", "violin", "orchard", "granite", "saddle", "compass"]
    for number in range(150):
        text = f"Halden Energy opens {words[number % 10]} {words[number // 10 % 10]} {number}"
        matcher.push(item_event(number, text, host="herald.example"))
    state = matcher.states["halden-energy"]
    assert len(state.threads) <= 60
    assert all(len(thread.evidence) <= 20 for thread in state.threads.values())
    assert len(matcher.judge.dump(state)) < 500_000


TITLES = [
    *(pair for pair in (CUT, RUMOR)),
    ("Halden Energy denies dividend cut", "Halden Energy denies that it cut its dividend, the company said."),
    ("Correction: Halden Energy kept its dividend", "The Ledger retracts its report."),
    ("Halden Energy recalls 400 heat pumps", "Halden Energy recalled 400 heat pumps, the company said in a statement."),
    ("Halden Energy recalls 900 heat pumps", "Halden Energy recalled 900 heat pumps, the company said in a statement."),
    ("Opinion: Halden Energy should sell", "It should."),
]
steps = st.lists(
    st.tuples(st.sampled_from(TITLES), st.sampled_from(["ledger.example", "herald.example", "nobody.example"])),
    max_size=10,
)


@pytest.mark.slow
@given(steps)
def test_any_sequence_of_items_keeps_the_promises(course: list[tuple[tuple[str, str], str]]) -> None:
    matcher = Matcher(book_event("a", watch()), book_event("b", watch("competitor")))
    raised: list[Alert] = []
    for number, ((title, summary), host) in enumerate(course):
        raised += matcher.push(item_event(number, title, summary, host))
        for key, state in list(matcher.states.items()):
            again = matcher.judge.load(matcher.judge.dump(state))
            assert again == state
            matcher.states[key] = again
    assert len({alert.id for alert in raised}) == len(raised)
    last: dict[tuple[str, str], Alert] = {}
    for alert in raised:
        earlier = last.get((alert.client_id, alert.story_id))
        assert alert.revision == (earlier.revision + 1 if earlier else 0)
        if alert.verdict == "correct":
            assert earlier is not None
            assert earlier.verdict in ("tell", "warn")
        if alert.verdict == "tell":
            assert alert.information_grade <= 2
        last[alert.client_id, alert.story_id] = alert
