from __future__ import annotations

import re
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from services.notifier.desk.api.document import openapi_document
from tests.desk_world import World


@pytest.fixture
def client(tmp_path: Path) -> TestClient:
    return World.make(tmp_path, []).browser(None)


def test_the_document_is_served_without_a_token(client: TestClient) -> None:
    assert client.get("/api/v1/openapi.json").json() == openapi_document()


def test_the_reference_lists_every_operation_and_links_within_itself(client: TestClient) -> None:
    answer = client.get("/api/v1/docs")
    assert answer.status_code == 200
    ids = set(re.findall(r' id="([^"]+)"', answer.text))
    for methods in openapi_document()["paths"].values():
        assert {operation["operationId"] for operation in methods.values()} <= ids
    assert set(re.findall(r'href="#([^"]+)"', answer.text)) <= ids
    loaded = re.findall(r'(?:src|href)="([^"#]+)"', answer.text)
    assert all(address.startswith("/") for address in loaded), "nothing comes from elsewhere"
    assert "<script" not in answer.text
    assert " style=" not in answer.text
