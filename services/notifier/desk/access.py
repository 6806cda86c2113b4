"""The permissions that each route needs, as one table. A route that is not listed is refused, and a test names it."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from services.notifier.roles import Permission

__all__ = ["API", "ENROLMENT", "OPEN", "PROVEN", "PROVEN_OF_ALL", "ROUTES", "may_use"]

#: The prefix of the API's routes.
API = "/api/v1"

#: Routes for everybody: signing in, probes, the published documentation, and hubs, which sign what they say.
OPEN = frozenset(
    ("GET /signin", "POST /signin", "GET /signin/code", "POST /signin/code",
     "GET /signin/openid", "GET /signin/openid/callback", "GET /healthz", "GET /readyz",
     "GET /metrics", "GET /api/v1/openapi.json", "GET /api/v1/docs", "GET /websub/{token}", "POST /websub/{token}")
)  # fmt: skip

#: What is possible for those who still have to set up a second factor.
ENROLMENT = frozenset(
    (
        "POST /signout",
        "GET /me/proof",
        "POST /me/proof",
        "GET /me/second-factor",
        "POST /me/second-factor/begin",
        "POST /me/second-factor/confirm",
    )
)

#: What outlives a session, or lets others in. Whoever does it must have proved minutes ago who they are, which a stolen
#: cookie is not enough for. Each has the page on which they go on then.
PROVEN: Mapping[str, str] = MappingProxyType(
    {
        "POST /people": "/people",
        "POST /people/{user_id}/role": "/people",
        "POST /people/{user_id}/disable": "/people",
        "POST /people/{user_id}/enable": "/people",
        "POST /people/{user_id}/link": "/people",
        "POST /people/{user_id}/email": "/people",
        "POST /people/{user_id}/reset-factor": "/people",
        "POST /people/factors": "/people",
        "POST /tokens": "/tokens",
        "POST /inlets/{feed_id}/tokens": "/feeds",
    }
)
#: The same for what takes out data on all clients at once, for those who see all.
PROVEN_OF_ALL: Mapping[str, str] = MappingProxyType(
    {
        "GET /clients/export.csv": "/clients",
        "GET /clients/export.yaml": "/clients",
        "GET /advice.csv": "/advice",
        "GET /audit.csv": "/audit",
    }
)

_READ: tuple[Permission, ...] = ("clients.read",)
_EXPORT: tuple[Permission, ...] = ("clients.export",)
_CLIENTS: tuple[Permission, ...] = ("clients.write",)
_WORK: tuple[Permission, ...] = ("drafts.write",)
_SEND: tuple[Permission, ...] = ("messages.send",)
#: Whether it is the first or the second approval depends on the draft: ``actions.gate`` decides.
_APPROVE: tuple[Permission, ...] = ("messages.send", "messages.second")
_FEEDS: tuple[Permission, ...] = ("feeds.read",)
_CHANGE_FEEDS: tuple[Permission, ...] = ("feeds.write",)
_ACCOUNT: tuple[Permission, ...] = ("account",)
_MANAGERS: tuple[Permission, ...] = ("managers.write",)
_AUDIT: tuple[Permission, ...] = ("audit.read",)
_REPLAY: tuple[Permission, ...] = ("events.replay",)
_GRADES: tuple[Permission, ...] = ("sources.write",)
_PEOPLE: tuple[Permission, ...] = ("people.write",)

#: The permissions of which one is enough, by method and path.
ROUTES: Mapping[str, tuple[Permission, ...]] = MappingProxyType(
    {
        "POST /signout": _ACCOUNT,
        "GET /": _READ,
        "POST /views": _READ,
        "POST /views/rename": _READ,
        "POST /views/delete": _READ,
        "POST /inbox/act": _WORK,
        "GET /live": _READ,
        "GET /digest": _READ,
        "GET /drafts/{draft_id}": _READ,
        "GET /drafts/{draft_id}/call.ics": _READ,
        "POST /drafts/{draft_id}/edit": _WORK,
        "POST /drafts/{draft_id}/editing": _WORK,
        "POST /drafts/{draft_id}/rewording": _WORK,
        "POST /drafts/{draft_id}/approve": _APPROVE,
        "POST /drafts/{draft_id}/take-back": _WORK,
        "POST /drafts/{draft_id}/undo": _WORK,
        "POST /drafts/{draft_id}/reopen": _WORK,
        "POST /drafts/{draft_id}/dismiss": _WORK,
        "POST /drafts/{draft_id}/sent": _SEND,
        "POST /drafts/{draft_id}/outcome": _WORK,
        "POST /drafts/{draft_id}/feedback": _WORK,
        "GET /sent": _READ,
        "POST /deliveries/{delivery_id}/arrived": _SEND,
        "POST /deliveries/{delivery_id}/again": _SEND,
        "GET /clients/export.csv": _EXPORT,
        "GET /clients/export.yaml": _EXPORT,
        "GET /clients/imports": _CLIENTS,
        "POST /clients/imports": _CLIENTS,
        "GET /clients/imports/{import_id}": _CLIENTS,
        "POST /clients/imports/{import_id}/mapping": _CLIENTS,
        "POST /clients/imports/{import_id}/apply": _CLIENTS,
        "POST /clients/imports/{import_id}/undo": _CLIENTS,
        "GET /clients/imports/{import_id}/problems.csv": _CLIENTS,
        "GET /clients/duplicates": _READ,
        "POST /clients/duplicates/merge": _CLIENTS,
        "POST /clients/duplicates/different": _CLIENTS,
        "GET /clients/new": _CLIENTS,
        "POST /clients/new": _CLIENTS,
        "GET /clients/{client_id}/edit": _CLIENTS,
        "POST /clients/{client_id}/edit": _CLIENTS,
        "POST /clients/{client_id}/archive": _CLIENTS,
        "POST /clients/{client_id}/restore": _CLIENTS,
        "GET /clients/{client_id}/history": _READ,
        "GET /clients": _READ,
        "GET /clients/{client_id}": _READ,
        "POST /clients/{client_id}/contacts": _WORK,
        "POST /clients/{client_id}/traits": _CLIENTS,
        "POST /clients/{client_id}/mood": _CLIENTS,
        "GET /clients/{client_id}/discovery": _READ,
        "POST /clients/{client_id}/discovery": _CLIENTS,
        "GET /held": _READ,
        "GET /noticed": _READ,
        "POST /alerts/{alert_id}/tell": _WORK,
        "POST /alerts/{alert_id}/asked": _WORK,
        "POST /alerts/{alert_id}/never": _WORK,
        "POST /clients/{client_id}/resume": _WORK,
        "GET /alerts/{alert_id}": _READ,
        "GET /events/{event_id}": _READ,
        "GET /expired": _READ,
        "GET /decisions": _READ,
        "GET /advice": _READ,
        "GET /advice.csv": _READ,
        "GET /feeds": _FEEDS,
        "GET /feeds/feeds.opml": _FEEDS,
        "POST /feeds": _CHANGE_FEEDS,
        "POST /feeds/find": _CHANGE_FEEDS,
        "POST /feeds/import": _CHANGE_FEEDS,
        "POST /feeds/packs": _CHANGE_FEEDS,
        "POST /feeds/{feed_id}/speakers": _GRADES,
        "POST /feeds/{feed_id}/credentials": _CHANGE_FEEDS,
        "POST /feeds/{feed_id}/full-text": _CHANGE_FEEDS,
        "POST /feeds/{feed_id}/{action}": _CHANGE_FEEDS,
        "GET /inlets/page": _CHANGE_FEEDS,
        "POST /inlets/page": _CHANGE_FEEDS,
        "GET /inlets/mailbox": _CHANGE_FEEDS,
        "POST /inlets/mailbox": _CHANGE_FEEDS,
        "GET /inlets/programs": _CHANGE_FEEDS,
        "POST /inlets/programs": _CHANGE_FEEDS,
        "GET /inlets/{feed_id}": _CHANGE_FEEDS,
        "POST /inlets/{feed_id}/page": _CHANGE_FEEDS,
        "POST /inlets/{feed_id}/title": _CHANGE_FEEDS,
        "POST /inlets/{feed_id}/mailbox": _CHANGE_FEEDS,
        "POST /inlets/{feed_id}/password": _CHANGE_FEEDS,
        "POST /inlets/{feed_id}/tokens": _CHANGE_FEEDS,
        "GET /figures": _READ,
        "GET /sources": _FEEDS,
        "GET /me": _ACCOUNT,
        "POST /me/time-zone": _ACCOUNT,
        "POST /me/ways": _ACCOUNT,
        "GET /me/proof": _ACCOUNT,
        "POST /me/proof": _ACCOUNT,
        "GET /me/second-factor": _ACCOUNT,
        "POST /me/second-factor/begin": _ACCOUNT,
        "POST /me/second-factor/confirm": _ACCOUNT,
        "POST /me/second-factor/codes": _ACCOUNT,
        "POST /me/second-factor/remove": _ACCOUNT,
        "POST /people/factors": _PEOPLE,
        "POST /people/{user_id}/reset-factor": _PEOPLE,
        "GET /search": _READ,
        "GET /tokens": _ACCOUNT,
        "POST /tokens": _ACCOUNT,
        "POST /tokens/{token_id}/revoke": _ACCOUNT,
        "GET /sessions": _ACCOUNT,
        "POST /sessions/end-others": _ACCOUNT,
        "POST /sessions/{session_id}/end": _ACCOUNT,
        "GET /managers": _MANAGERS,
        "POST /managers/{manager_id}": _MANAGERS,
        "GET /quarantine": _REPLAY,
        "POST /quarantine/{thing_id}/drop": _REPLAY,
        "POST /quarantine/{thing_id}/replay": _REPLAY,
        "POST /clients/{client_id}/file-value": _CLIENTS,
        "POST /sources/grade": _GRADES,
        "POST /sources/changes/{change_id}/undo": _GRADES,
        "GET /people": _PEOPLE,
        "POST /people": _PEOPLE,
        "POST /people/{user_id}/role": _PEOPLE,
        "POST /people/{user_id}/disable": _PEOPLE,
        "POST /people/{user_id}/enable": _PEOPLE,
        "POST /people/{user_id}/link": _PEOPLE,
        "POST /people/{user_id}/email": _PEOPLE,
        "GET /audit": _AUDIT,
        "GET /audit.csv": _AUDIT,
        "GET /api/v1/sources/changes": _FEEDS,
        "POST /api/v1/sources/grade": _GRADES,
        "POST /api/v1/sources/changes/{change_id}/undo": _GRADES,
        "GET /api/v1/clients/{client_id}/file-differences": _READ,
        "POST /api/v1/clients/{client_id}/file-value": _CLIENTS,
        "GET /api/v1/quarantine": _REPLAY,
        "GET /api/v1/quarantine/{thing_id}": _REPLAY,
        "POST /api/v1/quarantine/{thing_id}/replay": _REPLAY,
        "POST /api/v1/quarantine/{thing_id}/drop": _REPLAY,
        "POST /api/v1/items": _ACCOUNT,  # a token of an inlet, which may do nothing else
        "GET /api/v1/drafts": _READ,
        "GET /api/v1/drafts/waiting": _READ,
        "GET /api/v1/drafts/expired": _READ,
        "GET /api/v1/drafts/second": _READ,
        "GET /api/v1/drafts/{draft_id}": _READ,
        "POST /api/v1/drafts/{draft_id}/approve": _APPROVE,
        "POST /api/v1/drafts/{draft_id}/dismiss": _WORK,
        "POST /api/v1/drafts/{draft_id}/undo": _WORK,
        "POST /api/v1/drafts/{draft_id}/reopen": _WORK,
        "POST /api/v1/drafts/{draft_id}/edit": _WORK,
        "POST /api/v1/drafts/{draft_id}/wording": _WORK,
        "POST /api/v1/drafts/{draft_id}/snooze": _WORK,
        "POST /api/v1/drafts/{draft_id}/wake": _WORK,
        "POST /api/v1/drafts/{draft_id}/assign": _WORK,
        "POST /api/v1/drafts/{draft_id}/take": _WORK,
        "GET /api/v1/views": _READ,
        "POST /api/v1/views": _READ,
        "GET /api/v1/views/{name:path}/drafts": _READ,
        "PUT /api/v1/views/{name:path}": _READ,
        "POST /api/v1/views/{name:path}/delete": _READ,
        "POST /api/v1/bulk/approve": _APPROVE,
        "POST /api/v1/bulk/act": _WORK,
        "GET /api/v1/search": _READ,
        "POST /api/v1/drafts/{draft_id}/take-back": _WORK,
        "POST /api/v1/drafts/{draft_id}/sent": _SEND,
        "POST /api/v1/drafts/{draft_id}/outcome": _WORK,
        "POST /api/v1/drafts/{draft_id}/feedback": _WORK,
        "GET /api/v1/clients/{client_id}/contacts": _READ,
        "POST /api/v1/clients/{client_id}/contacts": _WORK,
        "GET /api/v1/clients/{client_id}/questions": _READ,
        "POST /api/v1/clients/{client_id}/questions": _CLIENTS,
        "GET /api/v1/alerts/{alert_id}": _READ,
        "POST /api/v1/alerts/{alert_id}/tell": _WORK,
        "POST /api/v1/alerts/{alert_id}/asked": _WORK,
        "POST /api/v1/alerts/{alert_id}/never": _WORK,
        "GET /api/v1/clients/{client_id}/stopped": _READ,
        "POST /api/v1/clients/{client_id}/resume": _WORK,
        "GET /api/v1/noticed": _READ,
        "GET /api/v1/held": _READ,
        "GET /api/v1/events": _READ,
        "GET /api/v1/events/{event_id}": _READ,
        "GET /api/v1/clients": _READ,
        "POST /api/v1/clients/{client_id}/traits": _CLIENTS,
        "GET /api/v1/clients/{client_id}/mood": _READ,
        "POST /api/v1/clients/{client_id}/mood": _CLIENTS,
        "POST /api/v1/clients": _CLIENTS,
        "GET /api/v1/clients/{client_id}/entry": _READ,
        "PUT /api/v1/clients/{client_id}/entry": _CLIENTS,
        "POST /api/v1/clients/interests/preview": _CLIENTS,
        "POST /api/v1/clients/{client_id}/archive": _CLIENTS,
        "POST /api/v1/clients/{client_id}/restore": _CLIENTS,
        "GET /api/v1/clients/{client_id}/history": _READ,
        "GET /api/v1/feeds": _FEEDS,
        "POST /api/v1/feeds": _CHANGE_FEEDS,
        "POST /api/v1/feeds/find": _CHANGE_FEEDS,
        "GET /api/v1/feeds/packs": _FEEDS,
        "POST /api/v1/feeds/packs": _CHANGE_FEEDS,
        "GET /api/v1/feeds/opml": _FEEDS,
        "POST /api/v1/feeds/opml": _CHANGE_FEEDS,
        "PUT /api/v1/feeds/{feed_id}/speakers": _GRADES,
        "PUT /api/v1/feeds/{feed_id}/credentials": _CHANGE_FEEDS,
        "PUT /api/v1/feeds/{feed_id}/full-text": _CHANGE_FEEDS,
        "POST /api/v1/feeds/pages/preview": _CHANGE_FEEDS,
        "POST /api/v1/feeds/pages": _CHANGE_FEEDS,
        "POST /api/v1/feeds/mailboxes/look": _CHANGE_FEEDS,
        "POST /api/v1/feeds/mailboxes": _CHANGE_FEEDS,
        "POST /api/v1/feeds/inlets": _CHANGE_FEEDS,
        "GET /api/v1/feeds/{feed_id}/setup": _CHANGE_FEEDS,
        "PUT /api/v1/feeds/{feed_id}/page": _CHANGE_FEEDS,
        "PUT /api/v1/feeds/{feed_id}/title": _CHANGE_FEEDS,
        "PUT /api/v1/feeds/{feed_id}/mailbox": _CHANGE_FEEDS,
        "PUT /api/v1/feeds/{feed_id}/password": _CHANGE_FEEDS,
        "POST /api/v1/feeds/{feed_id}/{action}": _CHANGE_FEEDS,
        "GET /api/v1/sources": _FEEDS,
        "GET /api/v1/clients/duplicates": _READ,
        "POST /api/v1/clients/duplicates/different": _CLIENTS,
        "POST /api/v1/clients/{client_id}/merge": _CLIENTS,
        "POST /api/v1/clients/imports": _CLIENTS,
        "GET /api/v1/clients/imports": _CLIENTS,
        "GET /api/v1/clients/imports/{import_id}": _CLIENTS,
        "PUT /api/v1/clients/imports/{import_id}/mapping": _CLIENTS,
        "POST /api/v1/clients/imports/{import_id}/apply": _CLIENTS,
        "POST /api/v1/clients/imports/{import_id}/undo": _CLIENTS,
        "GET /api/v1/advice": _READ,
        "GET /api/v1/managers": _MANAGERS,
        "PUT /api/v1/managers/{manager_id}/reach": _MANAGERS,
        "GET /api/v1/deliveries": _READ,
        "POST /api/v1/deliveries/{delivery_id}/arrived": _SEND,
        "POST /api/v1/deliveries/{delivery_id}/again": _SEND,
        "GET /api/v1/decisions": _READ,
        "GET /api/v1/audit": _AUDIT,
        "GET /api/v1/health": _FEEDS,
        "GET /api/v1/today": _READ,
        "GET /api/v1/figures": _READ,
        "GET /api/v1/colleagues": _READ,
        "PUT /api/v1/me/ways": _ACCOUNT,
        "GET /api/v1/me": _ACCOUNT,
        "PUT /api/v1/me/time-zone": _ACCOUNT,
        "GET /api/v1/tokens": _ACCOUNT,
        "POST /api/v1/tokens/{token_id}/revoke": _ACCOUNT,
        "GET /api/v1/sessions": _ACCOUNT,
        "POST /api/v1/sessions/end-others": _ACCOUNT,
        "POST /api/v1/sessions/{session_id}/end": _ACCOUNT,
    }
)


def may_use(permissions: frozenset[Permission], route: str) -> bool:
    """Return whether a user with these permissions may use a route, written as ``GET /clients/{client_id}``."""
    return not permissions.isdisjoint(ROUTES.get(route, ()))
