"""No sentence says that somebody else reports it as well, unless an independent item states the same claim."""

from __future__ import annotations

import pytest

from schemas.alerts import Evidence
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.corroboration import corroborating, unsupported
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager, an_alert, an_item, drafted_story

LEAD = an_item(channel="owner:northgate")


def herald(**more: object) -> Evidence:
    fields: dict[str, object] = {"publisher": "Herald", "origin": "Herald", "channel": "owner:herald", **more}
    return an_item("Halden Energy", 2, **fields)


@pytest.mark.parametrize(
    ("other", "supports"),
    [
        (herald(), True),
        (herald(supports="copy"), False),
        (herald(supports="context"), False),
        (herald(supports=None), False),
        (herald(channel="owner:northgate"), False),
        (herald(origin="Northgate Wire"), False),
        (herald(source_grade="D"), False),
        (herald(source_grade="F"), False),
        (herald(status="hedged"), False),
        (herald(status="denied"), False),
        (herald(same_event=(LEAD.item_id,)), True),
        (herald(same_event=()), False),
    ],
)
def test_only_an_independent_item_with_the_same_claim_supports_another(other: Evidence, supports: bool) -> None:
    assert bool(corroborating(an_alert(evidence=(LEAD, other)), LEAD)) is supports


@pytest.mark.parametrize(
    ("sentence", "other", "fine"),
    [
        ("Herald also reports it.", herald(), True),
        ("Herald also reports it.", herald(supports="context"), False),
        ("The Ledger also reports it.", herald(), False),
        ("It was confirmed by Herald.", herald(), True),
        ("It was confirmed by Herald.", herald(supports="copy"), False),
        ("Herald reports: “Tribune also reports it”.", herald(supports="copy"), True),
        ("On 1 March I told you about an unconfirmed report; it is now confirmed.", herald(), False),
        ("Herald reports it.", herald(supports="context"), True),
    ],
)
def test_a_sentence_that_claims_support_needs_it(sentence: str, other: Evidence, fine: bool) -> None:
    brief = Brief(an_alert(evidence=(LEAD, other)), a_client(), a_firm(), a_manager(), NOW)
    assert unsupported(sentence, brief, LEAD) == (() if fine else (sentence,))


def test_a_sentence_about_an_earlier_message_needs_one_that_was_sent() -> None:
    alert, said = an_alert(evidence=(LEAD, herald())), "On 1 March I told you about this; it is now confirmed."
    sent = drafted_story(alert, item_ids=("itm_1",))
    for earlier, fine in ((sent, True), (sent.model_copy(update={"sent_at": None}), False)):
        brief = Brief(alert, a_client(), a_firm(), a_manager(), NOW, earlier)
        assert (unsupported(said, brief, LEAD) == ()) is fine
