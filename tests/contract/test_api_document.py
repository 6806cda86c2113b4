"""The API keeps to its OpenAPI document: what the document allows is accepted, what it forbids is refused, and every
answer is one that it describes. The requests are made up by schemathesis.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from services.notifier.desk.api.document import openapi_document
from services.notifier.desk.tokens import create_api_token
from tests.desk_data import NOW
from tests.desk_world import World

DOCUMENT = openapi_document()
OPERATIONS = sorted(
    (path, method) for path, methods in DOCUMENT["paths"].items() for method in methods if method != "parameters"
)
#: 422 says that a request is not as the document says; 400, that its values break a rule which no schema can state.
ACCEPTED = ["2xx", "400", "403", "404", "409"]


@dataclass(frozen=True)
class Api:
    """The document with a desk behind it."""

    schema: Any
    headers: dict[str, str]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Api:
    world = World.make(tmp_path_factory.mktemp("desk")).with_settings(api_rate=10**9)
    with world.engine.begin() as connection:
        token = create_api_token(connection, "owner", NOW)
    schema = schemathesis.openapi.from_dict(copy.deepcopy(DOCUMENT))
    schema.app = world.browser(None).app
    schema.config.checks.positive_data_acceptance.expected_statuses = ACCEPTED
    return Api(schema, {"Authorization": f"Bearer {token}", "Host": "testserver"})


@pytest.mark.slow
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.name.lower())
@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=lambda part: part)
def test_the_api_keeps_to_its_document(desk: Api, path: str, method: str, mode: GenerationMode) -> None:
    @settings(
        max_examples=25,
        database=None,
        derandomize=True,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=desk.schema[path][method].as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        case.validate_response(case.call(headers=desk.headers))

    check()
