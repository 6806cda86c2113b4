"""From items to messages: news told because contact was due is corrected when its source withdraws it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from schemas.base import event
from schemas.clients import ClientChanged
from schemas.drafts import Draft, DraftCreated, DraftSent
from services.matcher.annotate import Annotate
from services.matcher.judge import Judge
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import DraftWriter
from tests.scenarios.loader import load_scenarios

NAME = "true news that was too small for the client turns out to be false"


@pytest.mark.parametrize("client_id", ["first", "second"])
def test_news_told_because_contact_was_due_is_corrected(client_id: str) -> None:
    scenario = next(entry for entry in load_scenarios() if entry.name == NAME)
    runtime = MemoryRuntime(Pipeline((Annotate(), Judge(), DraftWriter(Playbooks.shipped()))))
    for entry in scenario.setting:
        if isinstance(entry.data, ClientChanged):
            contact = entry.data.client.contact.model_copy(update={"cadence": "daily by 10:00"})
            # Clients of an IT consultancy are not told of a vendor's contracts, even where contact is due.
            client = entry.data.client.model_copy(update={"contact": contact, "trade": "agency"})
            entry = entry.model_copy(update={"data": entry.data.model_copy(update={"client": client})})
        list(runtime.push(entry))
    reported, withdrawn = (step for step in scenario.steps if step.event is not None)
    assert reported.event is not None
    assert withdrawn.event is not None
    out = [*runtime.push(reported.event), *runtime.finish(reported.at + timedelta(minutes=30))]
    drafts = [entry.data.draft for entry in out if isinstance(entry.data, DraftCreated)]
    (told,) = [draft for draft in drafts if draft.client_id == client_id]
    assert told.purpose == "contact_due"
    sent_at = reported.at + timedelta(hours=1)
    sent = DraftSent(
        draft_id=told.id, alert_id=told.alert_id, story_id=told.story_id, client_id=client_id, channel="email",
        delivery_id="dlv_1",
    )  # fmt: skip
    list(runtime.push(event(sent, key=client_id, id="evt_sent", source="test", time=sent_at)))
    following = [entry.data.draft for entry in runtime.push(withdrawn.event) if isinstance(entry.data, DraftCreated)]
    correction: Draft = next(draft for draft in following if draft.client_id == client_id)
    assert correction.verdict == "correct"
    assert "It has since been withdrawn." in correction.body
