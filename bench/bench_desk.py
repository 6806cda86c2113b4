"""Measure the pages of a desk with 10,000 open drafts for 5,000 clients.

    python bench/bench_desk.py [--folder DIR] [--clients 5000] [--drafts 10000] [--runs 9] [--page inbox]

It fills a database with invented clients, news and drafts (with ``--folder`` it is kept for the next run), opens each
page as the owner, who sees everything, and as one of fifty account managers, and prints for each page the processor
time of the server and its size. ``times`` compares it with the first page opened, that of the settings, which reads
nothing but the frame: ratios within a run count, not absolutes.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from secrets import token_urlsafe

from fastapi.testclient import TestClient
from sqlalchemy import Connection, Engine, insert, select, update

from firstword.desk_book import DeskBook
from firstword.storage.engine import open_sqlite
from firstword.storage.migrate import migrate
from schemas.alerts import Alert, AlertRaised, Evidence, Reason, Verdict
from schemas.base import Payload, content_id, event
from schemas.clients import Client, ClientChanged, ContactPolicy, Desire, Firm, Manager, Watch
from schemas.drafts import Draft, DraftCreated
from schemas.interactions import InteractionLogged
from schemas.mentions import EventKind, Span
from schemas.topics import topic_of
from services.common.db import reading
from services.common.processing import AnyEvent
from services.notifier import queries
from services.notifier.desk import auth
from services.notifier.desk.app import create_app
from services.notifier.desk.dependencies import DeskDependencies, DeskSettings
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.compose import Composed, compose
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.scope import EVERYTHING, OwnClients, Scope
from services.notifier.sinks import AlertSink, ClientSink, DraftSink, InteractionSink
from services.notifier.tables import deliveries, drafts
from services.notifier.trades.catalog import Trades

NOW = datetime(2026, 3, 5, 8, 20, tzinfo=UTC)
MANAGERS = 50
#: Stories of the last days; each concerns the clients who own what it is about.
STORIES = 400
FIRM = Firm(name="Harbor & Vane", trade="wealth")
SYLLABLES = ("hal", "den", "cor", "vane", "mer", "idia", "til", "lo", "bran", "os", "ket", "ry", "sund", "wick", "ar")
FAMILIES = ("Arnaud", "Brandt", "Castell", "Dupré", "Engström", "Fjord", "Grell", "Hale", "Ibsen", "Jansen", "Keller")
FIRST = ("Ada", "Bela", "Cora", "Dario", "Edda", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Karla", "Leo", "Mona")
KINDS: tuple[EventKind, ...] = ("dividend_cut", "takeover", "outage", "lawsuit", "earnings_miss", "guidance_cut")
SAYS = {
    "dividend_cut": "{name} cuts its quarterly dividend by 38%",
    "takeover": "{name} agrees to be bought by Estmere Group",
    "outage": "Payments through {name} were down for 3 hours",
    "lawsuit": "{name} is sued over its pension fund",
    "earnings_miss": "{name} reports a loss of 40 million crowns",
    "guidance_cut": "{name} lowers its guidance for the year",
}


class FixedClock:
    """Always the same moment."""

    def now(self) -> datetime:
        """Return the moment of the sample."""
        return NOW


class Unread:
    """Takes events that nobody reads."""

    def publish(self, connection: object, events: Sequence[AnyEvent]) -> int:
        """Do nothing."""
        return len(events)


@dataclass(frozen=True)
class Story:
    """News of one company."""

    number: int
    watch: Watch
    kind: EventKind
    verdict: Verdict

    @property
    def headline(self) -> str:
        """The headline of its first report."""
        return SAYS[self.kind].format(name=self.watch.name)


def company(number: int) -> Watch:
    """Return the holding with this number."""
    draw = random.Random(number)  # noqa: S311 - chance, not a secret
    name = "".join(draw.sample(SYLLABLES, 3)).capitalize() + " " + draw.choice(("Energy", "Bank", "Foods", "Steel"))
    return Watch(entity_id=f"company-{number}", name=name, kind="holding", weight=0.05, tickers=(f"T{number}",))


def manager(number: int) -> Manager:
    """Return the account manager with this number."""
    return Manager(id=f"manager-{number}", name=f"Manager {number}", email=f"m{number}@harbor.example")


def client(number: int) -> Client:
    """Return the client with this number, who owns ten companies."""
    draw = random.Random(number)  # noqa: S311 - chance, not a secret
    name = f"{draw.choice(FIRST)} {draw.choice(FAMILIES)}"
    return Client(
        id=f"client-{number}", name=name, organisation=f"{name.split()[1]} Holding {number}",
        manager_id=f"manager-{number % MANAGERS}", trade="wealth", time_zone="Europe/Paris", risk="limited",
        desires=(Desire(name="income"),), assets=tuple(company(at) for at in draw.sample(range(STORIES * 2), 10)),
        contact=ContactPolicy(email=f"c{number}@client.example", max_silence_days=60 if number % 4 == 0 else None),
    )  # fmt: skip


def story(number: int) -> Story:
    """Return the story with this number: four of eight are told, one is a rumor, the others are left out."""
    draw = random.Random(number)  # noqa: S311 - chance, not a secret
    verdict: Verdict = ("tell", "tell", "tell", "warn", "hold", "ignore", "ignore", "ignore")[number % 8]
    return Story(number, company(number), draw.choice(KINDS), verdict)


def alert_of(told: Story, of: Client) -> Alert:
    """Return the alert that the story raises for a client."""
    story_id, name = content_id("sty", str(told.number)), told.watch.name
    evidence = tuple(
        Evidence(
            item_id=content_id("itm", story_id, str(place)), publisher=f"Wire {place}", host=None,
            url=f"https://wire-{place}.example/{told.number}", title=told.headline, quote=f"{told.headline}, it said.",
            published_at=NOW - timedelta(hours=3), source_grade="A", status="asserted", basis="company",
            attributed_to=name, origin=name, spans=(Span(field="title", start=0, end=len(name), text=name),),
        )
        for place in range(3)
    )  # fmt: skip
    return Alert(
        id=content_id("alr", of.id, story_id), client_id=of.id, story_id=story_id, entity_id=told.watch.entity_id,
        entity_name=name, stance="holds", verdict=told.verdict, headline=told.headline, kind=told.kind,
        direction="negative", urgency="urgent" if told.number % 9 == 0 else "normal", source_grade="A",
        information_grade=2, relevance=0.8, origins=2, evidence=evidence,
        reasons=(Reason(rule="stance", saw=name, concluded="holds", text=f"{of.name} owns {name}."),),
        raised_at=NOW - timedelta(hours=told.number % 100),
        deadline_at=NOW + timedelta(hours=2 + (told.number + len(of.name)) % 90),
    )  # fmt: skip


def happened(data: Payload, of: Client, *identity: str) -> AnyEvent:
    """Return an event about a client."""
    return event(data, key=of.id, id=content_id("evt", *identity), source="bench", time=NOW)


def draft_of(alert: Alert, of: Client, composed: dict[str, Draft], playbooks: Playbooks) -> Draft | None:
    """Return the draft of an alert; what was written for one client is written for others with their name."""
    first = composed.get(alert.story_id)
    if first is None:
        made = compose(Brief(alert, of, FIRM, manager(0), NOW, None), playbooks, send_after=NOW)
        if not isinstance(made, Composed):
            return None
        first = composed[alert.story_id] = made.draft.model_copy(
            update={"body": made.draft.body.replace(of.name, "{client}")}
        )
    theirs = {
        "id": content_id("drf", alert.id), "alert_id": alert.id, "client_id": of.id, "manager_id": of.manager_id,
        "body": first.body.replace("{client}", of.name), "deadline_at": alert.deadline_at, "told_alerts": (),
        "created_at": alert.raised_at,
    }  # fmt: skip
    return first.model_copy(update=theirs)


def events(count: int) -> Iterator[AnyEvent]:
    """Yield the book, the alerts, the drafts, and a conversation with every third client."""
    playbooks, composed = Playbooks.shipped(), dict[str, Draft]()
    stories = {f"company-{number}": story(number) for number in range(STORIES)}
    for number in range(count):
        of = client(number)
        changed = ClientChanged(client=of, firm=FIRM, manager=manager(number % MANAGERS), revision=1)
        yield happened(changed, of, of.id)
        for watch in of.assets:
            told = stories.get(watch.entity_id)
            if told is None:
                continue
            alert = alert_of(told, of)
            yield happened(AlertRaised(alert=alert), of, alert.id)
            draft = draft_of(alert, of, composed, playbooks) if told.verdict in ("tell", "warn") else None
            if draft is not None:
                yield happened(DraftCreated(draft=draft), of, draft.id)
        if number % 3 == 0:
            contact = InteractionLogged(
                interaction_id=f"int-{number}", client_id=of.id, manager_id=of.manager_id,
                at=NOW - timedelta(days=1 + number % 90), channel="phone", minutes=5, summary="Talked.",
                outcome="other",
            )  # fmt: skip
            yield happened(contact, of, contact.interaction_id)


def send_the_rest(connection: Connection, open_drafts: int) -> None:
    """Leave so many drafts open; of the others, 200 wait in the outbox and the rest arrived."""
    listed = select(drafts.c.id, drafts.c.client_id, drafts.c.subject, drafts.c.body).order_by(drafts.c.id)
    for place, row in enumerate(connection.execute(listed.offset(open_drafts)).all()):
        state, status = ("approved", "pending") if place < 200 else ("sent", "delivered")
        connection.execute(update(drafts).where(drafts.c.id == row.id).values(state=state))
        connection.execute(
            insert(deliveries).values(
                id=content_id("dlv", row.id), draft_id=row.id, client_id=row.client_id, channel="email",
                recipient="c@client.example", status=status, next_attempt_at=NOW + timedelta(hours=place % 20),
                subject=row.subject, body=row.body, approved_by="owner", created_at=NOW,
                changed_at=NOW - timedelta(hours=place % 400),
            )
        )  # fmt: skip


def fill(engine: Engine, clients: int, open_drafts: int) -> None:
    """Fill an empty database."""
    sinks = (ClientSink(), AlertSink(), DraftSink(), InteractionSink())
    with engine.begin() as connection:
        for sent in events(clients):
            for sink in sinks:
                if topic_of(sent).name in sink.inputs:
                    sink.apply(connection, sent)
        send_the_rest(connection, open_drafts)
        auth.ensure_owner(connection, NOW)
        auth.ensure_manager(connection, NOW, manager_id="manager-7", name="Manager 7", time_zone="Europe/Paris")


def browser(engine: Engine, user_id: str) -> TestClient:
    """Return a browser in which the user is signed in."""
    settings = DeskSettings(
        secret=token_urlsafe(), base_url="http://testserver", mail_channel=True, allowed_hosts=("testserver",)
    )
    dependencies = DeskDependencies(engine, Unread(), FixedClock(), settings, client_book=DeskBook(Trades.shipped()))
    opened = TestClient(create_app(dependencies), follow_redirects=False)
    with engine.begin() as connection:
        token = auth.create_signin_link(connection, user_id, NOW)
    opened.post("/signin", data={"token": token})
    return opened


def pages(engine: Engine, scope: Scope) -> dict[str, str]:
    """Return the pages to open, by name."""
    with reading(engine) as connection:
        first = queries.inbox(connection, scope, NOW, number=1, size=1).items[0]
        news = queries.alert_lines(connection, scope, first.client_id)[0]
    name = first.client_name.split()[1]
    return {
        "settings": "/me", "inbox": "/", "by client": "/?group=client", "flat": "/?group=flat",
        "last page": "/?group=flat&page=9999", "newest": "/?sort=newest", "by client's name": "/?sort=client",
        "warnings": "/?verdict=warn", "one kind": "/?kind=takeover", f"client {name}": f"/?client={name}",
        "within 4 hours": "/?deadline=4", "put aside": "/?snoozed=yes", "nobody's": "/?assigned=nobody",
        "draft": f"/drafts/{first.id}", "today": "/digest", "rumors": "/held", "noticed": "/noticed", "sent": "/sent",
        "expired": "/expired", "decisions": "/decisions", "alert": f"/alerts/{news.id}",
        "event": f"/events/{first.story_id}", "clients": "/clients",
        "clients asking": "/clients?asking=yes", f"clients {name}": f"/clients?q={name}",
        "last clients": "/clients?page=9999", "client": f"/clients/{first.client_id}",
        "edit client": f"/clients/{first.client_id}/edit", "new client": "/clients/new", "figures": "/figures",
        "search a name": f"/search?q={name}", "search a word": "/search?q=dividend", "search two": "/search?q=the+bank",
        "search nothing": "/search?q=zyzzyva", "audit log": "/audit",
        "history": f"/clients/{first.client_id}/history", "managers": "/managers", "sources": "/sources",
        "duplicates": "/clients/duplicates",
    }  # fmt: skip


def measure(opened: TestClient, path: str, runs: int) -> tuple[list[float], int]:
    """Return the processor time of each run in ms, and the size of the page in kB."""
    answer = opened.get(path)
    if answer.status_code == 403:
        return [], 0
    if answer.status_code != 200:
        sys.exit(f"{path}: {answer.status_code}")
    took = []
    for _ in range(runs):
        began = time.process_time()
        opened.get(path)
        took.append(1000 * (time.process_time() - began))
    return took, len(answer.content) // 1000


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, help="keep the database here")
    parser.add_argument("--clients", type=int, default=5_000)
    parser.add_argument("--drafts", type=int, default=10_000)
    parser.add_argument("--runs", type=int, default=9)
    parser.add_argument("--page", action="append", help="only this page, by its name")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        path = (given.folder or Path(folder)) / "desk.db"
        known = path.exists()
        engine = open_sqlite(path)
        migrate(engine)
        if not known:
            fill(engine, given.clients, given.drafts)
        for user_id, scope in (("owner", EVERYTHING), ("manager-manager-7", OwnClients("manager-7"))):
            show(browser(engine, user_id), user_id, pages(engine, scope), given)


def show(opened: TestClient, user_id: str, paths: Mapping[str, str], given: argparse.Namespace) -> None:
    """Open each page as this user and print what it costs."""
    print(f"{user_id:24} median ms   p95 ms   times    kB")
    frame = 0.0
    everything: list[float] = []
    for name, path in paths.items():
        if given.page and name not in given.page:
            continue
        took, size = measure(opened, path, given.runs)
        if not took:
            continue
        everything += took
        median, p95 = statistics.median(took), sorted(took)[round(0.95 * (len(took) - 1))]
        frame = frame or median
        print(f"{name:24} {median:9.1f} {p95:8.1f} {median / frame:7.1f} {size:5}")
    p95 = sorted(everything)[round(0.95 * (len(everything) - 1))]
    print(f"{'all pages':24} {statistics.median(everything):9.1f} {p95:8.1f}")


if __name__ == "__main__":
    main()
