"""Invented clients, alerts and evidence over the whole space of drafts, drawn from a seeded generator."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import get_args

from schemas.alerts import Alert, Evidence, Verdict
from schemas.base import content_id
from schemas.clients import (
    STANCE_OF,
    Client,
    ContactPolicy,
    Desire,
    Firm,
    Manager,
    Note,
    Risk,
    Trade,
    Watch,
    WatchKind,
)
from schemas.mentions import Direction, EventKind
from services.notifier.drafting.brief import Brief, DraftedStory
from services.notifier.drafting.playbook_rules import Rule
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.trades.catalog import Trades

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)

#: What each kind of event sounds like in an invented newsroom; {n} is the thing watched.
HEADLINES: dict[str, tuple[str, str]] = {
    "dividend_cut": (
        "{n} cuts dividend to 0.40 crowns",
        "{n} cut its quarterly dividend by 38% to 0.40 crowns a share.",
    ),
    "earnings_miss": (
        "{n} misses forecasts - Northgate Wire",
        "{n} earned €1.3bn in the fourth quarter, below forecasts.",
    ),
    "takeover": (
        "BREAKING: {n} in takeover talks?",
        "{n} could be bought by Estmere Group for 3.2 billion crowns, people said.",
    ),
    "vulnerability": (
        "Critical flaw in {n}",
        "A flaw tracked as CVE-2026-31337 in {n} lets attackers in, CERT Nordmark said.",
    ),
    "data_breach": (
        "{n} HIT BY BREACH OF CUSTOMER DATA!",
        "{n} said on 2 March 2026 that data of 40,000 customers was taken.",
    ),
    "end_of_life": ("{n} reaches end of support in June", "Support for {n} ends on 30 June 2026, the maker said."),
    "price_increase": (
        "Exclusive: {n} to raise prices by 12 percent",
        "{n} will raise prices by 12 percent from April.",
    ),
    "lawsuit": ("{n} sued over patents | Port Courier", "{n} was sued by Dromer Transport for $25 million in damages."),
}
ANY = (
    "News on {n}: what is known so far",
    "{n} told its partners on Monday, after a long board meeting, of the change.",
)
PUBLISHERS = ("Northgate Wire", "The Financial Ledger", "Oslo Morning Herald", "heise-like online", "Market Whisper")
NAMES = ("Halden Energy", "Corvane Pharma", "Quillon Cloud", "ORVIX", "Brightwater Vault", "interest rates", "Yodel!")
DESIRES: tuple[tuple[str, str | None], ...] = (
    ("income", "a dependable income"), ("income", None), ("growth", "I want to grow faster than the market"),
    ("preservation", "keeping what we have safe"), ("continuity", "systems that simply keep running"),
    ("compliance", "We never want to be surprised by an auditor"), ("market_share", "to win share from bigger brands"),
    ("reputation", None), ("certainty", "sleep at night"), ("cost", "lower running cost and fewer suppliers"),
    ("legacy", "something for my children"), ("security", "LOL no more hacks!!"), ("", None),
)  # fmt: skip
SALUTATIONS = (None, "Dear Ms Arnaud", "Mrs Whitlock", "Dear Henrik,")
VIEWS = ((), (Note(text="We stay with {n}, come what may."),), (Note(text="Why should I ever sell {n}?"),))


def a_watch(kind: WatchKind = "holding", name: str = "Halden Energy", weight: float | None = 0.12) -> Watch:
    return Watch(entity_id=name.casefold().replace(" ", "-"), name=name, kind=kind, weight=weight)


def a_client(trade: Trade = "wealth", *watches: Watch, **more: object) -> Client:
    fields: dict[str, object] = {
        "id": "claire",
        "name": "Claire Arnaud",
        "manager_id": "mara",
        "trade": trade,
        "time_zone": "Europe/Paris",
        "desires": (Desire(name="income", words="a dependable income"),),
        "risk": "limited",
        "assets": watches or (a_watch(),),
    }
    return Client.model_validate({**fields, **more})


def an_item(name: str = "Halden Energy", number: int = 1, **more: object) -> Evidence:
    fields: dict[str, object] = {
        "item_id": f"itm_{number}",
        "publisher": "Northgate Wire",
        "host": "northgate-wire.example",
        "title": f"{name} cuts dividend to 0.40 crowns",
        "quote": f"{name} cut its quarterly dividend by 38% to 0.40 crowns a share.",
        "published_at": NOW - timedelta(hours=2),
        "source_grade": "A",
        "status": "asserted",
        "basis": "own",
        "origin": "Northgate Wire",
        "supports": {"denied": "denies", "retracted": "withdraws"}.get(str(more.get("status")), "claim"),
    }
    return Evidence.model_validate({**fields, **more})


def an_alert(client: Client | None = None, **more: object) -> Alert:
    """``watch``: one of the client's, else their first."""
    client = client or a_client()
    watch = more.pop("watch", client.watches[0])
    assert isinstance(watch, Watch)
    fields: dict[str, object] = {
        "client_id": client.id,
        "story_id": "itm_1",
        "entity_id": watch.entity_id,
        "entity_name": watch.name,
        "stance": watch.stance,
        "verdict": "tell",
        "headline": f"{watch.name} cuts dividend to 0.40 crowns",
        "kind": "dividend_cut",
        "direction": "negative",
        "urgency": "high",
        "source_grade": "A",
        "information_grade": 2,
        "relevance": 0.8,
        "origins": 1,
        "reasons": (),
        "evidence": (an_item(watch.name),),
        "raised_at": NOW,
        "deadline_at": NOW + timedelta(hours=24),
    }
    fields.update(more)
    parts = (str(fields[name]) for name in ("client_id", "entity_id", "story_id", "verdict"))
    return Alert.model_validate({"id": content_id("alr", *parts, int(str(fields.get("revision", 0)))), **fields})


