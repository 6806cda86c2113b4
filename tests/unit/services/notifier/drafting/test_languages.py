"""A draft for a client who reads another language is in English, says so, and may be translated."""

from __future__ import annotations

import pytest

from services.notifier.drafting.brief import Brief
from services.notifier.drafting.compose import Composed, compose, signature
from services.notifier.drafting.languages import greeting
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.tone import review
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager, an_alert

GERMAN = (
    "Sehr geehrte Frau Arnaud,\n\nHalden Energy hat seine Dividende gekürzt. Wir sollten gemeinsam überlegen, welche "
    "Rolle diese Position künftig für Sie spielen soll. Wie sehen Sie das?"
)


@pytest.mark.parametrize(
    ("language", "salutation", "said"),
    [
        ("en", "Ms Arnaud", "Dear Ms Arnaud,"),
        ("en", "Madame Arnaud", "Dear Madame Arnaud,"),
        ("de-CH", "Sehr geehrte Frau Arnaud", "Dear Claire Arnaud,"),
        ("de", "Frau Arnaud,", "Dear Claire Arnaud,"),
        ("fr", "Ms Arnaud", "Dear Ms Arnaud,"),
        ("fr", "Claire", "Dear Claire,"),
        ("fr", "Dear Claire", "Dear Claire,"),
        ("fr", None, "Dear Claire Arnaud,"),
    ],
)
def test_a_letter_begins_in_english(language: str, salutation: str | None, said: str) -> None:
    assert greeting(a_client(language=language, salutation=salutation)) == said


@pytest.mark.parametrize(
    ("own", "first"),
    [
        ("Mit freundlichen Grüßen\nMara Lindqvist", "Kind regards,\nMara Lindqvist"),
        ("Cordialement,\nMara Lindqvist", "Kind regards,\nMara Lindqvist"),
        ("Best wishes\nMara", "Best wishes\nMara"),
        ("Mara Lindqvist", "Kind regards,\nMara Lindqvist"),
    ],
)
def test_a_letter_ends_in_english(own: str, first: str) -> None:
    assert signature(a_manager(signature=own), "Harbour & Vane") == first


def test_the_manager_is_told_to_translate_it() -> None:
    client = a_client(language="de-CH", salutation="Sehr geehrte Frau Arnaud")
    brief = Brief(an_alert(client), client, a_firm(), a_manager(), NOW)
    composed = compose(brief, Playbooks.shipped(), send_after=NOW)
    assert isinstance(composed, Composed)
    (finding,) = composed.draft.findings
    assert finding.message == "Claire Arnaud reads German, and this message is in English."
    assert finding.mend == "Translate it before you send it, and address the client as “Sehr geehrte Frau Arnaud”."
    for foreign in ("Sehr", "Frau", "Grüße"):
        assert foreign not in composed.draft.body


def test_a_translated_draft_gets_no_note_to_translate() -> None:
    client = a_client(language="de")
    assert [found.rule for found in review(GERMAN, client, closely=True)] == []
    english = "Dear Claire Arnaud,\n\nHalden Energy has cut its dividend, and we should talk. How do you see it?"
    assert [found.rule for found in review(english, client, closely=True)] == ["language"]
    assert [found.rule for found in review(english, a_client(language="xx"))] == ["language"]
