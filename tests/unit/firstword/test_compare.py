"""Two replays are compared: alerts that other thresholds or another book would add, remove or change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from firstword.runtimes.compare import differences
from firstword.threshold_file import read_thresholds
from schemas.alerts import Alert, Reason, Verdict
from services.matcher.thresholds import default_thresholds

AT = datetime(2026, 3, 2, 8, tzinfo=UTC)


def alert(client: str, verdict: Verdict, hours: float = 0, story: str = "s1") -> Alert:
    return Alert(
        id=f"alr_{client}_{verdict}_{hours}",
        client_id=client,
        story_id=story,
        entity_id="halden",
        entity_name="Halden Energy",
        stance="holds",
        verdict=verdict,
        headline="Halden Energy cuts its dividend",
        kind="dividend_cut",
        direction="negative",
        urgency="high",
        source_grade="B",
        information_grade=2,
        relevance=0.7,
        origins=1,
        reasons=(Reason(rule=f"why-{verdict}", saw="", concluded=verdict, text="Because."),),
        evidence=(),
        raised_at=AT + timedelta(hours=hours),
        deadline_at=AT + timedelta(days=1),
    )


def test_equal_replays_have_no_differences() -> None:
    alerts = [alert("ada", "warn"), alert("ada", "tell", 3), alert("ben", "hold")]
    assert list(differences(alerts, alerts)) == []


def test_added_removed_and_changed_stories_are_reported_with_the_reason() -> None:
    before = [alert("ada", "warn"), alert("ada", "tell", 3), alert("ben", "hold", 1)]
    after = [alert("ada", "hold"), alert("ada", "tell", 3), alert("cleo", "tell", 2)]
    reported = [
        (found.change, found.client_id, found.before, found.after, found.rule) for found in differences(before, after)
    ]
    assert reported == [
        ("changed", "ada", ("warn", "tell"), ("hold", "tell"), "why-tell"),
        ("gone", "ben", ("hold",), (), "why-hold"),
        ("added", "cleo", (), ("tell",), "why-tell"),
    ]


def test_a_threshold_file_changes_only_the_thresholds_it_names() -> None:
    found, problems = read_thresholds("tell_relevance: 0.6\nmarket_moving: [takeover]\n", "t.yaml")
    assert not problems
    assert found == default_thresholds().model_copy(
        update={"tell_relevance": 0.6, "market_moving": frozenset({"takeover"})}
    )
    assert read_thresholds("", "t.yaml") == (default_thresholds(), ())


@pytest.mark.parametrize(
    ("text", "line", "part"),
    [
        ("tell_relevanze: 0.6", 1, "Did you mean 'tell_relevance'?"),
        ("hold_days: 3\ntell_relevance: 7", 2, "less than or equal to 1"),
        ("hold_days: soon", 1, "valid number"),
        ("hold_days: 3\nhold_days: 4", 2, "set twice (first on line 1)"),
        ("market_moving:\n  - takeover\n  - parties", 3, "given: 'parties'"),
        ("growing:\n  outage:\n    - feast", 3, "given: 'feast'"),
        ("- a\n- b", 1, "not a list of thresholds"),
        ("hold_days: [1", 2, "not valid YAML"),
    ],
)
def test_errors_in_a_threshold_file_are_reported_with_line_and_fix(text: str, line: int, part: str) -> None:
    found, problems = read_thresholds(text, "t.yaml")
    assert found is None
    (problem,) = problems
    assert problem.line == line
    assert part in f"{problem.message} {problem.fix}"
    assert problem.fix
