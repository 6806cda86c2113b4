"""``firstword explain``: the reasons for an alert."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer
from rich.text import Text

from firstword.cli.console import out, print_json
from firstword.cli.operator import log_read
from firstword.cli.options import AsJson, DataDir
from firstword.cli.scenario import scenario_lines
from firstword.compose import common
from firstword.reading_explanation import FieldExplanation, ReadingExplanation, explain_reading
from firstword.source_grades import SourceGrades
from firstword.store import Store
from schemas.alerts import Alert
from services.common.settings import read_settings
from services.matcher.reading.model.network import default_network
from services.matcher.reading.occlusion import Part

__all__ = ["explain"]

SOURCE_LABELS = {
    "A": "reliable",
    "B": "usually reliable",
    "C": "fairly reliable",
    "D": "not usually reliable",
    "E": "unreliable",
    "F": "unknown",
}
INFORMATION_LABELS = {
    1: "confirmed",
    2: "probably true",
    3: "possibly true",
    4: "doubtful",
    5: "contradicted",
    6: "cannot be judged",
}
#: What each field of a reading is called here; the part in the event stands under the watched name.
FIELD_LABELS = {
    "kind": "event",
    "status": "firmness",
    "genre": "text",
    "direction": "outlook",
    "weight": "weight",
    "tell": "worth telling",
}
#: Fields whose decisive words are marked in the text.
MARKED_FIELDS = ("kind", "role", "status", "tell")


def explain(
    alert_id: Annotated[
        str, typer.Argument(metavar="ALERT_ID", help="The alert's id, or enough of its beginning to be unique.")
    ],
    data: DataDir = None,
    as_json: AsJson = False,
    as_scenario: Annotated[
        bool, typer.Option("--as-scenario", help="Print a test scenario in YAML instead, for tests/scenarios.")
    ] = False,
) -> None:
    """Explain an alert: how its item was read, which words decided that, and what each rule saw and concluded.

    The first sentence says what happened, to whom, and what the name that the client follows has to do with it. Below
    it, each field of the reading has its confidence and the words that decided it; in the text they are marked «like
    this», or underlined on a terminal. Each word is left out in turn and the rest is read again: without these words,
    the model would be less sure. If a reading seems wrong, look at them first.

    Items are kept for a week; for an older alert, the words are found in its title and quotation.

    **Examples:**

    `firstword explain alr_5f3a`

    `firstword explain alr_5f3a --json | jq '.explanation.fields[] | {field, value, confidence}'`
    """
    with common.open_store(read_settings(data=data)) as store:
        alert = store.find_alert(alert_id)
        log_read(store, "alert.read", alert.id, alert.client_id)
        if as_scenario:
            for line in _scenario(store, alert):
                out.print(line, markup=False)
            return
        explanation = explain_reading(store, alert, default_network())
    if as_json:
        print_json({**alert.model_dump(mode="json"), "explanation": explanation})
        return
    for text in (*_beginning(alert), *_reading_lines(explanation), *_lines(alert)):
        out.print(text, markup=False)


def _scenario(store: Store, alert: Alert) -> list[str]:
    alerts, items = store.load_story(alert)
    book = store.book()
    client = next((client for client in book.clients if client.id == alert.client_id), None) if book else None
    grades = SourceGrades(store)
    hosts = sorted({item.host for alert in alerts for item in alert.evidence if item.host})
    known = [profile.set_grade for host in hosts if (profile := grades.explain(host)).set_grade.grade != "F"]
    return scenario_lines(alerts, items, client, known)


def _beginning(alert: Alert) -> list[str]:
    lines = [f"{alert.verdict.upper()}  {alert.headline}"]
    if alert.reasons:
        lines.append(f"because: {alert.reasons[0].text}")
    return lines


def _reading_lines(explanation: ReadingExplanation | None) -> list[str | Text]:
    """Return the reading in words and the text with its decisive words marked; nothing if no item was read."""
    if explanation is None:
        return []
    lines: list[str | Text] = ["", "How it was read", f"  {' '.join(explanation.sentences)}", ""]
    lines += [_marked(part, text, explanation) for part, text in _parts(explanation) if text]
    if not explanation.whole:
        lines.append("  (The full text is not kept here: these are the title and the quotation.)")
    lines.append("")
    labels = {**FIELD_LABELS, "role": explanation.name}
    width = max(13, *map(len, labels.values()))
    lines += [_field_line(labels[field.field], width, field) for field in explanation.fields]
    for label, values in (("figures", explanation.figures), ("also named", explanation.participants)):
        if values:
            lines.append(f"  {label:{width}} {', '.join(values)}")
    lines.append(f"  {'said by':{width}} {explanation.said_by}")
    return lines


def _parts(explanation: ReadingExplanation) -> tuple[tuple[Part, str], ...]:
    return ("title", explanation.title), ("lead", explanation.lead)


def _field_line(label: str, width: int, field: FieldExplanation) -> str:
    line = f"  {label:{width}} {field.phrase} ({_sure(field.confidence)})"
    if field.decisive:
        return f"{line}: {', '.join(f'“{word.text}”' for word in field.decisive)}"
    return f"{line}; read now as {field.read_now}" if field.read_now else line


def _sure(confidence: float) -> str:
    """Return a confidence in percent; nothing is ever quite sure."""
    return f"{min(99, round(100 * confidence))}% sure"


def _marked(part: Part, text: str, explanation: ReadingExplanation) -> Text:
    """Return ``text`` with its decisive words underlined on a terminal, elsewhere «marked»."""
    places = {
        (place.start, place.end)
        for field in explanation.fields
        if field.field in MARKED_FIELDS
        for word in field.decisive
        for place in word.places
        if place.part == part
    }
    line = Text("  ")
    end = 0
    for start, stop in sorted(places):
        line.append(text[end:start])
        line.append(text[start:stop] if out.is_terminal else f"«{text[start:stop]}»", style="bold underline")
        end = stop
    return line.append(text[end:])


def _lines(alert: Alert) -> list[str]:
    grade = f"{alert.source_grade}{alert.information_grade}"
    lines = [
        "",
        f"alert        {alert.id} (revision {alert.revision})",
        f"client       {alert.client_id}, who {alert.stance.replace('_', ' ')} {alert.entity_name} ({alert.entity_id})",
        f"story        {alert.story_id}, from {alert.origins} independent origin(s)",
        f"event        {alert.kind.replace('_', ' ')}, {alert.direction} for the client, {alert.size}, {alert.urgency}",
        f"grade        {grade}: source {SOURCE_LABELS[alert.source_grade]}, "
        f"information {INFORMATION_LABELS[alert.information_grade]}",
        f"relevance    {alert.relevance:.2f}",
        f"raised       {_utc(alert.raised_at)}, relevant until {_utc(alert.deadline_at)}",
    ]
    if alert.earlier_alert_id:
        lines.append(f"follows      {alert.earlier_alert_id} ({alert.earlier_verdict})")
    lines += ["", "Rules"]
    for reason in alert.reasons:
        lines += [f"  {reason.rule}: {reason.saw} → {reason.concluded}", f"      {reason.text}"]
    lines += ["", "Evidence"]
    for item in alert.evidence:
        when = _utc(item.published_at) if item.published_at else "undated"
        attribution = f", attributed to {item.attributed_to}" if item.attributed_to else ""
        lines += [
            f"  {item.publisher} ({item.source_grade}), {when}: {item.title}",
            f"      {item.status}; basis: {item.basis}{attribution}; origin: {item.origin}",
            f"      “{item.quote}”",
        ]
        lines += [f"      mentioned in {span.field} {span.start}–{span.end}: {span.text!r}" for span in item.spans]
        if item.url:
            lines.append(f"      {item.url}")
    if alert.if_they_ask:
        ask = alert.if_they_ask
        lines += ["", "If they ask", f"  The rumor: {ask.going_round}", f"  Source: {ask.who_says}"]
        lines += [f"  Why it is not sent: {ask.why_held}", f"  Suggested answer: {ask.answer}"]
    return lines


def _utc(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
