"""MkDocs hook: fill the reference pages from the code, so that they cannot differ from it.

A page says where with a comment of its own, ``<!-- generated: events -->``. Files outside ``docs/`` are included as
snippets; their links into ``docs/`` are made relative.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import click
import typer
from pydantic import BaseModel
from pydantic_core import PydanticUndefined
from pydantic_settings import BaseSettings

from firstword.cli.main import build_app
from firstword.retention.kinds import KEPT_WHILE_IN_USE, KINDS
from firstword.runtimes.kafka.settings import KafkaSettings
from schemas.event_views import EventView
from schemas.topics import TOPICS
from schemas.webhooks import WEBHOOKS
from services.common.settings import (
    LlmSettings,
    MailboxSettings,
    OpenIdSettings,
    SecondReaderSettings,
    Settings,
    SmtpSettings,
)
from services.notifier.desk.api.document import openapi_document

PLACE = re.compile(r"^<!-- generated: ([a-z-]+) -->$", re.MULTILINE)
FROM_ROOT = re.compile(r"\]\(docs/")


def on_page_markdown(markdown: str, **_: Any) -> str:
    """Replace each placeholder of a page with what it names (called by MkDocs)."""
    return FROM_ROOT.sub("](", PLACE.sub(lambda match: GENERATORS[match[1]](), markdown))


def _cell(text: str | None) -> str:
    """Text as a table cell: one line, with pipes escaped and double backticks as code."""
    return re.sub(r"``(.+?)``", r"`\1`", " ".join((text or "").split())).replace("|", "\\|")


def _table(headings: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [" | ".join(headings), " | ".join("---" for _ in headings)]
    lines += [" | ".join(_cell(cell) for cell in row) for row in rows]
    return "\n".join(f"| {line} |" for line in lines) + "\n"


def _paragraphs(text: str | None) -> str:
    """A docstring as Markdown: unindented, double backticks as code, roles as plain names."""
    plain = re.sub(r":\w+:`~?([^`]+)`", r"`\1`", text or "")
    return re.sub(r"``(.+?)``", r"`\1`", "\n".join(line.strip() for line in plain.splitlines())).strip()


# --- events ---------------------------------------------------------------------------------------------------------


def _events() -> str:
    parts = []
    models: dict[str, type[BaseModel]] = {}
    for topic in TOPICS.values():
        parts.append(f"## Topic `{topic.name}`\n")
        for model in topic.models:
            parts.append(f"### `{model.event_type}`\n\n{_paragraphs(model.__doc__)}\n")
            parts.append(_fields(model))
            parts.append(f"Schema: `schemas/published/{model.event_type}.v{model.version}.json`\n")
            _collect(model, models)
    parts.append("## Models\n\nThe types that the fields above refer to.\n")
    for name, model in sorted(models.items()):
        parts.append(f"### `{name}`\n\n{_paragraphs(model.__doc__)}\n\n{_fields(model)}")
    return "\n".join(parts)


def _collect(model: type[BaseModel], models: dict[str, type[BaseModel]]) -> None:
    """Add the models that the fields of ``model`` refer to, and those that they refer to."""
    for field in model.model_fields.values():
        for inner in _models_in(field.annotation):
            if inner.__name__ not in models:
                models[inner.__name__] = inner
                _collect(inner, models)


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models_in(argument)


def _fields(model: type[BaseModel]) -> str:
    rows = (
        (f"`{name}`", f"`{_type(field.annotation)}`", _default(field)) for name, field in model.model_fields.items()
    )
    return _table(("Field", "Type", "Default"), rows)


def _type(annotation: Any) -> str:
    """Name a type as a reader of JSON thinks of it."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type(arguments[0])
    if origin in (Union, UnionType):
        return " or ".join("null" if argument is type(None) else _type(argument) for argument in arguments)
    if origin is Literal:
        return ", ".join(str(argument) for argument in arguments)
    if origin in (tuple, list, frozenset, Sequence):
        return f"list of {_type(arguments[0])}"
    if origin in (dict, Mapping):
        return f"map of {_type(arguments[1])}"
    return getattr(annotation, "__name__", str(annotation))


def _default(field: Any) -> str:
    if field.is_required():
        return "required"
    if field.default is PydanticUndefined:
        return ""
    return "" if field.default in (None, (), {}) else f"`{getattr(field.default, 'value', field.default)}`"


def _webhooks() -> str:
    rows = (
        (f"`{kind.name}`", kind.meaning, f"`webhook.{kind.name}.v{kind.version}.json`") for kind in WEBHOOKS.values()
    )
    return _table(("Type", "Meaning", "Schema in schemas/published/"), rows)


# --- API ------------------------------------------------------------------------------------------------------------


