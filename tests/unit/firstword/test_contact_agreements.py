"""Agreed contact also comes due for a client without any news."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from firstword.compose import common, embedded
from schemas.clients import Book, ContactPolicy
from services.common.clock import ManualClock
from services.common.db import reading
from services.common.settings import read_settings
from services.notifier.agreement_publisher import AgreementPublisher
from services.notifier.tables import contact_decisions
from tests.unit.services.notifier.samples import NOW, a_client, a_firm, a_manager


@pytest.mark.parametrize(
    ("contact", "due"),
    [({"cadence": "weekly, Friday by noon"}, "weekly, Friday by noon"), ({"max_silence_days": 3}, "at least every 3")],
)
def test_contact_comes_due_without_any_news(tmp_path: Path, contact: dict[str, object], due: str) -> None:
    clock = ManualClock(NOW)
    client = a_client(contact=ContactPolicy.model_validate(contact))
    with common.open_store(read_settings(data=tmp_path), clock) as store:
        store.import_book(Book(firm=a_firm(), managers=(a_manager(),), clients=(client,)))
        runtime = embedded.build_runtime(store)
        agreements = AgreementPublisher(store.engine, store.events, clock)
        runtime.run_until_idle()
        clock.set(NOW + timedelta(seconds=10))
        assert agreements.publish_changes() == 1
        runtime.run_until_idle()
        clock.set(NOW + timedelta(days=3))
        runtime.run_until_idle()
        with reading(store.engine) as connection:
            (row,) = connection.execute(select(contact_decisions)).mappings().all()
    assert (row["client_id"], row["what"]) == (client.id, "nothing_to_say")
    assert due in row["detail"]
