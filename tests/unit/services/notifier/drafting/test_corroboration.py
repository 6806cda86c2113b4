"""No sentence says that somebody else reports it as well, unless an independent item states the same claim."""

from __future__ import annotations

import pytest

from schemas.alerts import Evidence
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.claimed_support import is_confirmed_since, unsupported
from services.notifier.drafting.corroboration import without_weak_evidence
from services.notifier.drafting.supporters import corroborating
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
    ("title", "supports"),
    [
        ("Halden Energy leaves the index", True),
        ("Halden Energy joins the index", False),
        ("Halden Energy in the index", False),
        ("Halden Energy leaves the index for two weeks", False),
    ],
)
def test_a_source_that_makes_nothing_true_is_only_supported_by_who_says_just_that(title: str, supports: bool) -> None:
    lead = LEAD.model_copy(update={"title": "Halden Energy leaves the index", "source_grade": "C"})
    other = herald(source_grade="C").model_copy(update={"title": title, "quote": title})
    assert bool(corroborating(an_alert(evidence=(lead, other)), lead)) is supports


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


@pytest.mark.parametrize(
    ("best", "grades", "kept"),
    [
        ("A", "AC", "A"),
        ("B", "BCF", "B"),
        ("C", "CCF", "CC"),
        ("F", "FE", "FE"),
        ("A", "CF", "CF"),  # the good source's report has left the evidence
    ],
)
def test_a_message_rests_on_sources_as_good_as_the_story(best: str, grades: str, kept: str) -> None:
    evidence = tuple(herald(item_id=f"itm_{at}", source_grade=grade) for at, grade in enumerate(grades))
    alert = without_weak_evidence(an_alert(evidence=evidence, source_grade=best))
    assert "".join(item.source_grade for item in alert.evidence) == kept


def test_what_says_nothing_of_the_claim_carries_no_message() -> None:
    beside = herald(supports="context")
    weak = herald(item_id="itm_9", source_grade="F")
    assert len(without_weak_evidence(an_alert(evidence=(beside, weak), source_grade="A")).evidence) == 2


@pytest.mark.parametrize(
    ("told", "headline", "confirmed"),
    [
        ("Halden Energy cuts its dividend", "Halden Energy cuts dividend", True),
        ("Halden Energy cuts its dividend", "Halden Energy cuts 2026 dividend", True),
        ("Halden Energy cuts its whole dividend", "Halden Energy cuts its dividend", False),
        ("Halden Energy cuts its dividend by 90%", "Halden Energy cuts its dividend by 9%", False),
        ("Halden Energy is bankrupt", "Halden Energy cuts its dividend", False),
        ("Halden Energy closes", "Halden Energy closes a small unit in Malta", False),
    ],
)
def test_a_poor_source_is_confirmed_only_by_who_says_what_the_client_read(
    told: str, headline: str, confirmed: bool
) -> None:
    rumor = an_item(channel="source:whisper", source_grade="F", origin="Whisper", publisher="Whisper")
    report = herald(title=headline, quote=headline, same_event=(rumor.item_id,))
    alert = an_alert(evidence=(report,))
    earlier = drafted_story(alert, item_ids=(rumor.item_id,), quote=told)
    assert is_confirmed_since(alert, earlier, (rumor,)) is confirmed
