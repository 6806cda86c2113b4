"""``firstword explain``: the reasons for an alert."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import typer

from firstword.cli.console import out, print_json
from firstword.cli.options import AsJson, DataDir
from firstword.cli.scenario import scenario_lines
from firstword.compose import common
from firstword.source_grades import SourceGrades
from firstword.store import Store
from schemas.alerts import Alert
from services.common.settings import read_settings

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
    """Explain an alert: the story, its sources and their grades, and what each rule saw and concluded.

    **Example:** `firstword explain alr_5f3a`
    """
    with common.open_store(read_settings(data=data)) as store:
        alert = store.find_alert(alert_id)
        if as_scenario:
            for line in _scenario(store, alert):
                out.print(line, markup=False)
            return
    if as_json:
        print_json(alert.model_dump(mode="json"))
        return
    for line in _lines(alert):
        out.print(line, markup=False)


def _scenario(store: Store, alert: Alert) -> list[str]:
    alerts, items = store.load_story(alert)
    book = store.book()
    client = next((client for client in book.clients if client.id == alert.client_id), None) if book else None
    grades = SourceGrades(store)
    hosts = sorted({item.host for alert in alerts for item in alert.evidence if item.host})
    known = [profile.set_grade for host in hosts if (profile := grades.explain(host)).set_grade.grade != "F"]
    return scenario_lines(alerts, items, client, known)


def _lines(alert: Alert) -> list[str]:
    grade = f"{alert.source_grade}{alert.information_grade}"
    lines = [
        f"{alert.verdict.upper()}  {alert.headline}",
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
