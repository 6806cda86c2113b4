"""Build what sends: mail, chat, digests, webhooks, notices, and requests to a language model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from urllib.parse import urlsplit

from pydantic import SecretStr

from firstword.firm_files import gate_in_force, trades_in_force
from firstword.retention.job import RetentionJob
from firstword.store import Store
from firstword.system import BackgroundService
from services.common.chat import ChatSettings, OpenAiChat
from services.common.errors import BadInput
from services.common.http import GuardedClient, HttpSettings, user_agent
from services.common.metrics import Metrics
from services.common.settings import EndpointSettings, Settings
from services.common.settings import SmtpSettings as MailEnvironment
from services.notifier.agreement_publisher import AgreementPublisher
from services.notifier.audit_seals import AuditSealer
from services.notifier.delivery.channels.base import Channel
from services.notifier.delivery.channels.dkim import read_key
from services.notifier.delivery.channels.slack import Slack
from services.notifier.delivery.channels.smtp import Smtp, SmtpSettings
from services.notifier.delivery.channels.teams import Teams
from services.notifier.delivery.mailbox import BounceReader, MailboxSettings
from services.notifier.delivery.routes import MAIL, ClientRoutes, ManagerRoutes, by_manager, by_name, manager_mail
from services.notifier.delivery.worker import DeliveryWorker
from services.notifier.desk.openid import CALLBACK, OpenIdProvider
from services.notifier.desk.openid import OpenIdSettings as OpenIdProviderSettings
from services.notifier.digest.manager_mailer import ManagerMailer
from services.notifier.digest.owner_notices import OwnerNoticeSource
from services.notifier.digest.schedule import DigestSource
from services.notifier.digest.urgent import UrgentSource
from services.notifier.expiry import DraftExpirer
from services.notifier.gate.policy import GatePolicy
from services.notifier.people.erasure import Eraser
from services.notifier.rewording.worker import RewordingWorker
from services.notifier.second_reading.worker import SecondReadingWorker
from services.notifier.webhooks.notices import EndpointNotifier
from services.notifier.webhooks.worker import WebhookWorker

__all__ = [
    "build_channels",
    "build_client_routes",
    "build_http",
    "build_manager_routes",
    "build_model_probe",
    "build_openid",
    "build_retention",
    "build_rewording",
    "build_second_reading",
    "build_senders",
    "build_webhooks",
]


def build_http(settings: Settings, http: HttpSettings) -> GuardedClient:
    """Build a client for requests to other servers, which says in each of them who asks and whom to write to."""
    return GuardedClient(replace(http, user_agent=user_agent(settings.contact)))


def build_model_probe(settings: Settings, url: str) -> GuardedClient:
    """Build the client that asks a language model's endpoint at ``url`` once whether it answers."""
    named = urlsplit(url).netloc.rpartition("@")[2]
    http = HttpSettings(total_seconds=5, host_interval_seconds=0, max_body_bytes=1_000_000, allow_private=(named,))
    return build_http(settings, http)


def build_openid(settings: Settings) -> OpenIdProvider | None:
    """Build what signs people in with the firm's OpenID Connect provider; None if there is none.

    Raises:
        BadInput: its address, or this installation's id or secret there, is missing or not possible.
    """
    given = settings.oidc
    if given.issuer is None:
        return None
    parts = urlsplit(given.issuer)
    if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost", "::1"):
        raise BadInput("FIRSTWORD_OIDC_ISSUER is not an https address.", fix="Give the one that the provider names.")
    if given.client_id is None or given.client_secret is None:
        raise BadInput(
            "FIRSTWORD_OIDC_CLIENT_ID or FIRSTWORD_OIDC_CLIENT_SECRET is not set.",
            fix=f"Register {settings.address}{CALLBACK} at the provider, and set what it gives you.",
        )
    secret, redirect_url = given.client_secret.get_secret_value(), f"{settings.address}{CALLBACK}"
    named = parts.netloc.rpartition("@")[2]
    http = HttpSettings(
        total_seconds=10,
        host_interval_seconds=0,
        max_body_bytes=1_000_000,
        allow_private=(*settings.allow_private, named),
    )
    return OpenIdProvider(
        OpenIdProviderSettings(given.issuer, given.client_id, secret, redirect_url, given.name),
        lambda: build_http(settings, http),
    )


