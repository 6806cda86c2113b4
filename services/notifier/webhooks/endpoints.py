"""Where webhooks go: addresses, what each wants to hear, and its secrets; several hold while one is replaced."""

from __future__ import annotations

import secrets as randomness
from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from pydantic import TypeAdapter
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from firstword.kit.addresses import shown_url
from firstword.kit.errors import BadInput
from schemas.base import Model, Utc
from schemas.webhooks import WEBHOOKS
from services.notifier.webhooks.tables import webhook_attempts, webhook_deliveries, webhook_endpoints

__all__ = [
    "CONCURRENCY",
    "OVERLAP",
    "PER_SECOND",
    "Endpoint",
    "Secret",
    "Wants",
    "add",
    "change",
    "endpoints",
    "find",
    "new_secret",
    "remove",
    "rotate",
]

#: So long the former secret signs beside the new one.
OVERLAP = timedelta(hours=24)
CONCURRENCY = 4
PER_SECOND = 50.0
#: Bytes of a secret (Standard Webhooks: between 24 and 64).
SECRET_BYTES = 32


class Wants(Model):
    """What an endpoint wants to hear. Empty: everything. A message must pass each list that is given.

    ``clients`` and ``entities`` let through only messages that have one; what concerns none (a silent feed) is
    wanted unless clients or entities are named.
    """

    types: tuple[str, ...] = ()
    clients: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()

    def hear(self, type: str, client_id: str | None, entity_id: str | None) -> bool:
        """Whether such a message is wanted."""
        return (
            (not self.types or type in self.types)
            and (not self.clients or client_id in self.clients)
            and (not self.entities or entity_id in self.entities)
        )


class Secret(Model):
    """One secret, as ``whsec_…``. It signs until ``until``; without, it is the one that holds."""

    value: str
    until: Utc | None = None

    def __repr__(self) -> str:
        return f"Secret(until={self.until})"

    __str__ = __repr__


_SECRETS = TypeAdapter(tuple[Secret, ...])


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint as it stands. ``ordered``: one at a time, in order, and none before the one ahead is settled."""

    id: str
    url: str
    description: str
    wants: Wants
    secrets: tuple[Secret, ...] = field(repr=False)
    ordered: bool
    concurrency: int
    per_second: float
    state: Literal["active", "disabled"]
    disabled_at: datetime | None
    disabled_because: str | None
    resting_until: datetime | None
    paced_until: datetime | None
    last_delivered_at: datetime | None
    failures_in_a_row: int
    created_at: datetime

    @property
    def shown(self) -> str:
        """Its address for people, without secrets."""
        return shown_url(self.url)

    def signing(self, now: datetime) -> list[str]:
        """The secrets that sign at ``now``, the newest first."""
        return [secret.value for secret in self.secrets if secret.until is None or secret.until > now]


def new_secret() -> str:
    """A secret of its own, as the reference libraries take it."""
    return f"whsec_{b64encode(randomness.token_bytes(SECRET_BYTES)).decode()}"


def add(
    connection: Connection,
    url: str,
    now: datetime,
    *,
    wants: Wants | None = None,
    description: str = "",
    ordered: bool = False,
    concurrency: int = CONCURRENCY,
    per_second: float = PER_SECOND,
) -> Endpoint:
    """Send webhooks to ``url`` from now on.

    Raises:
        BadInput: when it is no address, or something is wanted that there isn't.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise BadInput(f"{shown_url(url)} is no address to post to.", mend="Give one that begins with https://")
    wants = wants or Wants()
    if unknown := [name for name in wants.types if name not in WEBHOOKS]:
        raise BadInput(f"There are no webhooks of type {unknown[0]!r}.", mend=f"There are: {', '.join(WEBHOOKS)}.")
    if concurrency < 1 or per_second <= 0:
        raise BadInput("An endpoint takes at least one request at a time, and more than none a second.")
    endpoint_id = f"ep_{randomness.token_hex(8)}"
    connection.execute(
        insert(webhook_endpoints).values(
            id=endpoint_id,
            url=url,
            description=description,
            wants=wants.model_dump(mode="json"),
            secrets=[Secret(value=new_secret()).model_dump(mode="json")],
            ordered=ordered,
            concurrency=concurrency,
            per_second=per_second,
            state="active",
            failures_in_a_row=0,
            created_at=now,
            changed_at=now,
        )
    )
    return find(connection, endpoint_id)


def endpoints(connection: Connection) -> Sequence[Endpoint]:
    """All of them, the oldest first."""
    query = select(webhook_endpoints).order_by(webhook_endpoints.c.created_at, webhook_endpoints.c.id)
    return [_endpoint(row) for row in connection.execute(query).mappings()]


def find(connection: Connection, endpoint_id: str, *, lock: bool = False) -> Endpoint:
    """One of them; with ``lock``, nobody else changes it until the transaction ends (deliveries may still refer to it).

    Raises:
        BadInput: when there is none with this id.
    """
    query = select(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id)
    row = connection.execute(query.with_for_update(key_share=True) if lock else query).mappings().first()
    if row is None:
        raise BadInput(f"No endpoint has the id {endpoint_id!r}.", mend="'firstword webhooks list' shows the ids.")
    return _endpoint(row)


def change(connection: Connection, endpoint_id: str, now: datetime, **values: object) -> None:
    """Write some columns of an endpoint."""
    connection.execute(
        update(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id).values(changed_at=now, **values)
    )


def rotate(connection: Connection, endpoint_id: str, now: datetime, overlap: timedelta = OVERLAP) -> str:
    """Give an endpoint a new secret; those before it sign beside it for ``overlap``. Returns the new one."""
    endpoint = find(connection, endpoint_id, lock=True)
    ends = now + overlap
    fresh = Secret(value=new_secret())
    former = [
        Secret(value=secret.value, until=min(secret.until or ends, ends))
        for secret in endpoint.secrets
        if secret.until is None or secret.until > now
    ]
    kept = [secret for secret in former if secret.until is not None and secret.until > now]
    change(connection, endpoint_id, now, secrets=[one.model_dump(mode="json") for one in (fresh, *kept)])
    return fresh.value


def remove(connection: Connection, endpoint_id: str) -> Endpoint:
    """Forget an endpoint, what waits for it, and its log."""
    endpoint = find(connection, endpoint_id, lock=True)
    of_endpoint = select(webhook_deliveries.c.id).where(webhook_deliveries.c.endpoint_id == endpoint_id)
    connection.execute(delete(webhook_attempts).where(webhook_attempts.c.delivery_id.in_(of_endpoint)))
    connection.execute(delete(webhook_deliveries).where(webhook_deliveries.c.endpoint_id == endpoint_id))
    connection.execute(delete(webhook_endpoints).where(webhook_endpoints.c.id == endpoint_id))
    return endpoint


def _endpoint(row: RowMapping) -> Endpoint:
    plain = {name: row[name] for name in Endpoint.__dataclass_fields__ if name not in ("wants", "secrets")}
    return Endpoint(wants=Wants.model_validate(row["wants"]), secrets=_SECRETS.validate_python(row["secrets"]), **plain)
