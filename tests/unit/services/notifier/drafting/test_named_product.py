"""Recalls and flaws of one product, for clients who are known to have something of its maker."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from schemas.clients import Risk, Stance, Trade, Watch
from schemas.mentions import EventKind, Span
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.compose import Composed, compose
from services.notifier.drafting.dry_run import DryRunCase, brief_for
from services.notifier.drafting.named_product import is_of_another_product, named_product
from services.notifier.drafting.opinion import is_skipped, opinion_part
from services.notifier.drafting.playbooks import Playbooks

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
SHIPPED = Playbooks.shipped()


def _brief(
    says: str,
    kind: EventKind = "recall",
    *,
    stance: Stance = "uses",
    trade: Trade = "insurance",
    name: str = "Halden",
    note: str | None = None,
) -> Brief:
    """Return the news ``says`` on Halden, of which the client has ``name``."""
    found = brief_for(DryRunCase(trade, kind, stance, role="object"), NOW)
    watch = found.client.watches[0].model_copy(update={"name": name, "note": note})
    span = Span(field="title", start=says.index("Halden"), end=says.index("Halden") + 6, text="Halden")
    item = found.alert.evidence[0].model_copy(update={"title": says, "quote": f"{says}.", "spans": (span,)})
    alert = found.alert.model_copy(update={"headline": says, "entity_name": name, "evidence": (item,)})
    return replace(found, alert=alert, client=found.client.model_copy(update={"assets": (watch,)}))


@pytest.mark.parametrize(
    ("kind", "headline", "product"),
    [
        ("recall", "Halden recalls the Zipquad for children after injuries", "the Zipquad"),
        ("recall", "Halden recalls 18,000 washing machines over fire risk", "washing machines"),
        ("recall", "Halden Recalls 18,000 Washing Machines Over Fire Risk", "washing machines"),
        ("recall", "Recall of Halden Model X cars after crash", "Model X cars"),
        ("recall", "Halden recalls Explora, Expedia vans over seat belts", "Explora and Expedia vans"),
        ("recall", "Halden recalls all of its ‘budget’ Zipquads", "budget Zipquads"),
        ("recall", 'Halden recalls "Zipquad" toys over brakes', "Zipquad toys"),
        ("recall", "Halden to recall 1 million Ravex and Camrex cars over cameras", "Ravex and Camrex cars"),
        ("recall", "Halden recall widens to second plant", None),
        ("recall", "Halden recalls 2 million vehicles over airbags", None),
        ("recall", "Halden recalls all of its products", None),
        ("recall", "Agency looks into recall by Halden", None),
        ("vulnerability", "Critical flaw in Halden Nightgate routers lets attackers in", "Nightgate routers"),
        ("vulnerability", "Halden patches critical flaw in Orvex", "Orvex"),
        ("vulnerability", "Halden patches critical flaw in its software", None),
        ("vulnerability", "Critical flaw in Halden lets attackers in", None),
        ("vulnerability", "Halden fixes flaw in Windows drivers", None),
        ("outage", "Halden Nest goes down for hours", "Nest"),
        ("outage", "Halden suffers outage for hours", None),
        ("outage", "Halden is down for thousands of users", None),
        ("data_breach", "Hackers steal customer data of Halden Nest", None),
    ],
)
def test_the_product_is_read_from_the_headline(kind: EventKind, headline: str, product: str | None) -> None:
    found = _brief(headline, kind)
    assert named_product(found.alert, found.client) == product


def test_who_is_noted_with_the_maker_alone_is_asked_whether_they_have_the_product() -> None:
    found = _brief("Halden recalls the Zipquad for children after injuries")
    made = compose(found, SHIPPED, send_after=NOW)
    assert isinstance(made, Composed)
    assert "checking whether you have the Zipquad from Halden" in made.draft.body
    assert "yours is among those" not in made.draft.body
    assert "What do you have from Halden?" in made.draft.body


@pytest.mark.parametrize("note", ["two Zipquads", "their children ride a zipquad"])
def test_what_the_book_names_is_the_clients_own(note: str) -> None:
    found = _brief("Halden recalls the Zipquad for children", note=note)
    assert named_product(found.alert, found.client) is None
    assert "the Zipquad" not in (opinion_part(found, SHIPPED).text or "")


def test_a_word_that_products_share_does_not_make_one_the_other() -> None:
    found = _brief("Halden recalls Model X cars over airbags", note="a Model 3")
    assert named_product(found.alert, found.client) == "Model X cars"
    part = _brief("Halden Nest goes down for hours", "outage", note="an honest dealer")
    assert named_product(part.alert, part.client) == "Nest"


def test_another_product_than_the_one_in_the_book_is_left_out() -> None:
    other = _brief("Halden recalls the Zipquad for children", name="Halden Brightcar")
    assert is_of_another_product(other.alert, other.client)
    assert is_skipped(other, SHIPPED)
    for headline in ("Halden recalls the Brightcar over brakes", "Halden recalls cars over brakes"):
        own = _brief(headline, name="Halden Brightcar")
        assert not is_of_another_product(own.alert, own.client)
        assert not is_skipped(own, SHIPPED)


def test_owners_and_users_of_a_product_in_everybodys_hands_are_not_asked() -> None:
    owned = _brief("Halden recalls the Zipquad for children", stance="holds", trade="wealth")
    assert named_product(owned.alert, owned.client) is None
    everywhere = _brief("Halden patches flaw in Chrome", "vulnerability", trade="it")
    assert named_product(everywhere.alert, everywhere.client) is None


def test_other_entries_of_the_book_show_what_the_client_has() -> None:
    found = _brief("Halden patches critical flaw in Orvex", "vulnerability", trade="it")
    orvex = Watch(entity_id="orvex", name="Orvex", kind="product")
    both = found.client.model_copy(update={"assets": (*found.client.assets, orvex)})
    assert named_product(found.alert, found.client) == "Orvex"
    assert named_product(found.alert, both) is None


@pytest.mark.parametrize(
    "says", ["Critical flaw in {name} lets attackers in", "Update closes flaw in {name}, patch now"]
)
@pytest.mark.parametrize("desire", ["", "continuity", "security"])
@pytest.mark.parametrize("risk", [None, "limited"])
def test_of_what_everybody_has_no_list_is_asked_for(says: str, desire: str, risk: Risk | None) -> None:
    case = DryRunCase("it", "vulnerability", "uses", "negative", role="object", says=says, risk=risk)
    found = brief_for(replace(case, desires=(desire,) if desire else ()), NOW)
    told = _phrasings(found)
    asset = found.client.watches[0].model_copy(update={"name": "Windows"})
    windows = replace(found, client=found.client.model_copy(update={"assets": (asset,)}))
    everybodys = _phrasings(windows)
    lists = ("where you use", "where you run", "systems with")
    assert any(words in action for action in everybodys for words in lists) is False
    if any(words in action for action in told for words in lists):
        assert everybodys != told
        assert "{asset}" in "".join(everybodys)


def _phrasings(brief: Brief) -> list[str]:
    rule = opinion_part(brief, SHIPPED).rule
    assert rule is not None
    return [action for action, _ in rule.phrasings]


def test_the_advice_on_what_everybody_has_is_free_of_facts_and_faults() -> None:
    case = DryRunCase("it", "vulnerability", "uses", "negative", role="object", says="Flaw in {name} is exploited")
    for number in range(12):
        found = brief_for(case, NOW)
        asset = found.client.watches[0].model_copy(update={"name": "Windows"})
        client = found.client.model_copy(update={"assets": (asset,), "id": f"client-{number}"})
        alert = found.alert.model_copy(update={"client_id": client.id, "entity_name": "Windows"})
        says = "Flaw in Windows is exploited"
        item = alert.evidence[0].model_copy(update={"title": says, "quote": f"{says}."})
        alert = alert.model_copy(update={"headline": says, "evidence": (item,)})
        assert isinstance(compose(replace(found, client=client, alert=alert), SHIPPED, send_after=NOW), Composed)
