"""The API keeps to its OpenAPI document: what the document allows is accepted, what it forbids is refused, and every
answer is one that it describes. The requests are made up by schemathesis.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, assume, given, settings
from schemathesis import GenerationMode

from services.notifier.desk.api.caller import IDEMPOTENCY_KEY
from services.notifier.desk.api.document import openapi_document
from services.notifier.desk.tokens import create_api_token
from tests.desk_data import NOW
from tests.desk_world import World

pytestmark = pytest.mark.slow

DOCUMENT = openapi_document()
CASES = [
    (path, method, mode)
    for path, methods in sorted(DOCUMENT["paths"].items())
    for method, operation in methods.items()
    for mode in GenerationMode
    # With nothing but ids in its path, an operation can't be called wrongly.
    if mode is GenerationMode.POSITIVE
    or "requestBody" in operation
    or any(parameter["in"] != "path" for parameter in operation.get("parameters", ()))
]
#: What is too large is refused before it is read, be it valid or not.
REFUSED = ["400", "403", "404", "409", "413", "422"]
#: 422 says that a request is not as the document says; 400, that its values break a rule which no schema can state.
ACCEPTED = ["2xx", "400", "403", "404", "409", "413"]
#: A client's entry may also break the rules of the client book, which names the fields.
BOOK = [
    ("/api/v1/clients", "post"),
    ("/api/v1/clients/interests/preview", "post"),
    ("/api/v1/clients/{client_id}/entry", "put"),
]


@dataclass(frozen=True)
class Api:
    """The document with a desk behind it. ``keys`` are idempotency keys: a key belongs to one request."""

    schema: Any
    headers: dict[str, str]
    keys: Iterator[int]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Api:
    world = World.make(tmp_path_factory.mktemp("desk")).with_settings(api_rate=10**9, find_rate=10**9)
    with world.engine.begin() as connection:
        token = create_api_token(connection, "owner", NOW)
    document = copy.deepcopy(DOCUMENT)
    del document["security"]  # every request has the token: others are refused before anything is read
    schema = schemathesis.openapi.from_dict(document)
    schema.app = world.browser(None).app
    schema.config.checks.positive_data_acceptance.expected_statuses = ACCEPTED
    schema.config.checks.negative_data_rejection.expected_statuses = REFUSED
    return Api(schema, {"Authorization": f"Bearer {token}", "Host": "testserver"}, count())


@pytest.mark.parametrize(("path", "method", "mode"), CASES, ids=lambda part: getattr(part, "value", part))
def test_the_api_keeps_to_its_document(desk: Api, path: str, method: str, mode: GenerationMode) -> None:
    @settings(
        max_examples=10,  # they are the same in each run, so more of them find little more
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=desk.schema[path][method].as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        assume(not _loses_its_mistake(case, DOCUMENT["paths"][path][method]))
        own_key = {IDEMPOTENCY_KEY: str(next(desk.keys))} if mode is GenerationMode.POSITIVE else {}
        answer = case.call(headers=desk.headers | own_key)
        if (path, method) in BOOK and answer.status_code == 422:
            assert answer.json()["errors"]
        else:
            case.validate_response(answer)

    check()


def _loses_its_mistake(case: Any, operation: Any) -> bool:
    """Return whether the only mistake is an unknown parameter without a value, which no address can contain."""
    known = {parameter["name"] for parameter in operation.get("parameters", ())}
    unknown = [value for name, value in (case.query or {}).items() if name not in known]
    return bool(unknown) and all(value in ([], {}) for value in unknown)
