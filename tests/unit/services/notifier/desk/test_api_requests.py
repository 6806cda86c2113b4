"""Values in the requests of the API: JSON has types, so that nothing is taken for another one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from pydantic import TypeAdapter, ValidationError

from schemas.inlets import PushedItem
from services.notifier.desk import api
from services.notifier.desk.api.bulk import BulkApproval
from services.notifier.desk.api.document import openapi_document
from services.notifier.desk.api.records import Conversation
from services.notifier.digest.preferences import ChosenPreferences

#: What pydantic takes from another type unless told otherwise: ``true`` as 1, ``"yes"`` as true, 5 as a moment in 1970.
#: A strict int is none either: it refuses 3.0, which is whole in JSON Schema.
LAX = {"int", "float", "bool", "datetime", "date", "time"}


def _loose(schema: Any, guarded: bool = False) -> Iterator[str]:
    """Yield the types in ``schema`` that accept another one. ``guarded`` is whether a validator looks first."""
    if isinstance(schema, dict):
        kind = schema.get("type")
        if kind in LAX and not guarded and (kind == "int" or not schema.get("strict")):
            yield kind
        for name, inner in schema.items():
            if name == "fields" and kind in ("model-fields", "typed-dict"):
                yield from (f"{field}: {loose}" for field, part in inner.items() for loose in _loose(part))
            elif name not in ("metadata", "serialization"):
                yield from _loose(inner, kind == "function-before" or (guarded and kind == "function-after"))
    elif isinstance(schema, list | tuple):
        for inner in schema:
            yield from _loose(inner, guarded)


def test_no_field_of_a_request_takes_a_value_of_another_type() -> None:
    bodies = dict(_bodies())
    operations = [operation for path in openapi_document()["paths"].values() for operation in path.values()]
    assert len(bodies) == sum("requestBody" in operation for operation in operations)
    assert not {f"{name}: {loose}" for name, body in bodies.items() for loose in _loose(TypeAdapter(body).core_schema)}


def _bodies() -> Iterator[tuple[str, Any]]:
    for part in api.PARTS.values():
        for route in part.routes:
            if isinstance(route, APIRoute) and route.body_field is not None:
                yield f"{min(route.methods or ())} {route.path}", route.body_field.field_info.annotation


@pytest.mark.parametrize("value", [5, 5.5, "5", "1e9", " 1735689600 "])
def test_a_number_is_no_date_and_no_time(value: object) -> None:
    with pytest.raises(ValidationError, match="is written out"):
        Conversation.model_validate({"at": value, "channel": "phone", "summary": "They called."})
    with pytest.raises(ValidationError, match="is written out"):
        PushedItem.model_validate({"title": "Rates rise", "published_at": value})
    with pytest.raises(ValidationError, match="is written out"):
        ChosenPreferences.model_validate({"digest_hour": value})


@pytest.mark.parametrize("value", [False, "3", 3.5])
def test_only_a_whole_number_is_a_version(value: object) -> None:
    with pytest.raises(ValidationError, match="valid integer"):
        BulkApproval.model_validate({"drafts": [{"id": "dft_1", "version": value}]})


def test_a_whole_number_may_have_a_decimal_point_as_in_json_schema() -> None:
    assert BulkApproval.model_validate({"drafts": [{"id": "dft_1", "version": 3.0}]}).drafts[0].version == 3
