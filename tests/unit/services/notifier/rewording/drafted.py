"""Events with a client, an alert and its draft, for tests of a language model's texts.

The draft has a text of its own, so that these tests don't depend on what the playbooks write.
"""

from __future__ import annotations

from datetime import timedelta

from schemas.alerts import AlertRaised
from schemas.base import event
from schemas.clients import ClientChanged
from schemas.drafts import DraftCreated
from services.common.processing import AnyEvent
from tests.desk_data import NOW
from tests.unit.services.notifier.rewording.corpus import a_draft
from tests.unit.services.notifier.samples import a_client, a_firm, a_manager, an_alert, an_item

__all__ = ["QUOTE", "TEXT", "drafted_events"]

QUOTE = "Halden Energy cut its quarterly dividend by 38% to 0.40 crowns a share."
TEXT = {
    "subject": "Halden Energy cuts dividend to 0.40 crowns",
    "news": f"Northgate Wire reports: “{QUOTE}”",
    "meaning": "You hold Halden Energy, which is about 12% of your portfolio. "
    "Your income from this holding will be lower.",
    "opinion": "Based upon your desire for a dependable income and limited risk, I would advise you to consider "
    "replacing part of the income from Halden Energy with holdings whose dividends are better covered, because income "
    "that depends on one strained payer is the first to fall short.",
    "question": "Have you considered how much of your income should rest on any single company?",
}


def drafted_events(client_id: str, *, name: str = "Claire Arnaud", quote: str = QUOTE) -> list[AnyEvent]:
    """Return the events that create one draft at :data:`NOW`."""
    client, firm, manager = a_client(id=client_id, name=name), a_firm(), a_manager()
    alert = an_alert(client, evidence=(an_item(quote=quote),), raised_at=NOW, deadline_at=NOW + timedelta(days=3))
    draft = a_draft({**TEXT, "news": f"Northgate Wire reports: “{quote}”"}, alert, client)
    changed = ClientChanged(client=client, firm=firm, manager=manager)
    told = (changed, AlertRaised(alert=alert), DraftCreated(draft=draft))
    return [
        event(data, key=client_id, id=f"evt-{client_id}-{at}", source="tests", time=NOW) for at, data in enumerate(told)
    ]
