"""The published OpenAPI document and the Python client match the API."""

from __future__ import annotations

from collections import Counter

from scripts.api_client import ROOT, files
from services.notifier.desk.api.document import openapi_document


def test_the_document_and_the_client_are_current() -> None:
    differing = [str(path.relative_to(ROOT)) for path, text in files().items() if path.read_text("utf-8") != text]
    assert differing == [], "run `make schemas`, and check that the difference breaks no program"


def test_every_operation_is_described_and_typed() -> None:
    names: Counter[str] = Counter()
    for path, methods in openapi_document()["paths"].items():
        for method, operation in methods.items():
            names[operation["operationId"]] += 1
            assert operation["description"], (method, path)
            assert operation["x-scope"] == "read" or method != "get"
            (answer,) = (found for status, found in operation["responses"].items() if status.startswith("2"))
            schema = answer["content"]["application/json"]["schema"]
            assert "$ref" in schema or "$ref" in schema.get("items", {}), (method, path)
            refused = {status: list(found["content"]) for status, found in operation["responses"].items()}
            assert all(kinds == ["application/problem+json"] for status, kinds in refused.items() if status >= "400")
    assert names.most_common(1)[0][1] == 1, "an operation's name is its method's in the client"
