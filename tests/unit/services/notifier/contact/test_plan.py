from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.clients import Blackout, Client, ContactPolicy
from services.notifier.contact.blackouts import general_blackout, topic_blackout
from services.notifier.contact.budget import WEEK, next_free
from services.notifier.contact.hours import is_open, next_open
from services.notifier.contact.plan import SendPlan, Urgency, plan_send
from tests.unit.services.notifier.samples import a_client

TUESDAY = datetime(2026, 3, 3, 9, 0, tzinfo=UTC)
ZONES = (
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Pacific/Apia",
)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001
clock_times = st.none() | st.times().map(lambda at: at.replace(second=0, microsecond=0, tzinfo=None))
days = st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True).map(tuple)


def client(zone: str = "Europe/Paris", **contact: object) -> Client:
    return a_client(time_zone=zone, contact=ContactPolicy.model_validate(contact))


def plan(
    who: Client, now: datetime = TUESDAY, *sent: datetime, urgency: Urgency = "normal", hours: float = 24
) -> SendPlan:
    return plan_send(who, now, sent, urgency, now + timedelta(hours=hours))


def test_within_hours_and_budget_a_message_may_be_sent_at_once() -> None:
    assert plan(client()) == SendPlan(TUESDAY)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 3, 3, 20, 0, tzinfo=UTC), datetime(2026, 3, 4, 7, 0, tzinfo=UTC)),  # evening → next morning
        (datetime(2026, 3, 3, 3, 0, tzinfo=UTC), datetime(2026, 3, 3, 7, 0, tzinfo=UTC)),  # night → same morning
        (datetime(2026, 3, 6, 19, 0, tzinfo=UTC), datetime(2026, 3, 9, 7, 0, tzinfo=UTC)),  # Friday evening → Monday
        # Clocks go forward on Sunday 29 March 2026 in Paris: eight o'clock is six o'clock UTC from then on.
        (datetime(2026, 3, 27, 19, 0, tzinfo=UTC), datetime(2026, 3, 30, 6, 0, tzinfo=UTC)),
        # And back on 25 October 2026.
        (datetime(2026, 10, 23, 19, 0, tzinfo=UTC), datetime(2026, 10, 26, 7, 0, tzinfo=UTC)),
    ],
)
def test_quiet_hours_and_weekends_are_kept_in_the_clients_zone(now: datetime, expected: datetime) -> None:
    found = plan(client(), now, hours=100)
    assert found.send_after == expected
    assert "waits for Claire Arnaud's contact hours" in found.notes[0]


def test_quiet_hours_may_be_within_a_day() -> None:
    who = client("UTC", quiet_from=time(12), quiet_until=time(14))
    assert plan(who, TUESDAY.replace(hour=12)).send_after == TUESDAY.replace(hour=14)
    assert plan(who, TUESDAY.replace(hour=3)).send_after == TUESDAY.replace(hour=3)


@given(moments, st.sampled_from(ZONES), clock_times, clock_times, days)
def test_the_next_open_time_is_open_and_the_earliest(
    moment: datetime, zone: str, begin: time | None, end: time | None, working: tuple[int, ...]
) -> None:
    policy, place = ContactPolicy(quiet_from=begin, quiet_until=end, working_days=working), ZoneInfo(zone)
    found = next_open(policy, place, moment)
    assert found is not None
    assert found >= moment
    assert is_open(policy, place, found)
    # Nothing before it is open; a clock that skips an hour may delay it by that hour.
    step = moment
    while step < found - timedelta(hours=1):
        assert not is_open(policy, place, step)
        step += timedelta(minutes=61)


def test_the_budget_counts_any_seven_days() -> None:
    sent = [TUESDAY - timedelta(days=days) for days in (6, 4, 1)]
    found = plan(client("UTC", max_per_week=3), TUESDAY, *sent)
    assert found.send_after == sent[0] + WEEK
    assert "used up (3 of 3)" in found.notes[0]
    assert plan(client("UTC", max_per_week=4), TUESDAY, *sent).send_after == TUESDAY


