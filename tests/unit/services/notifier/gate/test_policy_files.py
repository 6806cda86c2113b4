from __future__ import annotations

import pytest

from services.common.errors import BadInput
from services.notifier.gate.policy import GatePolicy
from services.notifier.gate.policy_files import parse_policy


def test_a_firm_sets_effects_and_the_defaults_stay_for_the_rest() -> None:
    policy = parse_policy("effects:\n  spelling: off\n  promise: reason\n  slang: block\n", "gate.yaml")
    assert [policy.effect(kind) for kind in ("spelling", "promise", "slang")] == ["off", "reason", "block"]
    assert policy.effect("invented.figure") == "block"
    assert policy.milder() == ("spelling", "promise")


@pytest.mark.parametrize(
    "kind",
    ["invented.figure", "invented.name", "invented.date", "promise", "restricted_name", "meaning.hedge",
     "meaning.agent", "meaning.number", "confrontation"],
)  # fmt: skip
def test_by_default_what_harms_a_client_is_blocked(kind: str) -> None:
    assert GatePolicy().effect(kind) == "block"


def test_all_faults_are_reported_at_once_with_line_field_and_fix() -> None:
    with pytest.raises(BadInput) as raised:
        parse_policy("effect: {}\neffects:\n  speling: off\n  promise: never\n", "gate.yaml")
    assert str(raised.value).splitlines() == [
        "gate.yaml:1: effect: there is no such field. The fields are effects, second_persons, second_roles.",
        "gate.yaml:3: effects.speling: there is no such kind of finding. Did you mean spelling?",
        "gate.yaml:4: effects.promise: 'never' is not an effect. Use one of block, second_person, reason, warn, off.",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "gate.yaml:1: file: it contains no table of effects"),
        ("effects: [a]\n", "gate.yaml:1: effects: the table of effects is missing"),
        ("effects: {}\nsecond_persons: june\n", "gate.yaml:2: second_persons: it is not a list of users"),
        ("effects:\n  a: [\n", "it is not valid YAML"),
        ("effects:\n  slang: warn\n  slang: off\n", "gate.yaml:3: file: it is not valid YAML"),
        ("effects:\n  slang: [block]\n", "effects.slang: ['block'] is not an effect"),
    ],
)
def test_a_file_that_is_no_table_of_effects_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadInput) as raised:
        parse_policy(text, "gate.yaml")
    assert said in str(raised.value)
