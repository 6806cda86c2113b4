"""An edited message is checked against the evidence of every story in it, not only the first."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from schemas.alerts import AlertRaised
from schemas.base import Payload, content_id, event
from schemas.clients import ClientChanged
from schemas.drafts import Draft, DraftCreated
from services.notifier.desk.draft_checks import TRANSLATED, checks_of
from tests.desk_world import World
from tests.unit.services.notifier.outreach.life import Life
from tests.unit.services.notifier.samples import a_firm, a_manager, an_item

Merged = tuple[World, Draft]


@pytest.fixture
def merged(tmp_path: Path) -> Iterator[Merged]:
    """A draft that combines two stories."""
    life = Life()
    alerts = [
        life.alert(1),
        life.alert(2, "Corvane Pharma", evidence=(an_item("Corvane Pharma", 2, quote="Corvane Pharma cut 741 jobs."),)),
    ]
    payloads: list[Payload] = [ClientChanged(client=life.client, firm=a_firm(), manager=a_manager())]
    payloads += [AlertRaised(alert=alert) for alert in alerts]
    payloads.append(DraftCreated(draft=life.only))
    key = life.client.id
    world = World.make(
        tmp_path,
        [
            event(payload, key=key, id=content_id("evt", str(n)), source="t", time=life.now)
            for n, payload in enumerate(payloads)
        ],
    )
    yield world, life.only
    world.engine.dispose()


@pytest.mark.parametrize(("said", "nowhere"), [("Corvane Pharma cut 741 jobs.", ()), ("It cut 742 jobs.", ("742",))])
def test_an_edited_text_may_rest_on_the_evidence_of_each_story(
    merged: Merged, said: str, nowhere: tuple[str, ...]
) -> None:
    world, draft = merged
    world.desk("edit", draft.id, 0, "On both", f"Dear Claire Arnaud,\n\n{said} Halden Energy cut its dividend by 38%.")
    checks = checks_of(world.line(draft.id))
    assert tuple(entry.text for entry in checks.nowhere) == nowhere
    tied = {entry.text: entry.ref for entry in checks.grounding}
    assert tied["38%"] == "itm_1"
    assert tied.get("741", "itm_2") == "itm_2"


def test_a_translation_is_checked_for_numbers_and_quotations_only(merged: Merged) -> None:
    world, draft = merged
    german = (
        "Sehr geehrte Frau Arnaud,\n\nHalden Energy hat seine Dividende um 38% gekürzt, Corvane Pharma um 99%. Wir "
        "sollten gemeinsam überlegen, welche Rolle diese Position künftig für Sie spielen soll. Wie sehen Sie das?"
    )
    world.desk("edit", draft.id, 0, "Halden Energy kürzt die Dividende", german)
    checks = checks_of(world.line(draft.id))
    assert [entry.text for entry in checks.nowhere] == ["99%"]
    assert TRANSLATED in checks.findings
    assert "isn&#39;t in English" in world.browser().get(f"/drafts/{draft.id}").text
