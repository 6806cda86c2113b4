"""Events with a client, an alert and its draft, for tests of rewording."""

from __future__ import annotations

from datetime import timedelta

from schemas.alerts import AlertRaised
from schemas.base import event
from schemas.clients import ClientChanged
from schemas.drafts import DraftCreated
from services.common.processing import AnyEvent
from services.notifier.drafting.brief import Brief
from services.notifier.drafting.compose import Composed, compose
from services.notifier.drafting.playbooks import Playbooks
from tests.desk_data import NOW
from tests.unit.services.notifier.samples import a_client, a_firm, a_manager, an_alert, an_item

__all__ = ["drafted_events"]

QUOTE = "Halden Energy cut its quarterly dividend by 38% to 0.40 crowns a share."


def drafted_events(client_id: str, *, name: str = "Claire Arnaud", quote: str = QUOTE) -> list[AnyEvent]:
    """Return the events that create one draft at :data:`NOW`."""
    client, firm, manager = a_client(id=client_id, name=name), a_firm(), a_manager()
    alert = an_alert(client, evidence=(an_item(quote=quote),), raised_at=NOW, deadline_at=NOW + timedelta(days=3))
    composed = compose(Brief(alert, client, firm, manager, NOW), Playbooks.shipped(), send_after=NOW)
    assert isinstance(composed, Composed), composed
    changed = ClientChanged(client=client, firm=firm, manager=manager)
    told = (changed, AlertRaised(alert=alert), DraftCreated(draft=composed.draft))
    return [
        event(data, key=client_id, id=f"evt-{client_id}-{at}", source="tests", time=NOW) for at, data in enumerate(told)
    ]
