"""A group's games are nothing to those who buy its software."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.alerts import Alert
from schemas.clients import Client, Stance, Watch
from services.notifier.drafting.dry_run import DryRunCase, brief_for
from services.notifier.drafting.other_lines import is_of_another_line

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def _case(
    headline: str, stance: Stance = "supplied_by", trade: str = "it", name: str = "Microsoft"
) -> tuple[Alert, Client]:
    brief = brief_for(DryRunCase(trade, "contract", stance, "positive"), NOW)
    alert = brief.alert.model_copy(update={"headline": headline, "entity_name": name, "stance": stance})
    return alert, brief.client


@pytest.mark.parametrize(
    ("headline", "another"),
    [
        ("Microsoft brings its best-known game to another console", True),
        ("Microsoft raises the price of Windows for companies", False),
        ("Microsoft's games unit reports a data breach", False),
        ("Microsoft opens a data center in Ohio", False),
    ],
)
def test_news_on_games_is_not_for_those_who_buy_software(headline: str, another: bool) -> None:
    assert is_of_another_line(*_case(headline)) == another


def test_owners_media_clients_and_other_companies_have_every_line() -> None:
    headline = "Microsoft brings its best-known game to another console"
    assert not is_of_another_line(*_case(headline, stance="holds"))
    assert not is_of_another_line(*_case(headline, trade="agency"))
    assert not is_of_another_line(*_case("Halden brings its best-known game to another console", name="Halden"))


def test_a_takeover_or_a_case_concerns_the_whole_group() -> None:
    alert, client = _case("Microsoft wants to buy a maker of games")
    assert is_of_another_line(alert, client)
    assert not is_of_another_line(alert.model_copy(update={"kind": "acquisition"}), client)
    assert not is_of_another_line(alert.model_copy(update={"kind": "lawsuit"}), client)


def test_a_client_whose_book_names_the_line_is_told() -> None:
    alert, client = _case("Microsoft brings its best-known game to another console")
    watch = Watch(entity_id="games", name="Xbox", kind="product", aliases=("Microsoft games",))
    told = client.model_copy(update={"assets": (*client.assets, watch)})
    assert is_of_another_line(alert, client)
    assert not is_of_another_line(alert, told)
