"""The form of a client: an entry of the book as texts of inputs, and back. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.notifier.client_book.port import EntryProblem

__all__ = ["ROWS", "entry_of", "form_of", "input_of", "joined", "problems_by_input", "split_texts"]

#: The inputs of each row of a list.
ROWS: dict[str, tuple[str, ...]] = {
    "desires": ("name", "words"),
    "assets": ("name", "kind", "tickers", "isin", "cik", "weight", "aliases", "context", "exclude", "note"),
    "interests": (
        "name", "kind", "topic", "any_of", "all_of", "none_of", "near", "industries", "regions", "parties",
        "everything", "aliases", "tickers", "isin", "cik", "context", "exclude", "note", "weight",
    ),
    "views": ("text", "at", "question"),
    "history": ("text", "at", "question"),
    "contact.blackouts": ("from", "until", "reason", "about"),
}  # fmt: skip
#: Inputs that hold several texts, separated by semicolons.
_LISTS = frozenset(
    (
        "aliases", "context", "exclude", "any_of", "all_of", "none_of", "industries", "regions", "parties", "tickers",
        "about", "style", "channels", "working_days", "restricted",
    )
)  # fmt: skip
_SCOPE = ("industries", "regions", "parties")
_SINGLE = (
    "id", "name", "organisation", "manager", "trade", "time_zone", "language", "salutation", "jurisdiction", "risk",
    "end_vision", "personality", "style", "jargon", "mood",
)  # fmt: skip
_CONTACT = (
    "email", "phone", "channels", "max_per_week", "minutes_per_contact", "quiet", "working_days", "cadence",
    "information_only", "restricted", "max_silence_days", "merge_minutes",
)  # fmt: skip
_NEAR = re.compile(r"(.+?)\s+within\s+(\d+)$")
_PLACE = re.compile(r"(contact\.blackouts|[a-z_]+)\[(\d+)\](?:\.([a-z_]+))?(?:\[\d+\])?(?:\.([a-z_]+))?")
#: Rows of one list that a form may have; more is no person's typing.
_MAX_ROWS = 500


def joined(texts: Iterable[str]) -> str:
    """Return texts as one; :func:`split_texts` gives them back."""
    listed = list(texts)
    text = "; ".join(listed)
    return f"{text};" if len(listed) == 1 and "," in text else text


def split_texts(text: str) -> list[str]:
    """Return the texts in an input: separated by semicolons or lines, or, where there are none, by commas."""
    parts = re.split(r"[;\r\n]", text)
    if len(parts) == 1:
        parts = text.split(",")
    return [part.strip() for part in parts if part.strip()]


def form_of(entry: Mapping[str, Any]) -> dict[str, str]:
    """Return the inputs of an entry, by name: ``contact.email``, ``assets.0.isin``."""
    form = {name: _text(name, entry[name]) for name in _SINGLE if name in entry}
    contact: Mapping[str, Any] = entry.get("contact", {})
    form |= {f"contact.{name}": _text(name, contact[name]) for name in _CONTACT if name in contact}
    refused = contact.get("do_not_contact")
    if refused:
        form["contact.do_not_contact"] = "yes"
        form["contact.do_not_contact_reason"] = refused if isinstance(refused, str) else ""
    for group, names in ROWS.items():
        rows = contact.get("blackouts", ()) if group == "contact.blackouts" else entry.get(group, ())
        for at, row in enumerate(rows):
            for name, text in _row_inputs(row if isinstance(row, Mapping) else {names[0]: row}).items():
                form[f"{group}.{at}.{name}"] = text
    return form


def _row_inputs(row: Mapping[str, Any]) -> dict[str, str]:
    inputs: dict[str, str] = {}
    for name, value in row.items():
        match name:
            case "ticker":
                inputs["tickers"] = str(value)
            case "scope" if isinstance(value, Mapping):
                inputs |= {part: joined(texts) for part, texts in value.items()}
            case "scope":
                inputs["everything"] = "yes"
            case "near":
                nears = [value] if isinstance(value, Mapping) else value
                inputs["near"] = "; ".join(
                    f"{' + '.join(near['words'])} within {near['within']}"
                    if "within" in near
                    else " + ".join(near["words"])
                    for near in nears
                )
            case _:
                inputs[name] = _text(name, value)
    return inputs


def _text(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "false"
    if name in _LISTS and not isinstance(value, str):
        return joined(str(text) for text in value)
    return "" if value is None else str(value)


def entry_of(form: Mapping[str, str]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the entry that the inputs describe, and the inputs without empty and removed rows."""
    entry: dict[str, Any] = {name: _value(name, form.get(name, "")) for name in _SINGLE}
    contact: dict[str, Any] = {name: _value(name, form.get(f"contact.{name}", "")) for name in _CONTACT}
    contact["information_only"] = True if form.get("contact.information_only") else None
    if form.get("contact.do_not_contact"):
        contact["do_not_contact"] = form.get("contact.do_not_contact_reason", "").strip() or True
    kept = {name: text for name, text in form.items() if not any(name.startswith(f"{group}.") for group in ROWS)}
    for group in ROWS:
        rows: list[dict[str, Any]] = []
        for inputs in _filled_rows(form, group):
            kept |= {f"{group}.{len(rows)}.{name}": text for name, text in inputs.items()}
            rows.append(_row(inputs))
        if group == "contact.blackouts":
            contact["blackouts"] = rows or None
        else:
            entry[group] = rows or None
    entry["contact"] = _present(contact)
    return _present(entry), kept


