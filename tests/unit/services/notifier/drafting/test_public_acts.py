from __future__ import annotations

from dataclasses import replace

import pytest

from schemas.alerts import Reason
from schemas.mentions import SourceLetter
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.news import news_part, subject_line
from services.notifier.drafting.public_acts import PUBLIC_RECORD, is_public_act, without_prefix
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager, an_alert, an_item


def _brief(title: str, kind: str, **more: object) -> Brief:
    item = an_item(title=title, quote=title, basis="own", source_grade="C").model_copy(update=more)
    alert = an_alert(headline=title, kind=kind, verdict="warn", evidence=(item,), origins=1, information_grade=3)
    return Brief(alert, a_client(), a_firm(), a_manager(), NOW)


@pytest.mark.parametrize(
    ("title", "kind", "more", "public"),
    [
        ("Court orders Halden Energy to pay damages", "lawsuit", {}, True),
        ("Halden Energy confirms outage of its pumps", "outage", {"basis": "company"}, True),
        ("Court orders Halden Energy to pay damages", "lawsuit", {"status": "hedged"}, False),
        ("Court orders Halden Energy to pay damages", "lawsuit", {"basis": "unnamed"}, False),
        ("Halden Energy pumps fail in three towns", "outage", {}, False),
        ("Orvix issues warning about flaw in Halden Energy pumps", "vulnerability", {}, True),
        ("Halden Energy pumps have a flaw", "vulnerability", {}, False),
    ],
)
def test_an_act_that_can_be_looked_up_is_not_called_unconfirmed(
    title: str, kind: str, more: dict[str, object], public: bool
) -> None:
    brief = _brief(title, kind, **more)
    text = news_part(brief, max_words=30, others=True).text
    assert is_public_act(brief.alert) is public
    assert subject_line(brief) == ("Reported: " if public else "Unconfirmed: ") + without_prefix(subject_line(brief))
    assert ("I have not yet seen the original announcement." in text) is public
    assert ("unconfirmed" in text) is not public


def test_what_judgment_calls_a_public_record_is_not_called_unconfirmed() -> None:
    alert = _brief("Sweden falls into recession", "macro").alert
    assert not is_public_act(alert)
    why = Reason(rule=PUBLIC_RECORD, saw="macro, information 3", concluded="warn", text="It can be looked up.")
    assert is_public_act(alert.model_copy(update={"reasons": (why,)}))
    flaw = _brief("Halden Energy pumps have a flaw", "vulnerability").alert
    assert not is_public_act(flaw.model_copy(update={"reasons": (why,)})), "nobody has given notice of it"


@pytest.mark.parametrize(("grade", "public"), [("C", True), ("D", True), ("E", False), ("F", False)])
def test_what_only_unknown_or_unreliable_sources_report_stays_unconfirmed(grade: SourceLetter, public: bool) -> None:
    brief = _brief("Court orders Halden Energy to pay damages", "lawsuit", source_grade=grade)
    brief = replace(brief, alert=brief.alert.model_copy(update={"source_grade": grade}))
    assert is_public_act(brief.alert) is public
    assert subject_line(brief).startswith("Reported: " if public else "Unconfirmed: ")
