"""The words by which news names industries and regions."""

from __future__ import annotations

import pytest

from services.matcher.lexicon import read_yaml
from services.matcher.mentions.scope_words import ScopePart, scope_words
from services.matcher.text.field_text import FieldText


def labels(text: str) -> set[str]:
    """Return the industries and regions that a title names, without the part that they belong to."""
    return {label.partition(":")[2] for label in scope_words().labels_in(FieldText("title", text))}


@pytest.mark.parametrize(
    ("title", "named"),
    [
        ("German court fines Estmere", {"germany"}),
        ("Bundesbank’s chief expects no cut", {"germany"}),
        ("Zürich und Basel: Estmere zieht um", {"switzerland"}),
        ("Prosecutors in Duesseldorf charge Estmere", {"germany"}),
        ("estmere opens a plant in germany", {"germany"}),
        ("North Korean hackers stole funds", {"north korea"}),
        ("South Korean and North Korean talks", {"south korea", "north korea"}),
        ("New Mexico sues Estmere", {"united states"}),
        ("Northern Ireland votes", {"united kingdom"}),
        ("Signatories of the Paris Agreement meet", set()),
        ("Estmere polishes its image", set()),
        ("Polish regulator fines Estmere", {"poland"}),
        ("A letter to all of us", set()),
        ("US and U.S. law differ", {"united states"}),
        ("PLEASE TELL US MORE ABOUT IT", set()),
        ("Michael Jordan invests in Estmere", set()),
        ("Jordan raises fuel duty", {"jordan"}),
        ("Hospitals cancel operations", {"healthcare"}),
        ("Central bank holds rates", set()),
        ("Central Bank of Norwick opens a bank", {"banking"}),
        ("The Times of India wins a prize", set()),
    ],
)
def test_news_names_industries_and_regions_in_many_words(title: str, named: set[str]) -> None:
    assert labels(title) == named


@pytest.mark.parametrize(
    ("entry", "title", "stands_for"),
    [
        ("germany", "Berlin passes the bill", True),
        ("Deutschland", "Berlin passes the bill", True),
        ("Österreich", "Vienna passes the bill", True),
        ("Osterreich", "Vienna passes the bill", True),
        ("Asia Pacific", "Tokyo passes the bill", True),
        ("DACH", "Vienna passes the bill", True),
        ("Europe", "Vienna passes the bill", True),
        ("Europe", "Tokyo passes the bill", False),
        ("Germany", "ECB cuts rates", True),
        ("DACH", "ECB cuts rates", True),
        ("Germany", "European stocks fall", False),
        ("euro area", "European Commission fines Estmere", True),
        ("United Kingdom", "ECB cuts rates", False),
        ("EU", "Germany cuts taxes", True),
    ],
)
def test_a_group_stands_for_its_members_and_a_union_acts_for_them(entry: str, title: str, stands_for: bool) -> None:
    found = scope_words().labels_in(FieldText("title", title))
    assert bool(found & scope_words().labels_for("regions", entry)) is stands_for


def test_each_name_means_one_industry_or_region() -> None:
    parts: tuple[ScopePart, ...] = ("industries", "regions")
    for part in parts:
        names = scope_words().names(part)
        assert len(names) == len(set(names))
        assert all(scope_words().labels_for(part, name) for name in names)
    assert not scope_words().labels_for("regions", "Nordmark")
    lexicon = read_yaml("scopes.yaml")
    known = {name.strip() for names in (*lexicon["regions"], *lexicon["groups"]) for name in names.split("|")}
    assert {member for group in lexicon["groups"].values() for member in group["members"]} <= known


def test_a_city_tells_the_region() -> None:
    assert scope_words().region_of("Berlin") == "Germany"
    assert scope_words().region_of("New York") == "United States"
    assert scope_words().region_of("UTC") is None
