"""Only firstword.compose builds the parts of the product; every other module is given what it needs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
COMPOSE = ROOT / "firstword" / "compose"
#: Values, and classes without resources of their own: any module may make them.
MADE_ANYWHERE = {
    "BadInput",
    "DamagedDatabase",
    "EventLog",
    "DeadLetterLimit",
    "Metrics",
    "Outbox",
    "OutboxPublisher",
    "ManualClock",
    "SystemClock",
    "DraftWriter",
    "Repository",
    "SourceGrades",
}
EXCEPTIONS = [
    "firstword/runtimes/kafka/worker.py: HealthServer",  # Faust owns the event loop of its process
    "firstword/storage/engine.py: create_engine",
]


def calls(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute):
                yield node.func.attr


def own_imports(tree: ast.Module) -> set[str]:
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in ("firstword", "services")
        for alias in node.names
    }


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def parts() -> set[str]:
    """The classes that firstword.compose builds, and what opens a database."""
    built = {name for path in COMPOSE.glob("*.py") for name in set(calls(parse(path))) & own_imports(parse(path))}
    classes = {name for name in built if name[0].isupper() and not name.endswith("Settings")}
    return (classes - MADE_ANYWHERE) | {"open_database", "open_sqlite", "create_engine"}


def test_only_compose_builds_the_parts_of_the_product() -> None:
    wanted = parts()
    assert {"Store", "EmbeddedRuntime", "IngestService", "DeliveryWorker", "GuardedClient"} <= wanted
    named = re.compile(rf"\b(?:{'|'.join(sorted(wanted))})\b")
    elsewhere = []
    for path in (*ROOT.glob("firstword/**/*.py"), *ROOT.glob("services/**/*.py")):
        text = path.read_text(encoding="utf-8")
        if COMPOSE in path.parents or not named.search(text):
            continue
        tree = ast.parse(text)
        imported = own_imports(tree) | {"create_engine"}
        elsewhere += [f"{path.relative_to(ROOT)}: {name}" for name in set(calls(tree)) & wanted & imported]
    assert sorted(elsewhere) == EXCEPTIONS


def test_every_client_is_built_so_that_it_says_who_asks() -> None:
    made = [
        (path.name, function.name)
        for path in COMPOSE.glob("*.py")
        for function in ast.walk(parse(path))
        if isinstance(function, ast.FunctionDef) and "GuardedClient" in set(calls(ast.Module(function.body, [])))
    ]
    assert made == [("outbound.py", "build_http")]
