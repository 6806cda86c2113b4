"""Parses and checks a playbook file. All faults are reported at once, each with file, line, field and fix."""

from __future__ import annotations

import re
from difflib import get_close_matches
from typing import Any, get_args

from schemas.clients import Risk, Stance
from schemas.mentions import Direction, EventKind
from schemas.readings import EventFamily, Firmness, Role
from services.common.errors import BadInput
from services.common.yaml_table import Rows, Table, line_of, load_table
from services.notifier.drafting.playbook_rules import ANY, Playbook, Rule, Size, Stage, Urgency
from services.notifier.drafting.tokens import tokens
from services.notifier.trades.catalog import Trades, desire_key

__all__ = ["parse_playbook"]

#: The fields of ``when`` and their valid values.
CHOICES: dict[str, tuple[str, ...]] = {
    "kind": tuple(dict.fromkeys((*get_args(EventKind), *get_args(EventFamily), ANY))),
    "stance": get_args(Stance),
    "role": tuple(role for role in get_args(Role) if role not in ("mention", "homonym")),
    "status": get_args(Firmness),
    "stage": get_args(Stage),
    "direction": get_args(Direction),
    "risk": get_args(Risk),
    "size": get_args(Size),
    "urgency": get_args(Urgency),
}
RULE_FIELDS = ("when", "action", "reason", "variants", "meaning", "question", "silent", "skip")
_FLAGS = ("silent", "skip")
VARIANT_FIELDS = ("action", "reason")
#: A draft has at most 150 words, so a rule's sentences must leave room for the news.
MAX_WORDS = 32
_PLACEHOLDER = re.compile(r"\{([^}]*)\}")
_GERUND = re.compile(r"(?:not )?[a-z]+ing\b")


def parse_playbook(text: str, file: str, trades: Trades | None = None) -> Playbook:
    """Return the playbook in ``text``. ``file`` is only used in messages; ``trades`` None: those that ship.

    Raises:
        BadInput: the file can't be used; the message has one line for each fault.
    """
    parser = _Parser(file, trades or Trades.shipped())
    start = "Start with the fields playbook, trade and rules."
    playbook = parser.playbook(load_table(text, file, lacks="playbook", start=start))
    if parser.faults or playbook is None:
        raise BadInput("\n".join(parser.faults))
    return playbook


