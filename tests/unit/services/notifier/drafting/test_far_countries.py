from __future__ import annotations

import pytest

from schemas.clients import Watch
from services.notifier.drafting.far_countries import is_of_far_country
from tests.unit.services.notifier.samples import a_client

SITE = Watch(entity_id="turkey", name="Turkey", kind="site")


@pytest.mark.parametrize(
    ("headline", "zone", "far"),
    [
        ("Inflation in Argentina passes 100 percent", "America/New_York", True),
        ("Reserve Bank of Australia raises rates again", "Europe/London", True),
        ("Reserve Bank of Australia raises rates again", "Australia/Sydney", False),
        ("Bank of England holds rates", "Europe/London", False),
        ("ECB cuts rates as German output falls", "Europe/Paris", False),
        ("US and Chinese prices fall", "Europe/Paris", False),
        ("White House weighs steps against Argentina", "Europe/Paris", False),
        ("Argentina raises its tariffs on pumps", "Europe/Paris", False),  # it reaches whoever sells there
        ("Consumer prices rise by 6 percent", "America/New_York", False),
        ("Turkish inflation slows", "Europe/London", False),  # the client has a site there
        ("German prices fall", "Europe/Paris", True),
        ("US mortgage rates fall", "Europe/Paris", True),  # nobody in Paris borrows at them
        ("Inflation in Argentina passes 100 percent", "UTC", False),  # the client's country is not known
    ],
)
def test_figures_of_a_country_that_is_not_the_clients_are_far(headline: str, zone: str, far: bool) -> None:
    assert is_of_far_country(headline, a_client(time_zone=zone, assets=(SITE,))) is far


@pytest.mark.parametrize(
    ("headline", "hosts", "zone", "trade", "far"),
    [
        ("Fed raises rates", (), "Europe/Berlin", "accounting", True),
        ("Fed raises rates", (), "Europe/Berlin", "wealth", False),
        ("Fed raises rates", (), "America/Denver", "accounting", False),
        ("Norland meets new tariffs on India", (), "Europe/Berlin", "accounting", True),
        ("Australia may impose tariffs on pumps", (), "America/Denver", "accounting", True),
        ("China may impose tariffs on pumps", (), "America/Denver", "accounting", False),
        ("Australia may impose tariffs on pumps of the US", (), "America/Denver", "accounting", False),
        ("Norland meets new tariffs on India", (), "Europe/Berlin", "wealth", False),
        ("Central bank cuts rates again", ("www.timesofisrael.com",), "America/Denver", "accounting", True),
        (
            "Central bank cuts rates again",
            ("timesofisrael.com", "ledger.example"),
            "America/Denver",
            "accounting",
            False,
        ),
        ("Mortgage rates reach a new high", ("cnbc.com",), "Europe/London", "wealth", True),
        ("Mortgage rates reach a new high", ("cnbc.com",), "America/Denver", "wealth", False),
        ("Oil rises as tankers wait", ("cnbc.com",), "Europe/Berlin", "accounting", False),  # it has one price
    ],
)
def test_what_a_company_pays_is_decided_at_home_and_figures_are_of_where_they_are_published(
    headline: str, hosts: tuple[str, ...], zone: str, trade: str, far: bool
) -> None:
    client = a_client(time_zone=zone, trade=trade)
    assert is_of_far_country(headline, client, hosts) is far
