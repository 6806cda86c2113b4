"""The judge lowers a verdict when a second reader objects, and never raises one."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.alerts import Alert
from schemas.base import event
from schemas.items import ItemIngested
from schemas.mentions import ItemAnnotated
from schemas.readings import FIELD_VALUES, Reading, ReadingField, ReadingReviewed, SecondReading
from services.common.processing import AnyEvent
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from tests.unit.services.matcher.readings import FixedReader, reading
from tests.unit.services.matcher.test_processors import LEDGER, START, Matcher, alerts_in, book_event, item_event, watch

KEY = "halden-energy"
CUT = ("Halden Energy cuts its dividend by half", "Halden Energy has cut its dividend by half, it said.")
AGAIN = ("Halden Energy halves its dividend", "Halden Energy has halved its dividend, the board said.")


class ReadMatcher(Matcher):
    """Both processors; the readings are fixed."""

    def __init__(self, *book: AnyEvent) -> None:
        super().__init__(*book, reader=FixedReader(reading(kind="dividend", direction="bad")))

    def review(self, number: int, *disputes: ReadingField, **fields: str) -> list[Alert]:
        """Review the item with this number."""
        return self.take(number, a_review(f"itm_{number:03}", *disputes, **fields))

    def take(self, number: int, reviewed: ReadingReviewed) -> list[Alert]:
        """Judge a review that came after the item with this number."""
        at = START + timedelta(hours=number, minutes=1)
        self.states[KEY], out = self.judge.process(self.states[KEY], an_event(reviewed, at), at)
        assert self.judge.load(self.judge.dump(self.states[KEY])) == self.states[KEY]
        return alerts_in(out)


def a_review(item_id: str, *disputes: ReadingField, **fields: str) -> ReadingReviewed:
    first = reading(item_id=item_id, entity_id=KEY, kind="dividend", direction="bad")
    values = {name: getattr(first, name) for name in FIELD_VALUES} | fields
    second = SecondReading.model_validate({**values, "model": "m", "quote": "Halden Energy"})
    marked = first.model_copy(update={"read_by": "second_reader", "disputed": bool(disputes)})
    return ReadingReviewed(entity_id=KEY, reading=marked, second=second, disputes=disputes)


def an_event(data: ReadingReviewed, at: datetime) -> AnyEvent:
    return event(data, key=KEY, id=f"evt-{data.reading.item_id}-{at}", source="test", time=at)


def told() -> ReadMatcher:
    matcher = ReadMatcher(book_event("a", watch()))
    (alert,) = matcher.push(item_event(0, *CUT))
    assert alert.verdict == "tell"
    return matcher


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("role", "mention", "Halden Energy is only mentioned"),
        ("role", "speaker", "Halden Energy only comments on it"),
        ("role", "homonym", "not about the Halden Energy that the client means"),
        ("genre", "promo", "not a report of something new"),
        ("weight", "minor", "too small to tell"),
    ],
)
def test_an_objection_lowers_what_would_be_told_and_says_why(field: ReadingField, value: str, says: str) -> None:
    matcher = told()
    (alert,) = matcher.review(0, field, **{field: value})
    assert (alert.verdict, alert.earlier_verdict, alert.reasons[0].rule) == ("hold", "tell", "readers-disagree")
    assert says in alert.reasons[0].text
    assert alert.reading is not None
    assert (alert.reading.disputed, alert.reading.read_by) == (True, "second_reader")
    assert alert.if_they_ask is not None
    assert "not confirmed" not in alert.if_they_ask.answer


def test_a_repeated_review_and_one_that_comes_too_late_change_nothing() -> None:
    matcher = told()
    of_a_revision = a_review("itm_000", "role", role="mention").model_copy(update={"revision": 1})
    assert matcher.take(0, of_a_revision) == []
    assert len(matcher.review(0, "role", role="mention")) == 1
    assert matcher.review(0, "role", role="mention") == []
    assert matcher.review(7, "role", role="mention") == []


def test_an_objection_to_a_poor_sources_item_says_nothing_against_an_unread_good_one() -> None:
    matcher = told()
    matcher.push(item_event(1, *AGAIN, host="anyone.example"))
    assert matcher.review(1, "role", role="homonym") == []
    (alert,) = matcher.review(0, "role", role="mention")
    assert alert.verdict == "hold"


def test_agreement_and_disagreement_about_other_fields_lower_nothing() -> None:
    matcher = told()
    assert matcher.review(0) == []
    assert matcher.review(0, "kind", "status", "direction", kind="deal", status="rumor", direction="good") == []


def test_what_both_readers_say_is_no_disagreement() -> None:
    assert told().review(0, weight="minor") == []


def test_a_disputed_story_stays_held_until_the_second_reader_accepts_an_item() -> None:
    matcher = told()
    matcher.review(0, "role", role="mention")
    matcher.update_reference(book_event("b", watch()))
    (late,) = matcher.push(item_event(1, *AGAIN))
    assert (late.client_id, late.verdict, late.reasons[0].rule) == ("b", "hold", "readers-disagree")
    (lifted,) = matcher.review(1)
    assert (lifted.client_id, lifted.verdict) == ("b", "tell")


def test_what_may_have_been_told_is_still_corrected() -> None:
    matcher = told()
    matcher.review(0, "role", role="mention")
    assert matcher.states[KEY].threads["itm_000"].verdicts["a"].verdict == "tell"
    (annotated,) = matcher.annotated(item_event(1, *AGAIN))
    assert isinstance(annotated.data, ItemAnnotated)
    withdrawn = annotated.data.claim.model_copy(update={"status": "retracted"})
    retraction = annotated.model_copy(update={"data": annotated.data.model_copy(update={"claim": withdrawn})})
    _, events = matcher.judge.process(matcher.states[KEY], retraction, retraction.time)
    assert [alert.verdict for alert in alerts_in(events)] == ["correct"]


def test_a_dispute_expires_without_a_mark_on_the_source() -> None:
    matcher = told()
    matcher.review(0, "role", role="mention")
    until = matcher.judge.next_tick(matcher.states[KEY])
    assert until is not None
    state, events = matcher.judge.tick(matcher.states[KEY], until)
    (alert,) = alerts_in(events)
    assert len(events) == 1
    assert (alert.verdict, alert.reasons[0].rule) == ("ignore", "still-disputed")
    assert matcher.judge.next_tick(state) is None
    assert state.threads["itm_000"].verdicts["a"].verdict == "tell"


_ORDER = ("ignore", "hold", "warn", "tell", "correct")
_SECOND = st.fixed_dictionaries({name: st.sampled_from(values) for name, values in FIELD_VALUES.items()})


@given(second=_SECOND, disputes=st.sets(st.sampled_from(sorted(FIELD_VALUES))), first=st.sampled_from([0.05, 0.9]))
def test_no_review_of_a_story_raises_its_verdict(
    second: dict[str, str], disputes: set[ReadingField], first: float
) -> None:
    judge, annotated = Judge(), an_annotated_item(first)
    judge.update_reference(book_event("a", watch()))
    state, before = judge.process(judge.initial(KEY), annotated, annotated.time)
    review = an_event(a_review("itm_000", *sorted(disputes), **second), annotated.time)
    _, after = judge.process(state, review, annotated.time)
    verdict = alerts_in(before)[-1].verdict
    assert all(_ORDER.index(alert.verdict) < _ORDER.index(verdict) for alert in alerts_in(after))


def an_annotated_item(tell_score: float) -> AnyEvent:
    return _ANNOTATED[tell_score]


def _annotate(answer: Reading) -> AnyEvent:
    annotate = Annotate(reader=FixedReader(answer))
    annotate.update_reference(book_event("a", watch()))
    item = item_event(0, *CUT)
    assert isinstance(item.data, ItemIngested)
    (annotated,) = annotate.process(None, item, item.time)[1]
    assert isinstance(annotated.data, ItemAnnotated)
    source = annotated.data.source.model_copy(update={"grade": LEDGER.grade})
    data = annotated.data.model_copy(update={"source": source})
    return annotated.model_copy(update={"data": data})


_ANNOTATED = {score: _annotate(reading(kind="dividend", tell_score=score)) for score in (0.05, 0.9)}
