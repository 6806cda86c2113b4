"""A practice's messages to its patients: calm, no diagnosis, no change of a treatment, and always the same request."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from typing import get_args

import pytest

from schemas.clients import Stance
from schemas.mentions import FAMILY_OF, Direction, EventKind
from schemas.readings import Firmness, Role
from services.notifier.drafting.compose import Composed
from services.notifier.drafting.dry_run import MESSAGE_VERDICTS, DryRunCase, brief_for, dry_run
from services.notifier.drafting.opinion import is_skipped
from services.notifier.drafting.playbook_rules import Rule, RuleQuery, Size
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.drafting.tone import blank_quotations
from services.notifier.trades.catalog import Trades

NOW = datetime(2026, 3, 3, 9, 30, tzinfo=UTC)
SHIPPED = Playbooks.shipped()
PRACTICE = Trades.shipped().of("healthcare")
RULES = [rule for book in SHIPPED.layers[0] if book.name == "healthcare" for rule in book.rules if not rule.silent]
STANCES: tuple[Stance, ...] = ("uses", "supplied_by", "operates_in", "contracts_with", "regulated_by", "follows")
TOLD = [kind for kind in FAMILY_OF if FAMILY_OF[kind] != "none"]
READ_AS: tuple[Role, ...] = ("actor", "object", "affected", "speaker")
FIRMNESS: tuple[Firmness, ...] = ("fact", "plan", "forecast")
ASKS = "Please talk to us before changing anything about your treatment."
#: Words that name, or deny, an illness of the reader.
DIAGNOSIS = re.compile(
    r"\bdiagnos|\byou (?:suffer|are (?:ill|sick|at risk|healthy))"
    r"|\byour (?:disease|illness|condition|symptoms?|disorder)\b",
    re.IGNORECASE,
)
#: Advice to begin, end or alter a treatment. "Changing" is said only in the sentence that asks not to.
CHANGES = re.compile(
    r"\b(?:stop|stopping|start|starting|begin|beginning|quit|pause|pausing|avoid|avoiding|skip|skipping|reduce|reducing"
    r"|increas\w+|doubl\w+|halv\w+|replac\w+|switch\w*|chang(?:e|ing)|continu\w+|resum\w+|discontinu\w+) "
    r"(?:to )?(?:tak\w+|us\w+|your|the|a|this|it|Veltorane)\b|\b(?:dose|dosage)\b"
    r"|\btak(?:e|ing) (?:it|Veltorane|more|less)\b",
    re.IGNORECASE,
)
#: What is said of a company or a holding, which a patient has not asked about.
BUSINESS = re.compile(
    r"\b(?:shares?|holding|portfolio|invest\w*|stock|customers|vendor|larger|patching|contract)\b", re.IGNORECASE
)


def said() -> Iterator[str]:
    """Yield everything that the shipped rules may say to a patient."""
    for rule in RULES:
        for action, reason in rule.phrasings:
            yield f"{action} because {reason}".replace("{asset}", "Veltorane")
        yield from (text.replace("{asset}", "Veltorane") for text in (rule.meaning, rule.question) if text)


def drafts() -> Iterator[tuple[DryRunCase, str]]:
    """Yield what a draft says beside the news for each kind, stance and verdict; the other conditions take turns."""
    readings: list[tuple[Role | None, Firmness | None]] = [
        (None, None),
        ("actor", "fact"),
        ("object", "plan"),
        ("affected", "reported"),
        ("object", "forecast"),
    ]
    turns = list(product(get_args(Direction), get_args(Size), readings))
    cases = product(TOLD, STANCES, (0, 1))
    for turn, (kind, stance, _) in enumerate(cases):
        verdict = MESSAGE_VERDICTS[turn * 3 % len(MESSAGE_VERDICTS)]
        direction, size, (role, status) = turns[turn * 7 % len(turns)]
        desire = sorted(PRACTICE.desires)[turn % len(PRACTICE.desires)]
        case = DryRunCase(
            "healthcare", kind, stance, direction, (desire,), verdict=verdict, size=size, role=role, status=status
        )
        composed = dry_run(case, SHIPPED, NOW)
        assert isinstance(composed, Composed), (case, composed)
        yield case, "\n\n".join(part.text for part in composed.draft.parts if part.role != "news")


@pytest.mark.slow
def test_no_draft_lacks_the_request_names_an_illness_or_changes_a_treatment() -> None:
    checked = 0
    for case, body in drafts():
        own = blank_quotations(body)
        assert ASKS in own, case
        own = own.replace(ASKS, "")
        for forbidden in (DIAGNOSIS, CHANGES, BUSINESS):
            assert forbidden.search(own) is None, (case, forbidden.search(own), own)
        checked += 1
    assert checked > 500


def test_no_phrasing_of_a_rule_does_either() -> None:
    for text in said():
        for forbidden in (DIAGNOSIS, CHANGES, BUSINESS):
            assert forbidden.search(text) is None, (text, forbidden.search(text))


@pytest.mark.parametrize(
    "text",
    [
        "stopping your treatment with Veltorane",
        "starting to take Veltorane",
        "switching to another medicine is best, so stop taking it",
        "reducing the dose",
        "continuing to take Veltorane",
    ],
)
def test_such_advice_would_be_found(text: str) -> None:
    assert CHANGES.search(text) is not None


@pytest.mark.slow
def test_the_general_rules_never_serve_a_patient() -> None:
    general = {id(rule) for book in SHIPPED.layers[0] if book.trade is None for rule in book.rules}
    found: list[Rule] = []
    for kind, stance, direction, size in product(TOLD, get_args(Stance), get_args(Direction), get_args(Size)):
        for role, status in product(READ_AS, FIRMNESS):
            rule = SHIPPED.find(RuleQuery(kind, stance, "healthcare", direction, size=size, role=role, status=status))
            if rule is not None and id(rule) in general:
                found.append(rule)
    assert found == []


@pytest.mark.parametrize(
    "kind", ["earnings", "share_move", "takeover", "acquisition", "dividend_cut", "rating_change", "funding"]
)
@pytest.mark.parametrize("verdict", ["tell", "information", "warn"])
def test_a_makers_business_is_nothing_to_a_patient(kind: EventKind, verdict: str) -> None:
    for direction, role in product(get_args(Direction), READ_AS):
        case = DryRunCase(
            "healthcare",
            kind,
            "uses",
            direction,
            ("safety",),
            size="major",
            role=role,
            verdict=verdict,  # type: ignore[arg-type]
        )
        assert is_skipped(brief_for(case, NOW), SHIPPED)


@pytest.mark.parametrize(
    "kind", ["recall", "supply_disruption", "regulation", "clinical_trial", "end_of_life", "data_breach"]
)
def test_what_concerns_a_treatment_is_told(kind: EventKind) -> None:
    case = DryRunCase("healthcare", kind, "uses", "negative", ("safety",), role="object")
    assert not is_skipped(brief_for(case, NOW), SHIPPED)
