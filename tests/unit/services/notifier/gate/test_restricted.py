from __future__ import annotations

import pytest

from schemas.drafts import Draft
from services.notifier.gate.restricted import ToldAlert, check_restricted
from tests.unit.services.notifier.outreach.life import Life
from tests.unit.services.notifier.samples import a_firm


@pytest.fixture(scope="module")
def life() -> Life:
    life = Life()
    life.alert(1)
    return life


def rules(life: Life, body: str, *listed: str, draft: Draft | None = None) -> list[str]:
    draft = draft or life.only
    told = [ToldAlert(draft.alert_id, "halden-energy", "Halden Energy")]
    firm = a_firm().model_copy(update={"restricted": listed})
    return [found.rule for found in check_restricted(draft.subject, body, draft, told, life.client, firm)]


def test_a_restricted_name_that_was_added_is_found_in_any_spelling(life: Life) -> None:
    body = life.only.body
    assert rules(life, f"{body}\n\nCorvane\nPHARMA would fit you.", "Corvane Pharma") == ["restricted_name"]
    assert rules(life, f"{body}\n\nCorvane Pharmacy would fit you.", "Corvane Pharma") == []
    assert rules(life, body, "Corvane Pharma") == []


def test_what_firstword_wrote_without_an_opinion_may_stay_and_additions_are_found(life: Life) -> None:
    silent = life.only.model_copy(
        update={"parts": tuple(part for part in life.only.parts if part.role != "opinion"), "advice": ()}
    )
    assert rules(life, silent.body, "Halden Energy", draft=silent) == []
    assert rules(life, f"{silent.body}\n\nI would sell.", "halden-energy", draft=silent) == ["restricted_edit"]
    added = f"{silent.body}\n\nI would sell Halden Energy."
    assert rules(life, added, "halden-energy", draft=silent) == ["restricted_name"]


def test_an_opinion_on_a_name_that_was_restricted_later_is_found(life: Life) -> None:
    assert any(part.role == "opinion" for part in life.only.parts)
    assert rules(life, life.only.body, "Halden Energy") == ["restricted_name"]
    assert rules(life, life.only.body) == []
