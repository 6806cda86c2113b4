"""Every topic finds its own news and no look-alikes."""

from __future__ import annotations

import pytest

from schemas.clients import Watch
from schemas.items import Item
from services.matcher.mentions.finder import MentionFinder
from services.matcher.mentions.topics import all_topics, find_topic

ALL = MentionFinder.build(Watch(entity_id=key, name=key, kind="topic", topic=key) for key in all_topics())

FOUND = {
    "ransomware": "Clinic pays ransom after hackers lock its systems",
    "data-breach": "Hackers stole passwords and data of 2 million customers from Quillon Cloud",
    "cyberattack": "Port of Norwick reports cyber incident",
    "vulnerability": "Zero-day flaw in Brightwater Vault exploited, patch out",
    "outage": "Cloud outage leaves Dromer Transport offline",
    "recall": "Marlow Mills recalls oat cereals over metal fragments in products",
    "price-increase": "Selva Botanicals raises its prices by 6%",
    "price-cut": "Fennimore Foods cuts prices in breakfast aisle",
    "rate-change": "Nordmark Central Bank raises key rate to 3.5%",
    "inflation": "Consumer prices rise faster than expected",
    "layoffs": "Osprey Freight to cut 400 jobs",
    "insolvency": "Tolmark Mining files for creditor protection",
    "strike": "Dock workers strike at Norwick",
    "supply-chain": "Chip shortage halts production at Estmere",
    "merger": "Estmere Group agrees to buy Corvane Pharma",
    "divestiture": "Halden Energy to sell its retail division",
    "ipo": "Medarra files to list in Easton",
    "earnings": "Meridia Bank quarterly profit up 4%",
    "profit-warning": "Kestrel Foods cuts full-year guidance",
    "dividend": "Halden Energy cuts its dividend by half",
    "leadership-change": "Meridia Bank’s chief executive steps down",
    "new-regulation": "Parliament passes payments bill: new rules from May",
    "investigation": "Watchdog opens investigation into Sable Ridge",
    "fine": "Regulator fines Meridia Bank 12 million",
    "lawsuit": "Investors sue: class action against Tolmark",
    "sanctions": "Tariffs on steel doubled",
    "fraud": "Auditor finds accounting irregularities at Sable Ridge",
    "product-launch": "Maison Tilleul launches new skin cream",
    "end-of-life": "Brightwater Vault 4 reaches end of support",
    "credit-rating": "Agency puts Meridia Bank on credit watch",
    "climate": "Hurricane closes Easton refinery",
    "artificial-intelligence": "Generative AI tools come to clinics",
    "esg": "Halden Energy accused of greenwashing",
}


@pytest.mark.parametrize("topic", FOUND)
def test_a_topic_finds_its_own_news(topic: str) -> None:
    assert topic in {mention.entity_id for mention in ALL.find(Item(id="itm", title=FOUND[topic]))}


def test_every_topic_has_an_example() -> None:
    assert set(FOUND) == set(all_topics())


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        ("strike", "Army says air strike hit depot"),
        ("strike", "Option with a strike price of 40 expires"),
        ("price-increase", "Broker raises its price target for Halden Energy"),
        ("merger", "Right to buy Halden Energy: Ann Lee"),
        ("merger", "Talent acquisition is harder"),
        ("fine", "Fine dining returns to Easton"),
        ("outage", "Outrage at Norwick"),
        ("recall", "Pupils recall their teacher"),
        ("recall", "Governor faces recall election"),
        ("sanctions", "Easton opens its first state-sanctioned market"),
    ],
)
def test_a_topic_does_not_find_look_alikes(topic: str, title: str) -> None:
    assert topic not in {mention.entity_id for mention in ALL.find(Item(id="itm", title=title))}


def test_a_topic_is_narrowed_by_context() -> None:
    watch = Watch(entity_id="q", name="Strikes in Norwick", kind="topic", topic="strike", context=("Norwick",))
    watchlist = MentionFinder.build([watch])
    assert watchlist.find(Item(id="itm", title="Pilots strike in Easton")) == ()
    (mention,) = watchlist.find(Item(id="itm", title="Pilots strike in Norwick"))
    assert [span.text for span in mention.spans] == ["Pilots strike"]


def test_a_topic_is_found_by_id_or_title() -> None:
    assert find_topic("Data-Breach") == find_topic("data  breach") == all_topics()["data-breach"]
    assert find_topic("astrology") is None


@pytest.mark.parametrize(
    ("name", "topic"), [("Interest rates", "rate-change"), ("job cuts", "layoffs"), ("AI", "artificial-intelligence")]
)
def test_a_topic_goes_by_other_names_as_well(name: str, topic: str) -> None:
    assert find_topic(name) == all_topics()[topic]


def test_no_name_means_two_topics() -> None:
    assert all(
        find_topic(name) == topic for topic in all_topics().values() for name in (topic.id, topic.title, *topic.also)
    )
