"""Reads and checks a playbook file. Every fault is named with file, line, field and fix, all faults at once."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, get_args

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from schemas.clients import Risk, Stance, Trade
from schemas.mentions import Direction, EventKind
from services.common.errors import BadInput
from services.notifier.drafting.playbooks import Playbook, Rule, Size, Urgency, desire_key
from services.notifier.drafting.tokens import tokens

__all__ = ["read_playbook"]

#: Field of ``when`` → what may stand there.
CHOICES: dict[str, tuple[str, ...]] = {
    "kind": get_args(EventKind),
    "stance": get_args(Stance),
    "direction": get_args(Direction),
    "risk": get_args(Risk),
    "size": get_args(Size),
    "urgency": get_args(Urgency),
}
RULE_FIELDS = ("when", "action", "reason", "meaning", "question", "silent")
#: A draft has 150 words for everything; a rule's longest sentence leaves room for the news.
MAX_WORDS = 32
_PLACEHOLDER = re.compile(r"\{([^}]*)\}")
_GERUND = re.compile(r"(?:not )?[a-z]+ing\b")


def read_playbook(text: str, file: str) -> Playbook:
    """The playbook in ``text``; ``file`` is only named in messages.

    Raises:
        BadInput: the file can't be used; one line for each fault.
    """
    reader = _Reader(file)
    root = reader.parse(text)
    playbook = reader.playbook(root) if root is not None else None
    if reader.faults or playbook is None:
        raise BadInput("\n".join(reader.faults))
    return playbook


class _Reader:
    """One reading of one file; collects faults instead of stopping at the first."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[str] = []

    def fault(self, line: int, field: str, cause: str, fix: str) -> None:
        self.faults.append(f"{self.file}:{line}: {field}: {cause}. {fix}")

    def parse(self, text: str) -> CommentedMap | None:
        try:
            root = YAML(typ="rt").load(text)
        except MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark else 1
            self.fault(line, "file", f"not valid YAML ({error.problem})", "Fix the syntax at this line.")
            return None
        except YAMLError as error:
            self.fault(1, "file", f"not valid YAML ({error})", "Save the file as UTF-8 text.")
            return None
        if not isinstance(root, CommentedMap):
            self.fault(1, "file", "holds no playbook", "Begin with the fields playbook, trade and rules.")
            return None
        return root

    def playbook(self, root: CommentedMap) -> Playbook | None:
        self.known(root, ("playbook", "trade", "manager", "desires", "rules"), "")
        name, trade, raw_rules = root.get("playbook"), root.get("trade"), root.get("rules")
        manager = root.get("manager")
        if manager is not None and (not isinstance(manager, str) or not manager.strip()):
            fix = "Write their id from the client book, or leave it out for the firm's playbook."
            self.fault(_line(root, "manager"), "manager", f"{manager!r} is no account manager's id", fix)
        if not isinstance(name, str) or not name.strip():
            self.fault(1, "playbook", "the name is missing", "Add a line such as playbook: my-firm.")
        if trade is not None and trade not in get_args(Trade):
            trades = ", ".join(get_args(Trade))
            self.fault(
                _line(root, "trade"), "trade", f"{trade!r} is no trade", f"Use one of {trades}, or leave it out."
            )
        if not isinstance(raw_rules, CommentedSeq) or not raw_rules:
            self.fault(_line(root, "rules"), "rules", "there is no list of rules", "Add at least one rule.")
            return None
        aliases = self.aliases(root)
        rules: list[Rule] = []
        seen: dict[str, int] = {}
        for index, raw in enumerate(raw_rules):
            rule = self.rule(raw, f"rules[{index}]", raw_rules.lc.item(index)[0] + 1, str(name), aliases)
            if rule is None:
                continue
            if rule.id in seen:
                cause = f"the same case as the rule at line {seen[rule.id]}"
                self.fault(rule.line, f"rules[{index}].when", cause, "Keep one of the two, or tell them apart.")
            seen.setdefault(rule.id, rule.line)
            rules.append(rule)
        return Playbook(str(name), trade, tuple(rules), manager, self.file)

    def aliases(self, root: CommentedMap) -> dict[str, tuple[str, ...]]:
        raw = root.get("desires", {})
        if not isinstance(raw, CommentedMap) or not all(isinstance(names, CommentedSeq) for names in raw.values()):
            if raw:
                fix = "Write for each desire a list of other names for it: income: [yield, dividends]."
                self.fault(_line(root, "desires"), "desires", "not a table of lists", fix)
            return {}
        return {desire_key(str(name)): tuple(desire_key(str(other)) for other in raw[name]) for name in raw}

    def rule(self, raw: Any, where: str, line: int, playbook: str, aliases: dict[str, tuple[str, ...]]) -> Rule | None:
        before = len(self.faults)
        if not isinstance(raw, CommentedMap):
            self.fault(line, where, "not a rule", "A rule has the fields when, action and reason.")
            return None
        self.known(raw, RULE_FIELDS, f"{where}.")
        when = raw.get("when")
        if not isinstance(when, CommentedMap):
            self.fault(line, f"{where}.when", "missing", "Say at least kind and stance: when: {kind: …, stance: …}.")
            return None
        self.known(when, (*CHOICES, "desire"), f"{where}.when.")
        chosen = {name: self.choice(when, name, f"{where}.when.{name}", line) for name in CHOICES}
        for name in ("kind", "stance"):
            if name not in when:
                self.fault(line, f"{where}.when.{name}", "missing", "A rule without it would fit what it doesn't know.")
        desires = [desire_key(str(desire)) for desire in _listed(when.get("desire"))]
        silent = raw.get("silent", False)
        if not isinstance(silent, bool):
            self.fault(_line(raw, "silent"), f"{where}.silent", f"{silent!r} is neither true nor false", "Use true.")
        texts = {
            name: self.text(raw, name, where, silent is True) for name in ("action", "reason", "meaning", "question")
        }
        if len(self.faults) > before:
            return None
        case = "/".join(",".join(names) for names in (*chosen.values(), desires) if names)
        return Rule(
            id=case,
            playbook=playbook,
            line=line,
            kinds=chosen["kind"],
            stances=chosen["stance"],
            directions=chosen["direction"],
            desires=frozenset(desires).union(*(aliases.get(desire, ()) for desire in desires)),
            risks=chosen["risk"],
            sizes=chosen["size"],
            urgencies=chosen["urgency"],
            action=texts["action"] or "",
            reason=texts["reason"] or "",
            meaning=texts["meaning"],
            question=texts["question"],
            silent=silent,
        )

    def known(self, table: CommentedMap, fields: tuple[str, ...], where: str) -> None:
        for name in table:
            if name not in fields:
                close = get_close_matches(str(name), fields, n=1)
                fix = f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(fields)}."
                self.fault(_line(table, name), f"{where}{name}", "no such field", fix)

    def choice(self, when: CommentedMap, name: str, where: str, line: int) -> tuple[Any, ...]:
        values = tuple(_listed(when.get(name)))
        for value in values:
            if value not in CHOICES[name]:
                close = get_close_matches(str(value), CHOICES[name], n=1)
                fix = f"Did you mean {close[0]}?" if close else f"Use one of {', '.join(CHOICES[name])}."
                self.fault(_line(when, name) or line, where, f"{value!r} is not known", fix)
        return values

    def text(self, raw: CommentedMap, name: str, where: str, silent: bool) -> str | None:
        value = raw.get(name)
        required = name in ("action", "reason") and not silent
        if value is None:
            if required:
                self.fault(_line(raw, "when"), f"{where}.{name}", "missing", f"Say the {name}, or set silent: true.")
            return None
        text = " ".join(str(value).split())
        for cause, fix in _text_faults(name, text):
            self.fault(_line(raw, name), f"{where}.{name}", cause, fix)
        return text


