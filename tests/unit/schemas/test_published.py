"""The published schemas match the models, and older messages can still be read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.export import PUBLISHED, documents, render
from schemas.topics import TOPICS, decode, encode

EXAMPLES = Path(__file__).parents[3] / "schemas" / "examples"


def test_the_published_schemas_match_the_models() -> None:
    wanted = {name: render(document) for name, document in documents().items()}
    published = {path.name: path.read_text(encoding="utf-8") for path in PUBLISHED.glob("*.json")}
    assert published == wanted, "run `make schemas`, and check that the difference breaks no consumer"


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*/*/*.json")), ids=lambda path: str(path.relative_to(EXAMPLES)))
def test_old_messages_can_still_be_read(path: Path) -> None:
    topic = path.parts[-3]
    given = json.loads(path.read_text(encoding="utf-8"))
    read = decode(topic, path.read_bytes())
    assert read.type == given["type"]
    written = json.loads(encode(read))
    assert _contains(written["data"], given["data"])


def _contains(whole: Any, part: Any) -> bool:
    """Return whether ``whole`` has all values of ``part``; fields that were added since have their defaults."""
    if isinstance(whole, dict) and isinstance(part, dict):
        return all(name in whole and _contains(whole[name], value) for name, value in part.items())
    if isinstance(whole, list) and isinstance(part, list):
        return len(whole) == len(part) and all(map(_contains, whole, part))
    return bool(whole == part)


def test_every_event_type_has_an_example() -> None:
    examples = {json.loads(path.read_text(encoding="utf-8"))["type"] for path in EXAMPLES.glob("*/*/*.json")}
    assert {model.full_type() for topic in TOPICS.values() for model in topic.models} <= examples