def a_firm(**more: object) -> Firm:
    note = "This message is for information and is not an offer."
    return Firm.model_validate({"name": "Harbour & Vane", "compliance_note": note, **more})


def a_manager(**more: object) -> Manager:
    return Manager.model_validate({"id": "mara", "name": "Mara Lindqvist", "title": "Senior adviser", **more})


def drafted_story(alert: Alert, *, sent: bool = True, **more: object) -> DraftedStory:
    fields: dict[str, object] = {
        "draft_id": content_id("drf", alert.id),
        "alert_id": alert.id,
        "story_id": alert.story_id,
        "entity_id": alert.entity_id,
        "revision": alert.revision,
        "verdict": alert.verdict,
        "item_ids": tuple(item.item_id for item in alert.evidence),
        "publisher": "The Financial Ledger",
        "quote": f"{alert.entity_name} has cut its dividend by half",
        "drafted_at": NOW - timedelta(days=2),
        "sent_at": NOW - timedelta(days=2) if sent else None,
    }
    return DraftedStory.model_validate({**fields, **more})


def random_brief(random: random.Random, rules: Sequence[tuple[Trade, Rule]] = ()) -> Brief:
    """Any client with any alert: every kind, stance, direction, verdict, desire, risk and trade has its chance."""
    trade: Trade = random.choice(Trades.shipped().names)
    event: EventKind = random.choice(get_args(EventKind))
    name, kind = random.choice(NAMES), random.choice(get_args(WatchKind))
    if rules and random.random() < 0.6:
        trade, rule = random.choice(rules)
        event = random.choice(rule.events)
        kind = random.choice([kind for kind, stance in STANCE_OF.items() if stance in rule.stances])
    watch = a_watch(kind, name, random.choice((None, 0.12, 0.004, 0.335)))
    views = tuple(note.model_copy(update={"text": note.text.format(n=name)}) for note in random.choice(VIEWS))
    desires = tuple(Desire(name=name, words=words) for name, words in random.sample(DESIRES, 2) if name)
    client = a_client(
        trade,
        watch,
        id=f"client-{random.randrange(50)}",
        desires=desires,
        risk=random.choice(get_args(Risk)),
        salutation=random.choice(SALUTATIONS),
        mood=random.choice(("calm", "calm", "calm", "upset")),
        views=views,
        contact=ContactPolicy(information_only=random.random() < 0.08),
    )
    verdict: Verdict = random.choice(("tell", "tell", "warn", "correct"))
    title, quote = (text.format(n=name) for text in HEADLINES.get(event, ANY))
    evidence = tuple(
        an_item(
            name,
            number,
            publisher=PUBLISHERS[(random.randrange(2) + 2 * number) % len(PUBLISHERS)],
            title=title,
            quote=random.choice((quote, title, quote.upper(), f"{quote[:-1]}, it said in a {'very ' * 40}long note.")),
            status={"tell": "asserted", "warn": "hedged", "correct": "denied"}[verdict],
            basis=random.choice(("own", "company", "unnamed", "regulator")),
            origin=random.choice(("Northgate Wire", "Dromer Transport", "Market Whisper")),
            attributed_to=random.choice((None, "people familiar with the matter", "board member Aron Dahl")),
        )
        for number in range(1, random.randrange(2, 4))
    )
    alert = an_alert(
        client, watch=watch, story_id=f"itm_{random.randrange(10**6)}", verdict=verdict, headline=title, kind=event,
        direction=random.choice(get_args(Direction)), evidence=evidence, origins=len(evidence),
        information_grade=random.choice((1, 2)) if verdict == "tell" else 3,
    )  # fmt: skip
    earlier = None
    if verdict == "correct" or random.random() < 0.15:
        earlier = drafted_story(
            alert, verdict=random.choice(("tell", "warn")), alert_id="alr_earlier", draft_id="drf_earlier"
        )
    restricted = (name,) if random.random() < 0.05 else ()
    return Brief(alert, client, a_firm(restricted=restricted), a_manager(), NOW, earlier)


def trade_rules(playbooks: Playbooks) -> tuple[tuple[Trade, Rule], ...]:
    books = (book for layer in playbooks.layers for book in layer)
    return tuple((book.trade, rule) for book in books if book.trade is not None for rule in book.rules)
