from __future__ import annotations

import pytest

from schemas.drafts import Finding, Grounding
from services.notifier.gate.findings import gated, refusal, text_hash
from services.notifier.gate.policy import GatePolicy
from services.notifier.roles import ROLES


def kinds(*findings: Finding) -> list[tuple[str, str]]:
    return [(found.kind, found.effect) for found in gated((), findings, GatePolicy())]


def a_finding(rule: str, severity: str = "warning") -> Finding:
    return Finding.model_validate({"rule": rule, "text": "words", "message": "It is so.", "severity": severity})


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("number", "invented.figure"), ("amount", "invented.figure"), ("percentage", "invented.figure"),
     ("date", "invented.date"), ("name", "invented.name"), ("quotation", "invented.quotation")],
)  # fmt: skip
def test_what_has_no_source_is_invented(kind: str, expected: str) -> None:
    entry = Grounding.model_validate({"text": "x", "kind": kind, "where": "nowhere"})
    known = entry.model_copy(update={"where": "evidence"})
    assert [found.kind for found in gated([entry, known], (), GatePolicy())] == [expected]


def test_a_certain_difference_in_meaning_blocks_and_an_uncertain_one_needs_a_reason() -> None:
    assert kinds(a_finding("meaning.negation", "error")) == [("meaning.negation", "reason")]
    assert kinds(a_finding("meaning.negation")) == [("meaning.unsure", "reason")]


def test_a_curse_word_in_a_quotation_and_a_rule_that_is_not_listed_only_warn() -> None:
    assert kinds(a_finding("cursing"), a_finding("a_later_rule", "error")) == [
        ("quoted_cursing", "warn"),
        ("other", "warn"),
    ]


def test_a_reason_covers_the_findings_that_it_was_given_for_and_no_later_one() -> None:
    slang, politics = gated((), [a_finding("slang"), a_finding("polarizing")], GatePolicy())
    approval = {"reason": "He talks like that.", "findings": [slang.key]}
    assert refusal([slang], approval) is None
    assert refusal([slang], {**approval, "reason": None}) == "reason_needed"
    assert refusal([slang], None) == "reason_needed"
    assert refusal([slang, politics], approval) == "reason_needed"


def test_no_reason_helps_against_a_block() -> None:
    (promise,) = gated((), [a_finding("promise")], GatePolicy())
    assert refusal([promise], {"reason": "Send it.", "findings": [promise.key]}) == "blocked"


def test_the_hash_tells_subject_and_body_apart() -> None:
    assert text_hash("a", "bc") != text_hash("ab", "c")


def test_a_second_person_covers_what_was_there_when_they_approved() -> None:
    policy = GatePolicy({"slang": "second_person", "polarizing": "second_person"})
    slang, politics = gated((), [a_finding("slang"), a_finding("polarizing")], policy)
    assert refusal([slang], {"reason": "Yes.", "findings": [slang.key]}) == "second_person_needed"
    approval = {"reason": None, "findings": [], "seconded": [slang.key]}
    assert refusal([slang], approval) is None
    assert refusal([slang, politics], approval) == "second_person_needed"


def test_nobody_is_their_own_second_person() -> None:
    assert not GatePolicy().may_second("owner", "owner", "owner")
    assert GatePolicy().may_second("manager-mara", "manager", "owner")
    named = GatePolicy(second_persons=("manager-june",))
    assert [named.may_second(user, "manager", "owner") for user in ("manager-mara", "manager-june")] == [False, True]
    assert not named.may_second("manager-june", "manager", "manager-june")


def test_a_second_person_has_the_right_role() -> None:
    roles = {role: GatePolicy().may_second("ann", role, "manager-mara") for role in ROLES}
    assert roles == {
        "owner": True, "manager": True, "lead": True, "compliance": True, "ops": False, "reader": False,
    }  # fmt: skip
    by_role = GatePolicy(second_persons=("manager-june", "bo"), second_roles=("compliance",))
    assert by_role.may_second("ann", "compliance", "manager-mara")
    assert by_role.may_second("manager-june", "manager", "manager-mara")
    assert not by_role.may_second("owner", "owner", "manager-mara")
    assert not by_role.may_second("bo", "reader", "manager-mara"), "a name in the file gives nobody the right role"
    assert not by_role.may_second("ann", "compliance", "ann")