def _filled_rows(form: Mapping[str, str], group: str) -> Iterable[dict[str, str]]:
    """Yield the inputs of each row that has content and is not marked as removed."""
    numbers = {
        int(number)
        for name in form
        if name.startswith(f"{group}.")
        and (number := name[len(group) + 1 :].partition(".")[0]).isdecimal()
        and len(number) < 7
    }
    for row in sorted(numbers)[:_MAX_ROWS]:
        inputs = {name: form.get(f"{group}.{row}.{name}", "").strip() for name in ROWS[group]}
        has_content = any(text for name, text in inputs.items() if name != "kind")
        if has_content and not form.get(f"{group}.{row}.remove"):
            yield inputs


def _row(inputs: Mapping[str, str]) -> dict[str, Any]:
    row: dict[str, Any] = {
        name: _value(name, text) for name, text in inputs.items() if name not in (*_SCOPE, "everything", "near")
    }
    scope = _present({part: split_texts(inputs.get(part, "")) for part in _SCOPE})
    if scope:
        row["scope"] = scope
    elif inputs.get("everything"):
        row["scope"] = "all"
    nears = [_near(text) for text in split_texts(inputs.get("near", ""))]
    if nears:
        row["near"] = nears
    return _present(row)


def _near(text: str) -> dict[str, Any]:
    match = _NEAR.match(text)
    words = [word.strip() for word in (match[1] if match else text).split("+") if word.strip()]
    return {"words": words, "within": match[2]} if match else {"words": words}


def _value(name: str, text: str) -> Any:
    if name in _LISTS:
        return split_texts(text) or None
    return text.replace("\r\n", "\n").strip() or None


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value not in (None, [], {})}


def input_of(field: str) -> str:
    """Return the name of the input that a problem's ``field`` belongs to: ``assets[0].isin`` → ``assets.0.isin``."""
    place = _PLACE.match(field)
    if place is None:
        return re.sub(r"\[\d+\]", "", field)
    group, number, name, inner = place.groups()
    if name == "scope":
        name = inner or "regions"
    if name == "ticker":
        name = "tickers"
    names: Sequence[str] = ROWS.get(group, ())
    if not names:
        return group
    return f"{group}.{number}.{name if name in names else names[0]}"


def problems_by_input(problems: Iterable[EntryProblem]) -> dict[str, list[EntryProblem]]:
    """Return problems by the name of the input that they belong to."""
    found: dict[str, list[EntryProblem]] = {}
    for problem in problems:
        found.setdefault(input_of(problem.field), []).append(problem)
    return found