def build_senders(store: Store, metrics: Metrics, *, sole: bool = True) -> dict[str, BackgroundService]:
    """Build every worker that sends something, by name. ``sole``: no other process works on this database."""
    engine, events, clock = store.engine, store.events, store.clock
    channels, routes = build_channels(store), build_client_routes(store)
    gate = gate_in_force(store.settings)
    delivery = DeliveryWorker(engine, events, clock, channels, sole=sole, routes=routes, metrics=metrics, gate=gate)
    optional: dict[str, BackgroundService | None] = {
        "managers": _build_manager_mailer(store, channels, metrics),
        "bounces": _build_bounce_reader(store),
        "rewording": build_rewording(store, metrics, gate=gate),
        "second_reading": build_second_reading(store, metrics),
        "notices": _build_notices(store, channels),
    }
    return {
        "delivery": delivery,
        "webhooks": build_webhooks(store, metrics, sole=sole),
        "clocks": AgreementPublisher(engine, events, clock),
        "audit": AuditSealer(engine, clock),
        "expiry": DraftExpirer(engine, events, clock),
        "erasure": Eraser(engine, clock),
        "retention": build_retention(store),
        **{name: service for name, service in optional.items() if service is not None},
    }


def build_retention(store: Store) -> RetentionJob:
    """Build what removes old data.

    Raises:
        BadInput: FIRSTWORD_RETENTION names an unknown kind of data, or days that are not possible.
    """
    return RetentionJob(store.engine, store.events, store.clock, store.settings)


def build_channels(store: Store) -> dict[str, Channel]:
    """Build the channels that are configured, by name."""
    settings, channels = store.settings, dict[str, Channel]()
    if settings.smtp.host is not None:
        channels["email"] = Smtp(_smtp_settings(settings.smtp, settings.smtp.host), store.clock)
    slack, teams = _addresses(settings.slack_hooks), _addresses(settings.teams_hooks)
    if slack or teams:
        http = build_http(settings, HttpSettings(allow_private=settings.allow_private, cut_bodies=True))
        channels |= {"slack": Slack(http, store.clock, slack)} if slack else {}
        channels |= {"teams": Teams(http, store.clock, teams)} if teams else {}
    return channels


def build_client_routes(store: Store) -> ClientRoutes:
    """Return, for each configured channel, how to find a client's address on it."""
    mail = MAIL if store.settings.smtp.host is not None else {}
    return {**mail, **{name: by_name(known) for name, known in _hooks(store).items()}}


def build_manager_routes(store: Store) -> ManagerRoutes:
    """Return, for each configured channel, how to find an account manager's address on it."""
    mail: ManagerRoutes = {"email": manager_mail} if store.settings.smtp.host is not None else {}
    return {**mail, **{name: by_manager(known) for name, known in _hooks(store).items()}}


def build_webhooks(store: Store, metrics: Metrics | None = None, *, sole: bool = True) -> WebhookWorker:
    """Build the worker that posts webhooks. It limits the rate of each endpoint itself, so the HTTP client does not."""
    http = HttpSettings(
        total_seconds=15.0,  # Standard Webhooks: between 15 and 30 seconds
        host_concurrency=1_000,
        host_interval_seconds=0.0,
        max_connections=16,
        pool_per_host=True,
        max_body_bytes=4_000,
        cut_bodies=True,
        allow_private=store.settings.allow_private,
    )
    client = build_http(store.settings, http)
    return WebhookWorker(store.engine, store.events, store.clock, client, sole=sole, metrics=metrics)


def build_rewording(
    store: Store, metrics: Metrics | None = None, *, gate: GatePolicy | None = None
) -> RewordingWorker | None:
    """Build the worker that asks a language model for other texts; None if none is configured, or it is switched off.

    What ``gate`` blocks is not offered.

    Raises:
        BadInput: FIRSTWORD_LLM_URL is not a valid address.
    """
    llm = store.settings.llm
    if llm.url is None or llm.writes == "off":
        return None
    return RewordingWorker(
        store.engine,
        store.clock,
        _build_chat(store.settings, llm, llm.url, "FIRSTWORD_LLM"),
        daily_tokens=llm.daily_tokens,
        mode=llm.writes,
        share_news=llm.share_news,
        gate=gate,
        trades=trades_in_force(store.settings),
        metrics=metrics,
    )