def _api() -> str:
    document = openapi_document()
    parts = []
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            scope = f"Scope: `{operation['x-scope']}`."
            parts.append(f"### `{method.upper()} {path}`\n\n{_paragraphs(operation['description'])} {scope}\n")
            parts.append(_parameters(operation, document))
    return "\n".join(parts)


def _event_view() -> str:
    models: dict[str, type[BaseModel]] = {}
    _collect(EventView, models)
    shown = {"EventView": EventView} | {name: model for name, model in models.items() if name not in ("Span",)}
    return "\n".join(
        f"### `{name}`\n\n{_paragraphs(model.__doc__)}\n\n{_fields(model)}" for name, model in shown.items()
    )


def _parameters(operation: dict[str, Any], document: dict[str, Any]) -> str:
    rows = [
        (f"`{field['name']}`", field["in"], "yes" if field.get("required") else "", _schema_type(field["schema"]))
        for field in operation.get("parameters", ())
    ]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    model = document.get("components", {}).get("schemas", {}).get(body.get("$ref", "").rpartition("/")[2], {})
    for name, schema in model.get("properties", {}).items():
        rows.append((f"`{name}`", "body", "yes" if name in model.get("required", ()) else "", _schema_type(schema)))
    return _table(("Parameter", "In", "Required", "Type"), iter(rows)) if rows else ""


def _schema_type(schema: dict[str, Any]) -> str:
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_schema_type(option) for option in schema["anyOf"])
    if "$ref" in schema:
        return f"`{schema['$ref'].rpartition('/')[2]}`"
    return f"`{schema.get('type', 'any')}`"


# --- commands -------------------------------------------------------------------------------------------------------


def _commands() -> str:
    return "\n".join(_command("firstword", typer.main.get_command(build_app())))


def _command(name: str, command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=name)
    level = "##" if name.count(" ") < 2 else "###"
    yield f"{level} `{name}`\n\n{inspect.cleandoc(command.help or '')}\n"
    rows = [
        (
            ", ".join(f"`{flag}`" for flag in parameter.opts) or f"`{parameter.name}`",
            getattr(parameter, "help", "") or "",
        )
        for parameter in command.params
        if parameter.name != "help" and not getattr(parameter, "hidden", False)
    ]
    if rows:
        yield _table(("Option", "Meaning"), iter(rows))
    if isinstance(command, click.Group) or hasattr(command, "list_commands"):
        for child in command.list_commands(context):
            found = command.get_command(context, child)
            if found is not None:
                yield from _command(f"{name} {child}", found)


# --- settings -------------------------------------------------------------------------------------------------------


def _settings() -> str:
    kinds: tuple[tuple[str, type[BaseSettings]], ...] = (
        ("General", Settings),
        ("Mail", SmtpSettings),
        ("Returned mail", MailboxSettings),
        ("Language model", LlmSettings),
        ("Second reader", SecondReaderSettings),
        ("Sign-in with a provider", OpenIdSettings),
        ("Kafka workers", KafkaSettings),
    )
    return "\n".join(f"## {title}\n\n{_variables(kind)}" for title, kind in kinds)


def _variables(kind: type[BaseSettings]) -> str:
    prefix = str(kind.model_config.get("env_prefix", ""))
    fields = ((name, field) for name, field in kind.model_fields.items() if not _is_group(field.annotation))
    rows = ((f"`{prefix}{name.upper()}`", _shown(field), field.description or "") for name, field in fields)
    return _table(("Variable", "Default", "Meaning"), rows)


def _retention() -> str:
    headings = ("Kind", "Content", "Days", "Why it is kept", "Law that may require it")
    rows = ((f"`{k.name}`", k.content, f"{k.days:,}", k.reason, k.law or "") for k in KINDS if not k.fixed)
    fixed = ((f"`{k.name}`", k.content, f"{k.days:,}", k.reason, k.by or "the same job") for k in KINDS if k.fixed)
    used = ((f"`{name}`", why) for name, why in KEPT_WHILE_IN_USE.items())
    return "\n".join(
        (
            "### Kinds whose days you can choose\n",
            _table(headings, rows),
            "### Kinds with fixed days\n",
            _table((*headings[:4], "Removed by"), fixed),
            "### Kept as long as it is in use\n",
            _table(("Table", "What it is"), used),
        )
    )


def _is_group(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _shown(field: Any) -> str:
    if field.default_factory is not None or field.default in (None, (), {}, ""):
        return ""
    return f"`{field.default}`" if not hasattr(field.default, "get_secret_value") else ""


GENERATORS: dict[str, Callable[[], str]] = {
    "api": _api,
    "commands": _commands,
    "event-view": _event_view,
    "events": _events,
    "retention": _retention,
    "settings": _settings,
    "webhooks": _webhooks,
}
