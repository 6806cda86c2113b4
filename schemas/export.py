"""Publish the contract: a JSON Schema for each event type and webhook and the event view, and AsyncAPI documents.

The files are in ``schemas/published/``. A test compares them with the models; ``make schemas`` rewrites them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel

from schemas.base import SCHEMA_BASE, Event, Payload
from schemas.event_views import EventView
from schemas.topics import TOPICS
from schemas.webhooks import WEBHOOKS, Webhook, WebhookKind

__all__ = ["PUBLISHED", "documents", "main"]

PUBLISHED = Path(__file__).parent / "published"
Document = dict[str, Any]


def documents() -> dict[str, Document]:
    """Return every published document, by file name."""
    files = {f"{model.event_type}.v{model.version}.json": _schema(model) for model in _models()}
    files["event_view.v1.json"] = _view_schema(EventView)
    files["asyncapi.json"] = _asyncapi()
    files |= {f"{_webhook_name(kind)}.json": _webhook_schema(kind) for kind in WEBHOOKS.values()}
    files["webhooks.asyncapi.json"] = _webhook_asyncapi()
    return files


def render(document: Document) -> str:
    """Return a document as JSON text: indented, keys in the order of generation, a newline at the end."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Write every document that has changed, delete those that no longer exist, and print their names."""
    PUBLISHED.mkdir(exist_ok=True)
    wanted = documents()
    for path in PUBLISHED.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
            print(f"deleted {path.name}")
    for name, document in wanted.items():
        path = PUBLISHED / name
        text = render(document)
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            print(f"wrote {name}")


def _models() -> list[type[Payload]]:
    return [model for topic in TOPICS.values() for model in topic.models]


def _schema(model: type[Payload]) -> Document:
    envelope = cast("type[BaseModel]", Event.__class_getitem__(model))
    schema: Document = envelope.model_json_schema(mode="serialization")
    schema["properties"]["type"] = {"const": model.full_type(), "type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": model.schema_uri(),
        **schema,
        "title": model.full_type(),
        "description": model.__doc__,
    }


def _view_schema(model: type[EventView]) -> Document:
    """Return the schema of what the API and the command line answer; it is no event and has no envelope."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{SCHEMA_BASE}:event_view:v1",
        **model.model_json_schema(mode="serialization"),
        "title": "event_view",
        "description": model.__doc__,
    }


def _asyncapi() -> Document:
    channels: Document = {}
    operations: Document = {}
    messages: Document = {}
    for topic in TOPICS.values():
        refs = {}
        for model in topic.models:
            name = f"{model.event_type}.v{model.version}"
            messages[name] = {
                "name": model.full_type(),
                "summary": (model.__doc__ or "").strip().splitlines()[0],
                "contentType": "application/cloudevents+json",
                "payload": {
                    "schemaFormat": "application/schema+json;version=draft-07",
                    "schema": {"$ref": f"./{name}.json"},
                },
            }
            refs[name] = {"$ref": f"#/components/messages/{name}"}
        channels[topic.name] = {
            "address": topic.name,
            "description": f"{topic.meaning}; keyed by {topic.key}",
            "messages": refs,
        }
        operations[f"receive.{topic.name}"] = {
            "action": "receive",
            "channel": {"$ref": f"#/channels/{topic.name}"},
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Firstword events",
            "version": "1.0.0",
            "description": "Events between Firstword's services. Envelopes follow CloudEvents 1.0 in JSON.",
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def _webhook_name(kind: WebhookKind) -> str:
    return f"webhook.{kind.name}.v{kind.version}"


def _webhook_schema(kind: WebhookKind) -> Document:
    body = cast("type[BaseModel]", Webhook.__class_getitem__(kind.model))
    schema: Document = body.model_json_schema(mode="serialization")
    schema["properties"]["type"] = {"const": kind.name, "type": "string"}
    schema["properties"]["version"] = {"const": kind.version, "type": "integer"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{SCHEMA_BASE}:webhook:{kind.name}:v{kind.version}",
        **schema,
        "title": kind.name,
        "description": kind.meaning,
    }


#: The headers of every request (Standard Webhooks 1.0, "Webhook metadata").
_WEBHOOK_HEADERS: Document = {
    "type": "object",
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
    "properties": {
        "webhook-id": {"type": "string", "description": "The same in all attempts; use it to recognize repeats."},
        "webhook-timestamp": {"type": "string", "description": "Time of this attempt, in seconds since 1970 (UTC)."},
        "webhook-signature": {
            "type": "string",
            "description": "One signature 'v1,…', or several separated by spaces while a secret is being rotated.",
        },
    },
}


def _webhook_asyncapi() -> Document:
    messages = {
        _webhook_name(kind): {
            "name": kind.name,
            "summary": kind.meaning,
            "contentType": "application/json",
            "headers": _WEBHOOK_HEADERS,
            "payload": {
                "schemaFormat": "application/schema+json;version=draft-07",
                "schema": {"$ref": f"./{_webhook_name(kind)}.json"},
            },
        }
        for kind in WEBHOOKS.values()
    }
    refs = {name: {"$ref": f"#/components/messages/{name}"} for name in messages}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Firstword webhooks",
            "version": "1.0.0",
            "description": "Requests that Firstword posts to the endpoints added with 'firstword webhooks add'.",
        },
        "channels": {"endpoint": {"address": None, "description": "The endpoint's URL.", "messages": refs}},
        "operations": {"send": {"action": "send", "channel": {"$ref": "#/channels/endpoint"}}},
        "components": {"messages": messages},
    }


if __name__ == "__main__":
    main()