@given(st.lists(moments, max_size=12), st.integers(1, 5), moments)
def test_a_message_at_the_next_free_time_keeps_the_budget(sent: list[datetime], limit: int, now: datetime) -> None:
    past = [at for at in sent if at <= now]
    free = next_free(past, limit, now)
    assert free is not None
    assert free >= now
    assert sum(free - WEEK < at <= free for at in past) < limit


def test_an_urgent_message_may_exceed_the_budget_and_says_so() -> None:
    sent = [TUESDAY - timedelta(days=1)]
    found = plan(client("UTC", max_per_week=1), TUESDAY, *sent, urgency="urgent")
    assert found.send_after == TUESDAY
    assert "exceeds Claire Arnaud's weekly budget" in found.notes[0]


def test_an_urgent_message_keeps_quiet_hours() -> None:
    found = plan(client("UTC"), TUESDAY.replace(hour=22), urgency="urgent", hours=4)
    assert found.send_after == TUESDAY.replace(day=4, hour=8)
    assert "send it now with a reason" in found.notes[-1]


def test_a_client_who_must_not_be_contacted_gets_no_message() -> None:
    found = plan(client(do_not_contact=True, do_not_contact_reason="in mourning until April."))
    assert found.refused == "do_not_contact"
    assert found.notes == ("Claire Arnaud must not be contacted: in mourning until April.",)


def test_a_policy_that_allows_no_message_is_a_refusal() -> None:
    assert plan(client(max_per_week=0)).refused == "no_contact_budget"
    assert plan(client(max_per_week=0), urgency="urgent").refused is None
    assert plan(client(working_days=())).refused == "no_open_hours"


def test_an_unknown_time_zone_is_replaced_by_utc_with_a_note() -> None:
    found = plan(client("Mars/Phobos"), TUESDAY.replace(hour=7))
    assert found.send_after == TUESDAY.replace(hour=8)
    assert "'Mars/Phobos'" in found.notes[0]


leave = st.builds(
    lambda first, length, about: Blackout(
        since=first, until=first + timedelta(days=length), reason="away", about=("x",) if about else ()
    ),
    st.dates(date(2026, 1, 1), date(2027, 12, 31)),
    st.integers(0, 20),
    st.booleans(),
)


@given(
    moments, st.sampled_from(ZONES), days, st.lists(leave, max_size=3), st.lists(moments, max_size=9), st.integers(1, 3)
)
def test_a_plan_keeps_every_part_of_any_policy(
    now: datetime, zone: str, working: tuple[int, ...], away: list[Blackout], others: list[datetime], limit: int
) -> None:
    who = client(zone, working_days=working, blackouts=away, max_per_week=limit)
    # Others were sent, or are approved and leave later; those keep the budget among themselves.
    near = [at for at in others if abs(at - now) < timedelta(days=20)]
    found = plan_send(who, now, near, "normal", now + timedelta(days=1), ("x",))
    assert found.refused is None
    place = ZoneInfo(zone)
    at = found.send_after
    assert at >= now
    assert is_open(who.contact, place, at)
    assert general_blackout(who, place, at) is None
    assert topic_blackout(who, place, at, ("X",)) is None
    assert (found.waits_for is None) == (at == now)
    for end in (at, *(entry for entry in near if at <= entry < at + WEEK)):
        full = sum(end - WEEK < entry <= end for entry in near)
        assert full < limit


def test_a_blackout_ends_with_the_clients_day() -> None:
    away = Blackout(since=date(2026, 3, 2), until=date(2026, 3, 5), reason="on leave.")
    found = plan(client("America/New_York", blackouts=(away,), quiet_from=None), hours=200)
    assert found.send_after == datetime(2026, 3, 6, 5, 0, tzinfo=UTC)
    assert found.waits_for == "leave"
    assert found.notes == ("Nothing is sent to Claire Arnaud until Friday 6 March 00:00: on leave.",)


def test_a_deal_blacks_out_only_its_topic() -> None:
    deal = Blackout(until=date(2026, 3, 5), reason="a sale", about=("Halden Energy",))
    who = client("UTC", blackouts=(deal,))
    assert plan_send(who, TUESDAY, (), "urgent", TUESDAY, ("halden energy",)).waits_for == "deal"
    assert plan_send(who, TUESDAY, (), "normal", TUESDAY, ("Corvane",)).send_after == TUESDAY
