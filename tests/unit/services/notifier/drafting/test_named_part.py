from __future__ import annotations

import pytest

from schemas.clients import Watch
from schemas.mentions import Span
from services.notifier.drafting.named_part import buys_another, gives_up_deal, part_shown
from tests.unit.services.notifier.samples import a_client, an_alert, an_item


@pytest.mark.parametrize(
    "headline",
    [
        "Halden Energy customer wakes up to a bill of $18,000",
        "A former Halden Energy engineer Ann Lee says the pumps were unsafe",
        "Halden Energy driver arrested after crash",
    ],
)
def test_what_one_person_met_is_no_event_of_the_company(headline: str) -> None:
    assert part_shown(an_alert(headline=headline)) == "person"


@pytest.mark.parametrize(
    "headline",
    [
        "Halden Energy customer data stolen in attack",
        "Halden Energy customers sue over bills",
        "Halden Energy worker strike begins",
        "Halden Energy says a customer was overcharged",
    ],
)
def test_many_people_and_what_belongs_to_them_are_the_companys_affair(headline: str) -> None:
    assert part_shown(an_alert(headline=headline)) is None


@pytest.mark.parametrize(
    ("headline", "part"),
    [
        ("Lululemon chief Calvin McDonald is stepping down", "other"),
        ("McDonald beats forecasts", None),
        ("Calvin McDonald takes over at McDonald", None),
    ],
)
def test_a_name_after_a_given_name_is_a_persons(headline: str, part: str | None) -> None:
    assert part_shown(an_alert(headline=headline, entity_name="McDonald")) == part


def test_a_company_with_a_given_name_in_its_own_is_no_person() -> None:
    headline, name = "Charles Schwab to cut jobs", "Charles Schwab"
    item = an_item("Schwab").model_copy(update={"spans": (Span(field="title", start=0, end=len(name), text=name),)})
    assert part_shown(an_alert(headline=headline, entity_name="Schwab", evidence=(item,))) is None


def test_military_strikes_are_no_strike() -> None:
    assert part_shown(an_alert(headline="Oil climbs as missile strikes go on", entity_name="Strike")) == "other"
    assert part_shown(an_alert(headline="Dockers vote to strike", entity_name="Strike")) is None


@pytest.mark.parametrize(
    ("headline", "buys"),
    [
        ("Britain opens a deeper probe of Halden Energy's Orvix deal", True),
        ("Regulator blocks Halden Energy's planned $2 billion acquisition of Orvix", True),
        ("Regulator looks into the takeover of Halden Energy", False),
        ("Court fines Halden Energy", False),
    ],
)
def test_a_review_of_its_purchase_of_another_is_the_others(headline: str, buys: bool) -> None:
    client = a_client()
    alert = an_alert(headline=headline)
    assert buys_another(alert, client) == buys
    target = Watch(entity_id="orvix", name="Orvix", kind="product")
    assert not buys_another(alert, client.model_copy(update={"assets": (*client.assets, target)}))


@pytest.mark.parametrize(
    ("headline", "gives_up"),
    [
        ("Halden Energy abandons Orvix rescue, leaving rival on brink of collapse", True),
        ("Halden Energy walks away from Orvix rescue as rival nears bankruptcy", True),
        ("Halden Energy backs out of deal to rescue Orvix", True),
        ("Halden Energy Calls Off $20 Billion Acquisition of Orvix", True),
        ("Halden Energy abandons its rescue plan and files for bankruptcy", False),
        ("Halden Energy abandons Orvix bid and files for bankruptcy", False),
        ("Halden Energy Drops Takeover Offer", False),
        ("Orvix walks away from rescue of Halden Energy", False),
        ("Halden Energy scraps supply deal with Orvix", False),
    ],
)
def test_who_gives_up_a_purchase_or_a_rescue_is_told_from_who_is_to_be_bought(headline: str, gives_up: bool) -> None:
    assert gives_up_deal(an_alert(headline=headline)) == gives_up
