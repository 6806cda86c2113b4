"""Parses and checks the firm's file for the gate. All faults are reported at once, each with line, field and fix."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from services.common.errors import BadInput
from services.notifier.gate.policy import EFFECTS, KINDS, Effect, GatePolicy

__all__ = ["parse_policy"]


def parse_policy(text: str, file: str) -> GatePolicy:
    """Return the policy in ``text``. ``file`` is only used in messages.

    Raises:
        BadInput: the file can't be used; the message has one line for each fault.
    """
    root = _load(text, file)
    faults = [
        f"{file}:{_line(root, name)}: {name}: there is no such field. The fields are effects and second_persons."
        for name in root
        if name not in ("effects", "second_persons")
    ]
    persons = root.get("second_persons", [])
    if not isinstance(persons, list) or not all(isinstance(user, str) and user.strip() for user in persons):
        fix = "List users, such as [owner, manager-june]."
        faults.append(f"{file}:{_line(root, 'second_persons')}: second_persons: it is not a list of users. {fix}")
        persons = []
    raw = root.get("effects")
    if not isinstance(raw, CommentedMap):
        fix = "Give each kind of finding its effect, such as spelling: off."
        faults.append(f"{file}:{_line(root, 'effects')}: effects: the table of effects is missing. {fix}")
        raw = CommentedMap()
    effects: dict[str, Effect] = {}
    for kind, given in raw.items():
        at = f"{file}:{_line(raw, kind)}: effects.{kind}:"
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
    return GatePolicy(effects, tuple(dict.fromkeys(user.strip() for user in persons)))


def _load(text: str, file: str) -> CommentedMap:
    try:
        root = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        cause = f"it is not valid YAML ({' '.join(str(error.problem).split())})"
        raise BadInput(f"{file}:{line}: file: {cause}. Fix the syntax at this line.") from error
    except YAMLError as error:
        raise BadInput(f"{file}:1: file: it is not valid YAML. Save the file as UTF-8 text.") from error
    if not isinstance(root, CommentedMap):
        raise BadInput(f"{file}:1: file: it has no table of effects. Start with the line effects:")
    return root


def _line(node: CommentedMap, name: Any) -> int:
    """Return the line of a field, from 1; of the table if the field is missing."""
    if name in node:
        return int(node.lc.key(name)[0]) + 1
    return int(node.lc.line) + 1
