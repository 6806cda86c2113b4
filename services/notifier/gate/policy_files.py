"""Parses and checks the firm's file for the gate. All faults are reported at once, each with line, field and fix."""

from __future__ import annotations

from difflib import get_close_matches

from services.common.errors import BadInput
from services.common.yaml_table import Table, line_of, load_table
from services.notifier.gate.policy import EFFECTS, KINDS, Effect, GatePolicy
from services.notifier.roles import ROLES

__all__ = ["parse_policy"]

FIELDS = ("effects", "second_persons", "second_roles")


def parse_policy(text: str, file: str) -> GatePolicy:
    """Return the policy in ``text``. ``file`` is only used in messages.

    Raises:
        BadInput: the file can't be used; the message has one line for each fault.
    """
    root = load_table(text, file, lacks="table of effects", start="Start with the line effects:")
    faults = [
        f"{file}:{line_of(root, name)}: {name}: there is no such field. The fields are {', '.join(FIELDS)}."
        for name in root
        if name not in FIELDS
    ]
    persons = root.get("second_persons", [])
    if not isinstance(persons, list) or not all(isinstance(user, str) and user.strip() for user in persons):
        fix = "List users, such as [owner, manager-june]."
        faults.append(f"{file}:{line_of(root, 'second_persons')}: second_persons: it is not a list of users. {fix}")
        persons = []
    roles = root.get("second_roles", [])
    allowed = [role for role, rules in ROLES.items() if "messages.second" in rules.may]
    if not isinstance(roles, list) or not all(role in allowed for role in roles):
        fix = f"List roles that may approve as the second person: {', '.join(allowed)}."
        faults.append(f"{file}:{line_of(root, 'second_roles')}: second_roles: it is not a list of such roles. {fix}")
        roles = []
    raw = root.get("effects")
    if not isinstance(raw, Table):
        fix = "Give each kind of finding its effect, such as spelling: off."
        faults.append(f"{file}:{line_of(root, 'effects')}: effects: the table of effects is missing. {fix}")
        raw = Table()
    effects: dict[str, Effect] = {}
    for kind, given in raw.items():
        at = f"{file}:{line_of(raw, kind)}: effects.{kind}:"
        effect = next((known for known in EFFECTS if known == given), None)
        if kind not in KINDS:
            close = get_close_matches(str(kind), KINDS, 1)
            hint = f"Did you mean {close[0]}?" if close else "'firstword gate show' lists them."
            faults.append(f"{at} there is no such kind of finding. {hint}")
        elif effect is None:
            faults.append(f"{at} {given!r} is not an effect. Use one of {', '.join(EFFECTS)}.")
        else:
            effects[kind] = effect
    if faults:
        raise BadInput("\n".join(faults))
    named = tuple(dict.fromkeys(user.strip() for user in persons))
    return GatePolicy(effects, named, tuple(role for role in allowed if role in roles))
