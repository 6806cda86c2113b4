"""The API's OpenAPI document, and its reference as a page without scripts. Both are public: they say nothing about
clients, and programs read them before they have a token.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from services.notifier.desk.api import PARTS, PREFIX
from services.notifier.desk.api.document import openapi_document
from services.notifier.desk.pages.rendering import render_bare

__all__ = ["router"]

router = APIRouter(prefix=PREFIX)
Json = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of an operation, or a field of a model."""

    name: str
    place: str
    kind: str
    models: Sequence[str]
    required: bool
    description: str


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation as the page shows it. ``answer`` and ``problems`` are models of the document."""

    id: str
    method: str
    path: str
    scope: str
    paragraphs: Sequence[str]
    parameters: Sequence[Field]
    body: Sequence[str]
    answer: tuple[str, str, Sequence[str]]


@router.get("/openapi.json")
def document() -> JSONResponse:
    """Return the OpenAPI document."""
    return JSONResponse(openapi_document())


@router.get("/docs")
def reference(request: Request) -> HTMLResponse:
    """Show the reference."""
    found = openapi_document()
    operations = [
        (operation["tags"][0], _operation(path, method, operation))
        for path, methods in found["paths"].items()
        for method, operation in methods.items()
    ]
    parts = [(name, [shown for tag, shown in operations if tag == name]) for name in PARTS]
    models = [
        (name, _paragraphs(schema.get("description", "")), _fields(schema))
        for name, schema in sorted(found["components"]["schemas"].items())
    ]
    return render_bare(request, "api_reference.html", info=found["info"], parts=parts, models=models)


def _operation(path: str, method: str, operation: Json) -> Operation:
    status, answer = next((code, found) for code, found in operation["responses"].items() if code < "300")
    schema = answer["content"]["application/json"]["schema"]
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    parameters = [
        Field(field["name"], field["in"], *_kind(field["schema"]), bool(field.get("required")), _description(field))
        for field in operation.get("parameters", ())
    ]
    return Operation(
        operation["operationId"],
        method.upper(),
        path,
        operation["x-scope"],
        _paragraphs(operation["description"]),
        parameters,
        _models(body),
        (status, *_kind(schema)),
    )


def _description(field: Json) -> str:
    old = " Deprecated." if field.get("deprecated") else ""
    return f"{field.get('description', '')}{old}".strip()


def _fields(schema: Json) -> Sequence[Field]:
    required = schema.get("required", ())
    return [
        Field(name, "", *_kind(inner), name in required, inner.get("description", ""))
        for name, inner in schema.get("properties", {}).items()
    ]


def _kind(schema: Json) -> tuple[str, Sequence[str]]:
    """Return a schema in words, and the models that it names, which the page links."""
    if "$ref" in schema:
        return "", _models(schema)
    if "enum" in schema or "const" in schema:
        return ", ".join(map(str, schema.get("enum", (schema.get("const"),)))), ()
    if "anyOf" in schema:
        kinds = [_kind(option) for option in schema["anyOf"]]
        return " or ".join(kind for kind, _ in kinds if kind), [name for _, models in kinds for name in models]
    if schema.get("type") == "array":
        kind, models = _kind(schema.get("items", {}))
        return f"list of {kind}".rstrip() if kind or models else "list", models
    kind = schema.get("format") or schema.get("type") or "any"
    return kind, ()


def _models(schema: Json) -> Sequence[str]:
    return [schema["$ref"].rpartition("/")[2]] if "$ref" in schema else []


def _paragraphs(text: str) -> Sequence[str]:
    """Return the paragraphs of a docstring, whose double backticks become single ones."""
    return [" ".join(part.split()).replace("``", "`") for part in text.split("\n\n") if part.strip()]
