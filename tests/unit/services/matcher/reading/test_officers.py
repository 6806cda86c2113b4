"""Officers speak for their company; former officers and outsiders do not."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.base import event
from schemas.clients import Client, ClientChanged, Firm, Manager, Watch
from schemas.items import Item, ItemIngested
from schemas.mentions import ItemAnnotated
from services.matcher.annotate import Annotate
from services.matcher.reading.officers import Officer, find_officer

NOW = datetime(2026, 3, 2, 8, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "officer"),
    [
        ("Halden is not for sale, its chief executive Ann Lee said on Monday.", Officer(None)),
        ("No dividend cut at Halden, says chairman", Officer(None)),
        ("Halden not for sale, chief executive says", Officer(None)),
        ("Halden Energy chief executive Ann Lee said the plant is safe.", Officer("Halden Energy")),
        ("Bexley's CFO told reporters that there is no offer.", Officer("Bexley")),
        ("The bank's chairman Ola Berg denied it.", Officer(None)),
        ("Halden Energy keeps its mills, finance chief Ann Lee said.", Officer("Halden Energy")),
        ("Halden Energy stands by its dividend, finance chief Ann Lee told investors.", Officer("Halden Energy")),
        ("Nobody will be laid off, chief executive Ann Lee said.", Officer(None)),
        ("Halden does not plan any job losses, its head of personnel said.", Officer(None)),
        ("Former Halden chief executive Ann Lee said it was a mistake.", None),
        ("Bexley analyst Per Aas said the dividend is at risk.", None),
        ("Finance minister Per Aas said the bank is sound.", None),
        ("Halden's chief executive is Ann Lee.", None),
    ],
)
def test_an_officer_is_recognized(text: str, officer: Officer | None) -> None:
    assert find_officer([text]) == officer


def test_the_first_statement_with_an_officer_counts() -> None:
    assert find_officer(["Halden denies it", "Halden is sound, its chairman said.", "Bexley chairman Al said no."]) == (
        Officer(None)
    )


@pytest.mark.parametrize(
    ("title", "speaker"),
    [
        ("Bexley drops bid for Halden Energy", "Bexley"),
        ("Halden Energy drops bid for Bexley", None),
        ("Court blocks takeover of Halden Energy", None),
    ],
)
def test_in_a_deal_the_company_that_acts_is_the_speaker(title: str, speaker: str | None) -> None:
    annotate = Annotate()
    halden = Watch(entity_id="h", name="Halden Energy", kind="holding")
    client = Client(id="c", name="c", manager_id="m", trade="wealth", assets=(halden,))
    book = ClientChanged(client=client, firm=Firm(name="f"), manager=Manager(id="m", name="m"))
    annotate.update_reference(event(book, key="c", id="c", source="test", time=NOW))
    item = Item(id="itm", title=title, summary=f"{title} on Monday, the company said.", fetched_at=NOW)
    came = event(ItemIngested(item=item), key="itm", id="evt", source="test", time=NOW)
    (annotated,) = annotate.process(None, came, NOW)[1]
    assert isinstance(annotated.data, ItemAnnotated)
    assert annotated.data.claim.attributed_to == speaker
