"""The notifier's tables: what the desk shows, what is to be sent, and who did what.

Drafts, alerts, refusals, outcomes, clients and interactions are projections of topics and can be rebuilt from them.
Deliveries and their attempts, marks on drafts, users, sign-in links and the audit log exist nowhere else.
"""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, MetaData, String, Table, Text

from services.common.db import UtcDateTime

__all__ = [
    "alerts",
    "api_requests",
    "api_tokens",
    "audit_log",
    "audit_seals",
    "channel_outages",
    "clients",
    "contact_decisions",
    "deliveries",
    "delivery_attempts",
    "draft_marks",
    "drafts",
    "early_decisions",
    "feedback",
    "interactions",
    "metadata",
    "outcomes",
    "refusals",
    "signin_links",
    "stopped_news",
    "tunings",
    "users",
]

#: Names for constraints and indexes, so that migrations can refer to them.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

clients = Table(
    "clients",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("name", Text, nullable=False),
    Column("organisation", Text),
    Column("manager_id", String(80), nullable=False, index=True),
    Column("search", Text, nullable=False),  # name and organisation, folded
    Column("sample", Boolean, nullable=False, default=False),
    Column("removed", Boolean, nullable=False, default=False),
    Column("revision", Integer, nullable=False, default=0),
    Column("payload", JSON, nullable=False),  # ClientChanged
    Column("changed_at", UtcDateTime, nullable=False),
    Column("heard_until", UtcDateTime),  # after a move: alerts up to this moment were imported
    Index("ix_clients_served", "removed", "sample", "manager_id", "id"),
    Index(None, "changed_at", "id"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("client_id", String(80), nullable=False),
    Column("story_id", String(80), nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("headline", Text, nullable=False),
    Column("entity_name", Text, nullable=False),
    Column("is_current", Boolean, nullable=False, default=True),  # the newest of this client and story
    Column("raised_at", UtcDateTime, nullable=False),
    Column("deadline_at", UtcDateTime, nullable=False),
    Column("payload", JSON, nullable=False),  # Alert
    Column("entity_id", Text),
    Column("kind", String(40)),
    Column("stance", String(20)),
    Column("direction", String(20)),
    Column("information_grade", Integer),
    Column("earlier_alert_id", String(80)),
    Index(None, "client_id", "story_id", "raised_at"),
    Index(None, "client_id", "raised_at"),
    Index(None, "client_id", "entity_id", "raised_at"),
    Index(None, "verdict", "is_current", "raised_at", "client_id", "id"),
    Index(None, "kind", "id"),
    Index(None, "story_id", "is_current", "verdict", "client_id"),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("alert_id", String(80), nullable=False, index=True),
    Column("story_id", String(80), nullable=False),
    Column("client_id", String(80), nullable=False),
    Column("verdict", String(12), nullable=False),
    Column("urgency", String(10), nullable=False),
    Column("state", String(10), nullable=False),  # schemas.drafts.DraftState
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("revision", Integer, nullable=False, default=0),  # edits of the text
    Column("version", Integer, nullable=False, default=0),  # changes; tells two browser tabs apart
    Column("payload", JSON, nullable=False),  # Draft, as proposed
    Column("checks", JSON),  # grounding and findings of an edited text; null if it was not edited
    Column("outcome", Text),  # why it was dismissed or withdrawn, or failed
    Column("approval", JSON),  # services.notifier.gate.findings.Approval; null if it is not approved
    Column("created_at", UtcDateTime, nullable=False),
    Column("send_after", UtcDateTime, nullable=False),
    Column("deadline_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    # What inboxes count, group, filter and sort by: they need not read the messages themselves.
    Index(
        "ix_drafts_inbox",
        "state",
        "deadline_at",
        "created_at",
        "client_id",
        "story_id",
        "alert_id",
        "verdict",
        "urgency",
        "id",
    ),
    Index(None, "story_id"),
    Index(None, "version"),
    Index(None, "client_id", "created_at"),
    Index(None, "state", "changed_at"),
)

#: What account managers noted on drafts: until when they put one aside, and whom they gave it to.
draft_marks = Table(
    "draft_marks",
    metadata,
    Column("draft_id", String(80), primary_key=True),
    Column("snoozed_until", UtcDateTime),
    Column("assigned_to", String(80), index=True),  # a user
    Column("asked", Boolean, nullable=False, default=False),  # they are asked only: it stays in the asker's inbox too
    Column("note", Text),
    Column("by", String(80), nullable=False),  # the user who changed it last
    Column("changed_at", UtcDateTime, nullable=False),
)

#: Decisions that arrived before their draft: topics have no order among each other. They are applied with it.
early_decisions = Table(
    "early_decisions",
    metadata,
    Column("event_id", String(80), primary_key=True),
    Column("draft_id", String(80), nullable=False, index=True),
    Column("payload", JSON, nullable=False),  # the event
    Column("at", UtcDateTime, nullable=False),
)

refusals = Table(
    "refusals",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("alert_id", String(80), nullable=False, index=True),
    Column("client_id", String(80), nullable=False, index=True),
    Column("story_id", String(80), nullable=False),
    Column("reason", String(80), nullable=False),
    Column("detail", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
)

contact_decisions = Table(
    "contact_decisions",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("client_id", String(80), nullable=False, index=True),
    Column("what", String(20), nullable=False),  # schemas.drafts.ContactDecided.what
    Column("reason", String(40), nullable=False),
    Column("detail", Text, nullable=False),
    Column("alert_id", String(80), index=True),
    Column("draft_id", String(80)),
    Column("until", UtcDateTime),
    Column("at", UtcDateTime, nullable=False, index=True),
)

feedback = Table(
    "feedback",
    metadata,
    Column("draft_id", String(80), primary_key=True),
    Column("client_id", String(80), nullable=False, index=True),
    Column("feedback", String(20), nullable=False),  # schemas.interactions.Feedback
    Column("comment", Text),
    Column("by", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

tunings = Table(
    "tunings",
    metadata,
    Column("client_id", String(80), primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("payload", JSON, nullable=False),  # ClientTuned
    Column("at", UtcDateTime, nullable=False),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("draft_id", String(80), nullable=False, index=True),
    Column("client_id", String(80), nullable=False, index=True),
    Column("channel", String(40), nullable=False),
    Column("recipient", Text, nullable=False),
    Column("status", String(10), nullable=False),  # schemas.deliveries.DeliveryStatus
    Column("attempts", Integer, nullable=False, default=0),
    Column("last_error", Text),
    Column("next_attempt_at", UtcDateTime),
    Column("subject", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("approved_by", String(80), nullable=False),
    Column("plan", JSON),  # services.notifier.sending_plan.KeptPlan; null: it leaves when it is due
    Column("untold", Boolean, nullable=False, default=False),  # it was stopped by a sink, which can publish nothing
    Column("created_at", UtcDateTime, nullable=False),
    Column("changed_at", UtcDateTime, nullable=False),
    Index(None, "status", "next_attempt_at"),
    Index(None, "status", "changed_at"),
    Index(None, "untold"),
)

delivery_attempts = Table(
    "delivery_attempts",
    metadata,
    Column("delivery_id", String(80), ForeignKey("deliveries.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("began_at", UtcDateTime, nullable=False),
    Column("ended_at", UtcDateTime),  # null while it runs, or after a crash
    Column("outcome", String(10)),  # delivered, retry, rejected, unknown
    Column("detail", Text),
)

#: Channels that take no messages at present.
channel_outages = Table(
    "channel_outages",
    metadata,
    Column("channel", String(40), primary_key=True),
    Column("since", UtcDateTime, nullable=False),
    Column("detail", Text, nullable=False),
)

#: What clients are not told again, by name and kind of event; ``stopped`` is False once that was taken back.
stopped_news = Table(
    "stopped_news",
    metadata,
    Column("client_id", String(80), primary_key=True),
    Column("entity_id", String(255), primary_key=True),
    Column("kind", String(40), primary_key=True),
    Column("entity_name", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("stopped", Boolean, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

interactions = Table(
    "interactions",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("client_id", String(80), nullable=False),
    Column("manager_id", String(80), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("channel", String(40), nullable=False),
    Column("minutes", Integer),
    Column("draft_id", String(80), index=True),
    Column("summary", Text, nullable=False, default=""),
    Column("outcome", String(20), nullable=False),
    Column("opinion", Text),  # the client's view
    Index(None, "client_id", "at"),
    Index(None, "at"),
)

#: The outcomes of each source's rumors: its track record.
outcomes = Table(
    "outcomes",
    metadata,
    Column("domain", String(255), primary_key=True),
    Column("story_id", String(80), primary_key=True),
    Column("entity_id", String(255), primary_key=True),
    Column("at", UtcDateTime, nullable=False),
    Column("payload", JSON, nullable=False),  # RumorResolved
)

users = Table(
    "users",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("name", Text, nullable=False),
    Column("role", String(10), nullable=False),  # services.notifier.roles.Role
    Column("team", JSON),  # a team lead's account managers, by their ids in the client book; null: none
    Column("manager_id", String(80)),  # the id in the client book
    Column("time_zone", String(64), nullable=False, default="UTC"),
    Column("api_token_hash", String(64), unique=True),  # always null: see api_tokens; exports have it
    Column("open_next", Boolean),  # after a decision the next draft opens; null: yes
    Column("shortcuts", Boolean),  # single keys do something; null: yes
    Column("session_epoch", Integer, nullable=False, default=0),  # raising it ends all sessions
    Column("created_at", UtcDateTime, nullable=False),
    Column("disabled_at", UtcDateTime),
    Column("email", String(254), unique=True, index=True),  # by which they sign in with an OpenID Connect provider
    Column("openid_subject", String(64)),  # their account there, once they have done so
)

signin_links = Table(
    "signin_links",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("user_id", String(80), ForeignKey("users.id"), nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("used_at", UtcDateTime),
)

#: Open sessions of browsers, one for each sign-in; an ended one has no row.
sessions = Table(
    "sessions",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("user_id", String(80), ForeignKey("users.id"), nullable=False, index=True),
    Column("means", String(40), nullable=False),  # link, link and code …
    Column("browser", String(60), nullable=False),  # in words
    Column("network", String(50), nullable=False),  # of the latest request, shortened
    Column("with_factor", Boolean, nullable=False),  # the second factor was asked for
    Column("proved_at", UtcDateTime),  # when the user last proved who they are; null: unknown
    Column("created_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

#: Failed sign-ins by network and account, and until when further ones are refused; forgotten after a day.
signin_failures = Table(
    "signin_failures",
    metadata,
    Column("key", String(120), primary_key=True),  # address 192.0.2.7, link manager-mara …
    Column("failures", Integer, nullable=False),
    Column("last_at", UtcDateTime, nullable=False, index=True),
    Column("waits_until", UtcDateTime, nullable=False),
)

#: Secrets of users' codes, sealed. One that is not confirmed does not count yet.
second_factors = Table(
    "second_factors",
    metadata,
    Column("user_id", String(80), ForeignKey("users.id"), primary_key=True),
    Column("secret", Text, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    Column("confirmed_at", UtcDateTime),
    Column("last_step", Integer),  # of the latest code that was accepted: none is accepted twice
)

recovery_codes = Table(
    "recovery_codes",
    metadata,
    Column("user_id", String(80), ForeignKey("users.id"), primary_key=True),
    Column("code_hash", String(64), primary_key=True),
    Column("used_at", UtcDateTime),
)

#: The roles that need a second factor.
required_factors = Table("required_factors", metadata, Column("role", String(10), primary_key=True))

#: Tokens of programs that use the API. Expired and revoked ones are kept, so that people see what there was.
api_tokens = Table(
    "api_tokens",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("user_id", String(80), ForeignKey("users.id"), nullable=False, index=True),
    Column("name", Text, nullable=False),
    Column("token_hash", String(64), nullable=False, unique=True),
    Column("scopes", JSON, nullable=False),  # services.notifier.desk.tokens.TokenScope
    Column("inlet_id", String(64), index=True),  # the inlet into which it puts items, and nothing else
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime),
    Column("revoked_at", UtcDateTime),
    Column("last_used_at", UtcDateTime),
)

#: Requests to the API under an idempotency key, with their answers; deleted after a day.
api_requests = Table(
    "api_requests",
    metadata,
    Column("user_id", String(80), primary_key=True),
    Column("key", String(255), primary_key=True),
    Column("content", String(64), nullable=False),  # hash of method, path and body
    Column("status", Integer),  # null until the answer is known
    Column("body", Text),
    Column("subjects", JSON),  # [client id, what was changed] of each change; null until the answer is known
    Column("created_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False, index=True),
)

#: Grades of sources that were set at the desk: the grade before and after, so that the change can be undone.
source_changes = Table(
    "source_changes",
    metadata,
    Column("id", String(80), primary_key=True),
    Column("domain", String(255), nullable=False),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("user_id", String(80), nullable=False),
    Column("before", JSON, nullable=False),  # SourceGrade
    Column("after", JSON, nullable=False),  # SourceGrade
    Column("undone_at", UtcDateTime),
)

audit_log = Table(
    "audit_log",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("at", UtcDateTime, nullable=False, index=True),
    Column("user_id", String(80), nullable=False),
    Column("action", String(40), nullable=False),  # draft.read, draft.approved, client.read …
    Column("subject", String(120), nullable=False),
    Column("client_id", String(80), index=True),
    Column("detail", Text),
    Column("seal", Integer, index=True),  # the number of its seal
)

#: The chain of hashes over the audit log (:mod:`services.notifier.audit_seals`).
audit_seals = Table(
    "audit_seals",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("sealed_at", UtcDateTime, nullable=False),
    Column("entries", Integer, nullable=False),
    Column("digest", String(64), nullable=False),
    Column("removed_at", UtcDateTime),  # when its entries were removed, because they were too old
)
