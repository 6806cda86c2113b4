"""The corpus of a language model's answers: drafts with honest and hostile answers (tests/corpus/rewording)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from schemas.alerts import Alert
from schemas.clients import Client
from schemas.drafts import Draft, DraftPart
from services.common.yaml_table import load_yaml
from services.notifier.drafting.compose import message_text, signature
from services.notifier.drafting.grounding import check_grounding, grounding_sources
from services.notifier.drafting.languages import greeting
from services.notifier.drafting.tone import count_words, reading_seconds, review
from services.notifier.gate.policy import GatePolicy
from services.notifier.rewording.answer import AcceptedText, Declined, check_answer
from services.notifier.rewording.question import Mode, Question, build_question
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager, a_watch, an_alert, an_item

FOLDER = Path(__file__).parents[4] / "corpus" / "rewording"
ROLES = ("news", "meaning", "opinion", "question")


@dataclass(frozen=True, eq=False)
class Case:
    """A draft with its alert and client, and answers about it: parts by name, in plain words."""

    name: str
    alert: Alert
    client: Client
    draft: Draft
    text: Mapping[str, str]
    honest: tuple[Mapping[str, str], ...]
    hostile: tuple[tuple[str, str, str], ...]

    @cache  # noqa: B019 - there are a dozen cases
    def question(self, mode: Mode) -> Question:
        question = build_question(self.draft, self.alert, self.client, a_firm(), a_manager(), mode=mode)
        assert question is not None
        assert question.mode == mode
        return question

    def judged(self, texts: Mapping[str, str], mode: Mode = "write") -> AcceptedText | Declined:
        """Return the verdict on an answer with these parts in plain words; the others are the draft's."""
        question, firm = self.question(mode), a_firm()
        names = {self.draft.parts[index].role: name for name, index in question.parts.items()} | {"subject": "subject"}
        given = {
            names[part]: with_marks(text, question) for part, text in texts.items() if names[part] in question.masked
        }
        answer = json.dumps({**question.masked, **given})
        known = grounding_sources(self.alert, self.client, firm, a_manager(), now=NOW)
        return check_answer(question, answer, self.draft, self.client, firm, known, gate=GatePolicy())

    def changed(self, hostile: tuple[str, str, str], base: Mapping[str, str]) -> str | None:
        """Return a part of ``base`` with the hostile change, or None if it has not the words to change."""
        part, old, new = hostile
        text = base.get(part, self.text[part])
        return text.replace(old, new, 1) if old in text else None


def with_marks(text: str, question: Question) -> str:
    """Return ``text`` with the marks of the question, as a model would write it. What has no mark stays."""
    known = sorted(question.masks.marks.items(), key=lambda entry: -len(entry[0]))
    pattern = "|".join(rf"(?<!\w){re.escape(words)}(?!\w)" for words, _ in known)
    return re.sub(pattern, lambda match: question.masks.marks[match[0]], text) if pattern else text


@cache
def cases() -> tuple[Case, ...]:
    return tuple(_case(path) for path in sorted(FOLDER.glob("*.yaml")) if path.stem != "anywhere")


@cache
def everywhere() -> dict[str, list[str]]:
    raw: dict[str, list[str]] = load_yaml((FOLDER / "anywhere.yaml").read_text(encoding="utf-8"))
    return raw


def _case(path: Path) -> Case:
    raw: dict[str, Any] = load_yaml(path.read_text(encoding="utf-8"))
    watch = a_watch(raw["watch"]["kind"], raw["watch"]["name"], raw["watch"].get("weight"))
    client = a_client(**{"desires": (), **raw["client"], "assets": (watch, *raw["client"].get("assets", ()))})
    items = tuple(
        an_item(watch.name, number, **{"origin": item["publisher"], **item})
        for number, item in enumerate(raw["evidence"], start=1)
    )
    if "also reports" in raw["draft"]["news"]:
        items += (an_item(watch.name, 9, publisher="Harbor Courier", origin="Harbor Courier", title=items[0].title,
                          quote=items[0].quote),)  # fmt: skip
    about = {"headline": items[0].title, "evidence": items, **raw["alert"]}
    alert = an_alert(client, watch=watch, **about)
    return Case(
        path.stem, alert, client, a_draft(raw["draft"], alert, client), raw["draft"], tuple(raw["honest"]),
        tuple((part, old, new) for entry in raw["hostile"] for part, (old, new) in entry.items()),
    )  # fmt: skip


def a_draft(text: Mapping[str, str], alert: Alert, client: Client) -> Draft:
    """Return a draft with this subject and these parts, whatever the playbooks would write."""
    manager, firm = a_manager(), a_firm()
    parts = [DraftPart(role="greeting", text=greeting(client))]
    for role in ROLES:
        if role in text:
            evidence = tuple(item.item_id for item in alert.evidence) if role == "news" else ()
            parts.append(DraftPart.model_validate({"role": role, "text": text[role], "evidence": evidence}))
    parts.append(DraftPart(role="signature", text=signature(manager, firm.name)))
    body = "\n\n".join(part.text for part in parts)
    words = count_words(message_text(parts))
    known = grounding_sources(alert, client, firm, manager, now=NOW)
    return Draft(
        id=f"drf_{alert.id}", alert_id=alert.id, story_id=alert.story_id, client_id=client.id, manager_id=manager.id,
        verdict=alert.verdict, subject=text["subject"], body=body, parts=tuple(parts),
        grounding=check_grounding(f"{text['subject']}\n\n{body}", known),
        findings=review(f"{text['subject']}.\n\n{message_text(parts)}", client),
        words=words, reading_seconds=reading_seconds(words), urgency=alert.urgency, created_at=NOW, send_after=NOW,
        deadline_at=alert.deadline_at,
    )  # fmt: skip
