from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import DraftWriter
from services.notifier.outreach.record import ClientRecord

#: Written by the version before its fields were renamed: told, open, pieces, aside, small, retracted, owed, touched …
STORED = Path(__file__).with_name("stored_record.json")
#: Fields that were added since.
LATER = frozenset(["noticed", "stopped"])


def test_a_record_with_the_earlier_field_names_is_read_completely() -> None:
    record = DraftWriter(Playbooks.shipped()).load(STORED.read_bytes())
    assert all(getattr(record, name) for name in ClientRecord.model_fields if name not in LATER)
    (message,) = record.open_messages
    assert message.locked
    assert message.stories[0].quote.startswith("Halden Energy cut its quarterly dividend")
    assert record.stories[0].quote == message.stories[0].quote
    assert record.promise is not None
    assert record.promise.awaits_news


def test_an_earlier_version_can_read_a_record_written_now() -> None:
    writer = DraftWriter(Playbooks.shipped())
    written = json.loads(writer.dump(writer.load(STORED.read_bytes())))
    assert _without_later_fields(written, json.loads(STORED.read_bytes())) == json.loads(STORED.read_bytes())


def _without_later_fields(written: Any, stored: Any) -> Any:
    """Return ``written`` without the keys that ``stored`` lacks: an earlier version ignores them."""
    if isinstance(stored, dict):
        return {key: _without_later_fields(written[key], value) for key, value in stored.items()}
    if isinstance(stored, list):
        return [_without_later_fields(*pair) for pair in zip(written, stored, strict=True)]
    return written