def _text_faults(name: str, text: str) -> list[tuple[str, str]]:
    """What keeps ``text`` from standing in a draft: (cause, fix)."""
    faults = []
    for placeholder in _PLACEHOLDER.findall(text):
        if placeholder != "asset":
            faults.append((f"{{{placeholder}}} is not filled in by anything", "Only {asset} is."))
    if any(character.isdigit() for character in text):
        faults.append(("it holds a number", "Numbers come from the evidence alone; say it without."))
    elif (dated := next((token.text for token in tokens(text) if token.kind == "date"), None)) is not None:
        faults.append((f"{dated!r} is a day", "It is read on another day; say it without."))
    if len(text.split()) > MAX_WORDS:
        faults.append((f"it has {len(text.split())} words", f"Keep to {MAX_WORDS}."))
    if "!" in text:
        faults.append(("it holds an exclamation mark", "Say it calmly."))
    if name == "question":
        if text.count("?") != 1 or not text.endswith("?"):
            faults.append(("it is not one question", "Ask one thing, and end with the question mark."))
    elif "?" in text:
        faults.append(("it holds a question mark", "The question closes the draft; put it in the field question."))
    if name == "action" and not _GERUND.match(text):
        faults.append(
            ("it does not begin with a verb in -ing", 'It follows "you should consider": write "reviewing …".')
        )
    if name in ("action", "reason") and text.endswith("."):
        faults.append(("it ends with a full stop", "It stands within a sentence; leave the stop out."))
    if name == "reason" and text[:1].isupper():
        faults.append(("it begins with a capital", 'It follows "because"; begin in lower case.'))
    if name == "meaning" and not text.endswith("."):
        faults.append(("it is no sentence", "End it with a full stop."))
    return faults


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]


def _line(table: CommentedMap, field: Any) -> int:
    """The line of ``field`` in the file, counted from 1; that of the table where the field is missing."""
    try:
        return int(table.lc.key(field)[0]) + 1
    except (KeyError, TypeError, AttributeError):
        return int(table.lc.line or 0) + 1
