"""Every log call in the product has a constant message and an action (services/common/logs.py)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
LOGGERS = {"log", "logger", "logging", "structlog"}
NAMED = re.compile(rf"\b(?:{'|'.join(sorted(LOGGERS))})\b")
LEVELS = {"debug", "info", "warning", "error", "exception", "critical"}
ACTION = re.compile(r"[a-z][a-z_]*\.[a-z][a-z_]*")
#: Fields that the configuration writes itself.
RESERVED = {"event", "message", "level", "timestamp", "logger", "exception"}


def log_calls(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield every ``log.info`` and the like: the call, or the bare attribute if it is not called directly."""
    called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr in LEVELS and ast.unparse(node.value) in LOGGERS:
            yield called.get(id(node), node)


def problem(call: ast.expr) -> str | None:
    if not isinstance(call, ast.Call):
        return "call the logger directly"
    if len(call.args) != 1 or not isinstance(call.args[0], ast.Constant) or not isinstance(call.args[0].value, str):
        return "the message must be one constant text"
    if not re.fullmatch(r"[A-Z].*\.", call.args[0].value):
        return "the message must be a sentence"
    values = {keyword.arg: keyword.value for keyword in call.keywords}
    action = values.get("action")
    if not isinstance(action, ast.Constant) or not ACTION.fullmatch(str(action.value)):
        return "action= must be constant and dotted, such as 'feed.polled'"
    if reserved := RESERVED.intersection(name for name in values if name):
        return f"the fields {sorted(reserved)} are reserved"
    return None


def modules() -> list[Path]:
    return sorted(path for folder in ("firstword", "services", "schemas") for path in (ROOT / folder).rglob("*.py"))


def test_every_log_call_has_a_constant_message_and_a_dotted_action() -> None:
    problems, count = [], 0
    for path in modules():
        text = path.read_text("utf-8")
        for call in log_calls(ast.parse(text)) if NAMED.search(text) else ():
            count += 1
            if reason := problem(call):
                problems.append(f"{path.relative_to(ROOT)}:{call.lineno}: {reason}")
    assert problems == []
    assert count > 40


def test_loggers_come_from_one_place() -> None:
    made = re.compile(
        r"structlog\.(?:stdlib\.)?get_logger|(?<!structlog\.stdlib\.)\blogging\.getLogger\([^)]*\)\.[a-z]+\("
    )
    others = [
        str(path.relative_to(ROOT))
        for path in modules()
        for found in made.finditer(path.read_text("utf-8"))
        if path.name != "logs.py" and not found[0].endswith((".setLevel(", ".addFilter("))
    ]
    assert others == []


@pytest.mark.parametrize(
    "source",
    [
        "log.info('feed.polled', feed_id=1)",
        "log.info(f'Polled {feed}.', action='feed.polled')",
        "log.info('Polled.', action='polled')",
        "log.info('Polled.', action=kind)",
        "log.info('Polled.', action='feed.polled', message='x')",
        "log.info('Polled %s.', feed, action='feed.polled')",
        "record = log.info\nrecord('feed.polled')",
    ],
)
def test_a_call_outside_the_convention_is_found(source: str) -> None:
    assert [problem(call) is not None for call in log_calls(ast.parse(source))] == [True]