def build_second_reading(store: Store, metrics: Metrics | None = None) -> SecondReadingWorker | None:
    """Build the worker that has public news read by a second reader; None if none is configured.

    Raises:
        BadInput: FIRSTWORD_SECOND_READER_URL is not a valid address.
    """
    reader = store.settings.second_reader
    if reader.url is None:
        return None
    chat = _build_chat(store.settings, reader, reader.url, "FIRSTWORD_SECOND_READER")
    return SecondReadingWorker(
        store.engine, store.events, store.clock, chat, daily_tokens=reader.daily_tokens, metrics=metrics
    )


def _build_chat(settings: Settings, llm: EndpointSettings, url: str, variables: str) -> OpenAiChat:
    """Build the client of a language model. Only its own address may be a private one."""
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise BadInput(f"{variables}_URL is not a valid address.", fix="Write it as http://127.0.0.1:8000/v1.")
    http = HttpSettings(
        total_seconds=llm.seconds,
        host_interval_seconds=0.0,
        max_body_bytes=200_000,
        max_unpacked_bytes=400_000,
        allow_private=(address.netloc.rpartition("@")[2],),
    )
    key = llm.key.get_secret_value() if llm.key else None
    return OpenAiChat(build_http(settings, http), ChatSettings(url, llm.model, key, llm.max_tokens, variables))


def _build_manager_mailer(store: Store, channels: Mapping[str, Channel], metrics: Metrics) -> ManagerMailer | None:
    if not channels:
        return None
    routes, address = build_manager_routes(store), store.settings.address
    sources = (DigestSource(routes, address), UrgentSource(routes, address), OwnerNoticeSource(routes, address))
    return ManagerMailer(store.engine, store.clock, channels, sources, metrics)


def _build_bounce_reader(store: Store) -> BounceReader | None:
    box = store.settings.mailbox
    if box.host is None:
        return None
    password = box.password.get_secret_value()
    mailbox = MailboxSettings(box.host, box.port, box.username, password, box.security, box.folder, box.poll_seconds)
    return BounceReader(store.engine, store.events, store.clock, mailbox, routes=build_client_routes(store))


def _build_notices(store: Store, channels: Mapping[str, Channel]) -> EndpointNotifier | None:
    """Build the sender of notices about disabled endpoints, to a mail address or to a chat name such as slack:ops.

    Raises:
        BadInput: that channel isn't configured.
    """
    to = store.settings.notices_to
    if to is None:
        return None
    name, recipient = to.split(":", 1) if ":" in to else ("email", to)
    if name not in channels:
        raise BadInput(
            f"FIRSTWORD_NOTICES_TO: the channel {name!r} isn't configured.",
            fix="Name a mail address and set FIRSTWORD_SMTP_HOST, or name slack:NAME or teams:NAME and set its hooks.",
        )
    return EndpointNotifier(store.engine, store.clock, channels[name], recipient)


def _smtp_settings(smtp: MailEnvironment, host: str) -> SmtpSettings:
    sender = smtp.sender or smtp.username or f"firstword@{host}"
    domain = smtp.dkim_domain or sender.rpartition("@")[2]
    return SmtpSettings(
        host=host,
        port=smtp.port,
        from_address=sender,
        security=smtp.security,
        username=smtp.username,
        password=smtp.password.get_secret_value() if smtp.password else None,
        timeout_seconds=smtp.timeout_seconds,
        message_id_domain=host,
        token_file=smtp.token_file,
        unsubscribe=smtp.unsubscribe,
        dkim=None if smtp.dkim_key is None else read_key(domain, smtp.dkim_selector, smtp.dkim_key),
    )


def _hooks(store: Store) -> dict[str, Mapping[str, SecretStr]]:
    """Return the chat channels that have at least one address, each with its addresses by name."""
    hooks = {"slack": store.settings.slack_hooks, "teams": store.settings.teams_hooks}
    return {name: known for name, known in hooks.items() if known}


def _addresses(hooks: Mapping[str, SecretStr]) -> dict[str, str]:
    return {name: url.get_secret_value() for name, url in hooks.items()}
