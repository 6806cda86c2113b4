"""Decisions of an authority on fish, which are nothing to a maker of software."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.alerts import Alert
from schemas.clients import Client, Stance, Watch
from schemas.mentions import EventKind
from services.notifier.drafting.dry_run import DryRunCase, brief_for
from services.notifier.drafting.sectors import is_of_another_sector

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)


def _case(
    headline: str,
    *,
    client_name: str = "Halden Foods",
    stance: Stance = "regulated_by",
    trade: str = "legal",
    kind: EventKind = "regulation",
    assets: tuple[Watch, ...] = (),
) -> tuple[Alert, Client]:
    brief = brief_for(DryRunCase(trade, kind, stance, "negative"), NOW)
    client = brief.client.model_copy(update={"name": client_name, "assets": assets})
    evidence = tuple(item.model_copy(update={"title": headline}) for item in brief.alert.evidence)
    return brief.alert.model_copy(update={"headline": headline, "evidence": evidence}), client


@pytest.mark.parametrize(
    ("headline", "another"),
    [
        ("Agency bans menthol cigarettes", True),
        ("Agency limits drilling for oil off the coast", True),
        ("Agency orders new labels for infant formula", False),
        ("Agency bans noncompete clauses for drillers of oil and all other employers", False),
        ("Agency opens its new seat", False),
        ("Agency to target hidden fees", False),
        ("Agency eases rules on raising capital", False),
        ("Agency limits what Target stores may sell", True),
    ],
)
def test_an_authoritys_decision_in_another_field_is_not_the_clients(headline: str, another: bool) -> None:
    assert is_of_another_sector(*_case(headline)) == another


def test_without_a_known_field_only_what_concerns_nobody_else_is_left_out() -> None:
    assert is_of_another_sector(*_case("Agency bans menthol cigarettes", client_name="Halden"))
    assert not is_of_another_sector(*_case("Agency limits drilling for oil", client_name="Halden"))


def test_what_an_authority_of_many_fields_decides_in_one_is_nothing_where_the_book_shows_no_field() -> None:
    alert, client = _case("Court limits drilling for oil", client_name="Halden")
    assert is_of_another_sector(alert.model_copy(update={"entity_name": "Supreme Court"}), client)
    alert, client = _case("Court limits what app stores may charge", client_name="Halden")
    assert not is_of_another_sector(alert.model_copy(update={"entity_name": "Supreme Court"}), client)


def test_a_duty_on_the_goods_of_a_field_is_that_fields() -> None:
    assert is_of_another_sector(*_case("Agency drops export tariffs on medicines"))
    assert not is_of_another_sector(*_case("Agency raises tariffs on all imports"))


def test_maps_of_an_election_are_nothing_to_a_company() -> None:
    assert is_of_another_sector(*_case("Court lets stand an electoral map of Norland", kind="legal"))


def test_what_a_client_buys_shows_a_field_only_if_two_of_them_do() -> None:
    one, two = (Watch(entity_id=name.casefold(), name=name, kind="supplier") for name in ("Coinbase", "Kraken"))
    headline = "Agency forbids staking of crypto tokens"
    assert is_of_another_sector(*_case(headline, assets=(one,)))
    assert not is_of_another_sector(*_case(headline, assets=(one, two)))


def test_private_clients_and_what_a_client_follows_are_left_alone() -> None:
    headline = "Agency bans menthol cigarettes"
    assert not is_of_another_sector(*_case(headline, trade="wealth"))
    assert not is_of_another_sector(*_case(headline, stance="follows"))
    assert not is_of_another_sector(*_case(headline, kind="macro"))
