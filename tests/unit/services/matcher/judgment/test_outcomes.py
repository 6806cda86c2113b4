"""A rumor's outcome is reported once for each source, and counts for its grade from the next day."""

from __future__ import annotations

from datetime import datetime, timedelta

from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from schemas.alerts import Alert, AlertRaised
from schemas.base import content_id, event
from schemas.clients import Client, ClientChanged, Firm, Manager, Watch
from schemas.items import Item, ItemIngested, Source
from schemas.mentions import RumorResolved, SourceGrade, SourceGraded
from services.common.processing import AnyEvent
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from tests.scenarios.loader import BEGINNING

COMPANIES = ("Halden Energy", "Tolmark Mining", "Corvane Pharma", "Meridia Bank", "Marlow Mills", "Selva Botanicals")
SOURCES = (
    SourceGrade(domain="whisper.example", publisher="Market Whisper", kind="blog", grade="D"),
    SourceGrade(domain="northgate.example", publisher="Northgate Wire", kind="wire", grade="A"),
)


def setting() -> list[AnyEvent]:
    watches = tuple(Watch(entity_id=name, name=name, kind="competitor") for name in COMPANIES)
    client = Client(id="ada", name="Ada", manager_id="m", trade="wealth", interests=watches)
    changed = ClientChanged(client=client, firm=Firm(name="F"), manager=Manager(id="m", name="M"))
    book = event(changed, key="ada", id="c", source="test", time=BEGINNING)
    grades = [
        event(SourceGraded(source=source), key=source.domain, id=source.domain, source="test", time=BEGINNING)
        for source in SOURCES
    ]
    return [book, *grades]


def item_event(host: str, title: str, summary: str, at: datetime) -> AnyEvent:
    item = Item(
        id=content_id("itm", host, title, at.isoformat()),
        title=title,
        summary=summary,
        fetched_at=at,
        source=Source(feed_url=f"https://{host}/feed", host=host),
    )
    return event(ItemIngested(item=item), key=item.id, id=item.id, source="test", time=at)


def rumor(company: str, at: datetime) -> AnyEvent:
    title = f"{company} rumoured to close its Easton plant"
    return item_event("whisper.example", title, f"{company} might close its Easton plant, insiders say.", at)


def confirmation(company: str, at: datetime) -> AnyEvent:
    summary = f"{company} will close its Easton plant and cut 420 jobs, {company} said in a statement."
    return item_event("northgate.example", f"{company} closes Easton plant", summary, at)


def denial(company: str, at: datetime) -> AnyEvent:
    summary = f"{company} has no plans to close its Easton plant, {company} said in a statement."
    return item_event("northgate.example", f"{company} denies closure of Easton plant", summary, at)


def deal_rumor(company: str, at: datetime) -> AnyEvent:
    title = f"{company} rumoured to be in talks to buy Bexley"
    return item_event("whisper.example", title, f"{company} is in talks to buy Bexley, insiders say.", at)


def deal_denial(company: str, at: datetime) -> AnyEvent:
    summary = f"{company} is not in talks to buy Bexley, {company} said in a statement."
    return item_event("northgate.example", f"{company} denies talks to buy Bexley", summary, at)


def runtime() -> MemoryRuntime:
    run = MemoryRuntime(Pipeline((Annotate(), Judge())))
    for change in setting():
        assert list(run.push(change)) == []
    return run


def outcomes(events: list[AnyEvent]) -> list[RumorResolved]:
    return [raised.data for raised in events if isinstance(raised.data, RumorResolved)]


def alerts(events: list[AnyEvent]) -> list[Alert]:
    return [raised.data.alert for raised in events if isinstance(raised.data, AlertRaised)]


def test_a_confirmed_rumor_is_reported_for_its_source() -> None:
    run = runtime()
    assert outcomes(list(run.push(rumor("Halden Energy", BEGINNING)))) == []
    (resolved,) = outcomes(list(run.push(confirmation("Halden Energy", BEGINNING + timedelta(hours=5)))))
    assert (resolved.domain, resolved.outcome) == ("whisper.example", "confirmed")
    assert resolved.headline == "Halden Energy rumoured to close its Easton plant"
    assert outcomes(list(run.push(confirmation("Halden Energy", BEGINNING + timedelta(hours=6))))) == []


def test_a_denied_rumor_is_reported_for_its_source() -> None:
    run = runtime()
    list(run.push(deal_rumor("Halden Energy", BEGINNING)))
    (resolved,) = outcomes(list(run.push(deal_denial("Halden Energy", BEGINNING + timedelta(hours=5)))))
    assert (resolved.domain, resolved.outcome) == ("whisper.example", "denied")


def test_a_rumor_that_the_party_has_reason_to_deny_has_not_ended() -> None:
    run = runtime()
    list(run.push(rumor("Halden Energy", BEGINNING)))
    assert outcomes(list(run.push(denial("Halden Energy", BEGINNING + timedelta(hours=5))))) == []
    (resolved,) = outcomes(list(run.push(confirmation("Halden Energy", BEGINNING + timedelta(hours=9)))))
    assert resolved.outcome == "confirmed"


def test_a_rumor_that_nobody_took_up_is_reported_as_fizzled() -> None:
    run = runtime()
    list(run.push(rumor("Halden Energy", BEGINNING)))
    (resolved,) = outcomes(list(run.finish(BEGINNING + timedelta(days=20))))
    assert resolved.outcome == "fizzled"


def test_a_rumor_is_not_confirmed_by_its_own_source_or_by_another_poor_one() -> None:
    run = runtime()
    list(run.push(rumor("Halden Energy", BEGINNING)))
    for number, host in enumerate(("whisper.example", "stranger.example", "another.example")):
        title, at = "Halden Energy closes its Easton plant", BEGINNING + timedelta(hours=number + 1)
        assert outcomes(list(run.push(item_event(host, title, f"{title}, it was confirmed {number}.", at)))) == []


def test_a_source_does_not_answer_for_what_others_say_in_its_name() -> None:
    run = runtime()
    title = "Halden Energy in talks to buy Bexley, Market Whisper reports"
    list(run.push(item_event("stranger.example", title, f"{title}.", BEGINNING)))
    ended = outcomes(list(run.push(deal_denial("Halden Energy", BEGINNING + timedelta(hours=5)))))
    assert [resolved.domain for resolved in ended] == []


def test_the_track_record_changes_the_grade_from_the_next_day() -> None:
    run = runtime()
    for number, company in enumerate(COMPANIES[:5]):
        at = BEGINNING + timedelta(days=4 * number)
        list(run.push(rumor(company, at)))
        list(run.push(confirmation(company, at + timedelta(minutes=5))))
    (same_day,) = alerts(list(run.push(rumor(COMPANIES[5], BEGINNING + timedelta(days=16, hours=2)))))
    assert same_day.source_grade == "D"
    assert not any(reason.rule == "track-record" for reason in same_day.reasons)
    later = BEGINNING + timedelta(days=46)
    title = f"{COMPANIES[5]} rumoured to cut prices"
    raised = alerts(list(run.push(item_event("whisper.example", title, f"{title}, insiders say.", later))))
    (next_month,) = [alert for alert in raised if alert.headline == title]
    assert next_month.source_grade == "C"
    (why,) = [reason for reason in next_month.reasons if reason.rule == "track-record"]
    assert "counts as C instead of D: of its last" in why.text