class _Parser:
    """The parsing of one file. Collects faults instead of stopping at the first."""

    def __init__(self, file: str, trades: Trades) -> None:
        self.file = file
        self.trades = trades
        self.faults: list[str] = []

    def fault(self, line: int, field: str, cause: str, fix: str) -> None:
        self.faults.append(f"{self.file}:{line}: {field}: {cause}. {fix}")

    def playbook(self, root: Table) -> Playbook | None:
        self.known(root, ("playbook", "trade", "manager", "desires", "rules"), "")
        name, trade, raw_rules = root.get("playbook"), root.get("trade"), root.get("rules")
        manager = root.get("manager")
        if manager is not None and (not isinstance(manager, str) or not manager.strip()):
            fix = "Write the manager's id from the client book, or remove the field for a playbook of the firm."
            self.fault(line_of(root, "manager"), "manager", f"{manager!r} is not a valid account manager id", fix)
        if not isinstance(name, str) or not name.strip():
            self.fault(1, "playbook", "the name is missing", "Add a line such as playbook: my-firm.")
        if trade is not None and trade not in self.trades.names:
            known = ", ".join(self.trades.names)
            fix = f"Use one of {known}, remove the field, or define it with 'firstword trades new'."
            self.fault(line_of(root, "trade"), "trade", f"{trade!r} is not a trade", fix)
        if not isinstance(raw_rules, Rows):
            fix = "Add at least one rule, or rules: [] for none yet."
            self.fault(line_of(root, "rules"), "rules", "the list of rules is missing", fix)
            return None
        aliases = self.aliases(root)
        rules: list[Rule] = []
        seen: dict[str, int] = {}
        for index, raw in enumerate(raw_rules):
            rule = self.rule(raw, f"rules[{index}]", raw_rules.lines[index] + 1, str(name), aliases)
            if rule is None:
                continue
            if rule.id in seen:
                cause = f"the rule at line {seen[rule.id]} has the same conditions"
                self.fault(rule.line, f"rules[{index}].when", cause, "Keep one of the two, or change its conditions.")
            seen.setdefault(rule.id, rule.line)
            rules.append(rule)
        return Playbook(str(name), trade, tuple(rules), manager, self.file)

    def aliases(self, root: Table) -> dict[str, tuple[str, ...]]:
        raw = root.get("desires", {})
        if not isinstance(raw, Table) or not all(isinstance(names, Rows) for names in raw.values()):
            if raw:
                fix = "Give each desire a list of its other names: income: [yield, dividends]."
                self.fault(line_of(root, "desires"), "desires", "it is not a table of lists", fix)
            return {}
        return {desire_key(str(name)): tuple(desire_key(str(other)) for other in raw[name]) for name in raw}

    def rule(self, raw: Any, where: str, line: int, playbook: str, aliases: dict[str, tuple[str, ...]]) -> Rule | None:
        before = len(self.faults)
        if not isinstance(raw, Table):
            self.fault(line, where, "it is not a rule", "A rule has the fields when, action and reason.")
            return None
        self.known(raw, RULE_FIELDS, f"{where}.")
        when = raw.get("when")
        if not isinstance(when, Table):
            self.fault(line, f"{where}.when", "it is missing", "Give at least when: {kind: …, stance: …}.")
            return None
        self.known(when, (*CHOICES, "desire", "words"), f"{where}.when.")
        chosen = {name: self.choice(when, name, f"{where}.when.{name}", line) for name in CHOICES}
        for name in ("kind", "stance"):
            if name not in when:
                self.fault(line, f"{where}.when.{name}", "it is missing", f"Say which {name} the rule is for.")
        desires = [desire_key(str(desire)) for desire in _listed(when.get("desire"))]
        words = tuple(" ".join(str(word).casefold().split()) for word in _listed(when.get("words")))
        silent, skips = (self.flag(raw, name, where) for name in _FLAGS)
        silent = silent or skips
        texts = {name: self.text(raw, name, where, silent) for name in ("action", "reason", "meaning", "question")}
        variants = self.variants(raw, where, silent)
        if len(self.faults) > before:
            return None
        rule_id = "/".join(",".join(names) for names in (*chosen.values(), desires, words[:1]) if names)
        return Rule(
            id=rule_id,
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
            skips=skips,
            roles=chosen["role"],
            statuses=chosen["status"],
            variants=variants,
            stages=chosen["stage"],
            words=words,
        )

    def flag(self, raw: Table, name: str, where: str) -> bool:
        value = raw.get(name, False)
        if not isinstance(value, bool):
            self.fault(
                line_of(raw, name), f"{where}.{name}", f"{value!r} is neither true nor false", "Use true or false."
            )
        return value is True

    def variants(self, raw: Table, where: str, silent: bool) -> tuple[tuple[str, str], ...]:
        listed = raw.get("variants")
        if listed is None:
            return ()
        where = f"{where}.variants"
        if silent or not isinstance(listed, Rows) or not all(isinstance(entry, Table) for entry in listed):
            cause = "a silent rule has none" if silent else "it is not a list of phrasings"
            fix = "Give each phrasing an action and a reason, or remove the field."
            self.fault(line_of(raw, "variants"), where, cause, fix)
            return ()
        found = []
        for index, variant in enumerate(listed):
            self.known(variant, VARIANT_FIELDS, f"{where}[{index}].")
            for name in VARIANT_FIELDS:
                if name not in variant:
                    line = line_of(raw, "variants")
                    self.fault(line, f"{where}[{index}].{name}", "it is missing", f"Add the {name}.")
            action, reason = (self.text(variant, name, f"{where}[{index}]", silent=True) for name in VARIANT_FIELDS)
            found.append((action or "", reason or ""))
        return tuple(found)

    def known(self, table: Table, fields: tuple[str, ...], where: str) -> None:
        for name in table:
            if name not in fields:
                close = get_close_matches(str(name), fields, n=1)
                fix = f"Did you mean {close[0]}?" if close else f"Valid fields: {', '.join(fields)}."
                self.fault(line_of(table, name), f"{where}{name}", "there is no such field", fix)

    def choice(self, when: Table, name: str, where: str, line: int) -> tuple[Any, ...]:
        values = tuple(_listed(when.get(name)))
        for value in values:
            if value not in CHOICES[name]:
                close = get_close_matches(str(value), CHOICES[name], n=1)
                fix = f"Did you mean {close[0]}?" if close else f"Use one of {', '.join(CHOICES[name])}."
                self.fault(line_of(when, name) or line, where, f"{value!r} is not a valid {name}", fix)
        return values

    def text(self, raw: Table, name: str, where: str, silent: bool) -> str | None:
        value = raw.get(name)
        required = name in ("action", "reason") and not silent
        if value is None:
            if required:
                self.fault(
                    line_of(raw, "when"), f"{where}.{name}", "it is missing", f"Add the {name}, or set silent: true."
                )
            return None
        text = " ".join(str(value).split())
        for cause, fix in _text_faults(name, text):
            self.fault(line_of(raw, name), f"{where}.{name}", cause, fix)
        return text


def _text_faults(name: str, text: str) -> list[tuple[str, str]]:
    """Return the reasons why ``text`` cannot be used in a draft: (cause, fix)."""
    faults = []
    for placeholder in _PLACEHOLDER.findall(text):
        if placeholder != "asset":
            faults.append((f"{{{placeholder}}} is not a placeholder", "Only {asset} is filled in."))
    if any(character.isdigit() for character in text):
        faults.append(("it contains a number", "Numbers come only from the evidence. Rephrase it without one."))
    elif (dated := next((token.text for token in tokens(text) if token.kind == "date"), None)) is not None:
        faults.append((f"it contains a date ({dated!r})", "Clients read it on other days. Rephrase it without one."))
    if len(text.split()) > MAX_WORDS:
        faults.append((f"it has {len(text.split())} words", f"Use at most {MAX_WORDS}."))
    if "!" in text:
        faults.append(("it contains an exclamation mark", "Rephrase it calmly."))
    if name == "question":
        if text.count("?") != 1 or not text.endswith("?"):
            faults.append(("it is not a single question", "Ask one thing, and end with the question mark."))
    elif "?" in text:
        faults.append(("it contains a question mark", "The question closes the draft. Put it in the field question."))
    if name == "action" and not _GERUND.match(text):
        faults.append(
            ("it does not begin with a verb in -ing", 'It follows "you should consider", so write "reviewing …".')
        )
    if name in ("action", "reason") and text.endswith("."):
        faults.append(("it ends with a full stop", "It is part of a sentence. Remove the full stop."))
    if name == "reason" and text[:1].isupper():
        faults.append(("it begins with a capital letter", 'It follows "because". Begin in lower case.'))
    if name == "meaning" and not text.endswith("."):
        faults.append(("it is not a sentence", "End it with a full stop."))
    return faults


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list) else [value]
