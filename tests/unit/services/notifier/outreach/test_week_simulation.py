"""A week of a thousand clients in twelve time zones, minute by minute: bursts, a change of clocks, blackouts, promises,
crossing messages. Every message keeps every policy, and every alert ends in a draft, a refusal or a decision."""

from __future__ import annotations

import heapq
import random
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from firstword.pipeline import Pipeline
from firstword.runtimes.memory import MemoryRuntime
from schemas.alerts import Alert, AlertRaised, Reason
from schemas.base import Payload, event
from schemas.clients import Blackout, Client, ClientChanged, ContactPolicy
from schemas.drafts import ContactDecided, Draft, DraftApproved, DraftCreated, DraftDismissed, DraftRefused, DraftSent
from schemas.interactions import ContactAgreed
from services.common.processing import AnyEvent
from services.notifier.contact.blackouts import general_blackout, topic_blackout
from services.notifier.contact.budget import WEEK
from services.notifier.contact.hours import is_open
from services.notifier.contact.plan import SendPlan, plan_send, zone_of
from services.notifier.drafting.playbooks import Playbooks
from services.notifier.outreach.processor import DraftWriter
from tests.unit.services.notifier.samples import a_client, a_firm, a_manager, a_watch, an_alert, an_item

#: A Monday; clocks go forward in Europe on Sunday 29 March 2026.
BEGIN = datetime(2026, 3, 23, 0, 0, tzinfo=UTC)
END = BEGIN + timedelta(days=9)
MINUTE = timedelta(minutes=1)
ZONES = (
    "Europe/Paris", "Europe/London", "Atlantic/Azores", "America/New_York", "America/Los_Angeles", "America/Sao_Paulo",
    "Africa/Cairo", "Asia/Kolkata", "Asia/Kathmandu", "Asia/Tokyo", "Australia/Lord_Howe", "Pacific/Apia",
)  # fmt: skip
NAMES = ("Halden Energy", "Corvane Pharma", "Quillon Cloud")
PROMISES = (None, None, "weekly, Friday by noon", "every other Tuesday by 10:00", "daily by 9")


def a_person(number: int, dice: random.Random) -> Client:
    away = Blackout(since=date(2026, 3, 25), until=date(2026, 3, 26), reason="on leave")
    deal = Blackout(since=date(2026, 3, 24), until=date(2026, 3, 29), reason="a deal", about=("Corvane Pharma",))
    policy = ContactPolicy(
        max_per_week=dice.choice((0, 1, 2, 3, 5)),
        quiet_from=dice.choice((time(18), time(22), None)),
        quiet_until=dice.choice((time(2, 30), time(7), time(9))),
        working_days=dice.choice(((0, 1, 2, 3, 4), (6, 0, 1, 2, 3), tuple(range(7)))),
        blackouts=dice.choice(((), (), (away,), (deal,), (away, deal))),
        cadence=dice.choice(PROMISES),
        max_silence_days=dice.choice((None, 3)),
        do_not_contact=dice.random() < 0.03,
        merge_minutes=dice.choice((0, 30, 120)),
    )
    watches = tuple(a_watch(name=name) for name in NAMES)
    return a_client("wealth", *watches, id=f"client-{number}", time_zone=ZONES[number % len(ZONES)], contact=policy)


def alerts_for(client: Client, dice: random.Random) -> list[Alert]:
    """Some stories, half of them in a burst, with their updates and denials."""
    burst = BEGIN + timedelta(minutes=dice.randrange(8 * 24 * 60))
    found = []
    for number in range(dice.randrange(2, 7)):
        name = dice.choice(NAMES)
        at = burst + timedelta(minutes=dice.randrange(40))
        if dice.random() < 0.5:
            at = BEGIN + timedelta(minutes=dice.randrange(8 * 24 * 60))
        fields: dict[str, Any] = {
            "watch": next(asset for asset in client.assets if asset.name == name),
            "story_id": f"sty_{client.id}_{number}",
            "evidence": (an_item(name, dice.randrange(10**9)),),
            "urgency": dice.choice(("low", "normal", "normal", "high", "urgent")),
            "verdict": dice.choice(("tell", "tell", "tell", "warn", "ignore")),
        }
        if fields["verdict"] == "ignore":
            fields["reasons"] = (Reason(rule="low-relevance", saw="", concluded="ignore", text="Too small."),)
        for revision, verdict in enumerate((fields["verdict"], *dice.choice(((), (), ("tell",), ("correct",))))):
            if fields["verdict"] == "ignore" and revision:
                continue
            told = {**fields, "verdict": verdict, "revision": revision}
            hours = dice.choice((6, 24, 72))
            found.append(an_alert(client, **told, raised_at=at, deadline_at=at + timedelta(hours=hours)))
            at += timedelta(minutes=dice.randrange(1, 600))
    return found


@dataclass
class Office:
    """Managers who decide on drafts after a while, and an outbox that keeps to the plan; notes what breaks a policy."""

    dice: random.Random
    clients: dict[str, Client]
    queue: list[tuple[datetime, int, Payload | tuple[str, str], str]] = field(default_factory=list)
    count: int = 0
    drafts: dict[str, Draft] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    dismissed: set[str] = field(default_factory=set)
    leaving: dict[str, tuple[str, datetime, SendPlan]] = field(default_factory=dict)
    sent: dict[str, list[tuple[datetime, SendPlan, str]]] = field(default_factory=lambda: defaultdict(list))
    refused: set[str] = field(default_factory=set)
    decided: list[ContactDecided] = field(default_factory=list)

    def put(self, at: datetime, what: Payload | tuple[str, str], client_id: str) -> None:
        heapq.heappush(self.queue, (at, self.count, what, client_id))
        self.count += 1

    def run(self) -> None:
        runtime = MemoryRuntime(Pipeline((DraftWriter(Playbooks.shipped()),)))
        for client in self.clients.values():
            changed = ClientChanged(client=client, firm=a_firm(), manager=a_manager())
            list(runtime.push(self._wrap(changed, client.id, BEGIN)))
        minute = BEGIN
        while minute <= END or self.queue:
            self._hear(runtime.finish(minute))
            while self.queue and self.queue[0][0] <= minute:
                at, _, what, client_id = heapq.heappop(self.queue)
                data = what if isinstance(what, Payload) else self._act(*what, at)
                if data is not None:
                    self._hear(runtime.push(self._wrap(data, client_id, at)))
            minute += MINUTE

    def _wrap(self, data: Payload, client_id: str, at: datetime) -> AnyEvent:
        self.count += 1
        return event(data, key=client_id, id=f"evt_{self.count}", source="test", time=at)

    def _hear(self, out: Any) -> None:
        for entry in list(out):
            match entry.data:
                case DraftCreated() as created:
                    draft = created.draft
                    self.drafts[draft.id] = draft
                    self.gone.add(draft.supersedes or "")
                    after = timedelta(minutes=self.dice.randrange(1, 600))
                    act = self.dice.choice(("approve", "approve", "approve", "dismiss", "leave"))
                    self.put(entry.time + after, (act, draft.id), draft.client_id)
                case DraftRefused() as refused:
                    self.refused.add(refused.alert_id)
                    self.gone.update(refused.withdraws)
                case ContactDecided() as decided:
                    self.decided.append(decided)

    def _act(self, act: str, draft_id: str, at: datetime) -> Payload | None:
        draft = self.drafts[draft_id]
        if act == "send":
            # Now and then a message crosses its own withdrawal.
            if draft_id in self.gone and self.dice.random() < 0.5:
                self.leaving.pop(draft_id)
                return None
            _, _, plan = self.leaving.pop(draft_id)
            self.sent[draft.client_id].append((at, plan, draft_id))
            return DraftSent(
                draft_id=draft_id, alert_id=draft.alert_id, story_id=draft.story_id, client_id=draft.client_id,
                channel="email", delivery_id=f"dlv_{draft_id}",
            )  # fmt: skip
        if draft_id in self.gone or act == "leave":
            return None
        if act == "dismiss":
            self.dismissed.add(draft_id)
            return DraftDismissed(
                draft_id=draft_id, alert_id=draft.alert_id, client_id=draft.client_id, reason="other", by="mara"
            )
        return self._approve(draft, at)

    def _approve(self, draft: Draft, at: datetime) -> Payload | None:
        client = self.clients[draft.client_id]
        times = [when for when, _, sent_id in self.sent[client.id] if self.drafts[sent_id].budget == "within"]
        times += [
            when
            for leaving_id, (owner, when, _) in self.leaving.items()
            if owner == client.id and self.drafts[leaving_id].budget == "within"
        ]
        about = [name for name in NAMES if name in draft.body]
        exempt = draft.budget != "within"
        plan = plan_send(client, at, times, draft.urgency, draft.deadline_at, about, exempt=exempt)
        if plan.refused is not None:
            return None
        self.leaving[draft.id] = (client.id, plan.send_after, plan)
        self.put(plan.send_after, ("send", draft.id), client.id)
        return DraftApproved(
            draft_id=draft.id, client_id=client.id, channel="email", subject=draft.subject, body=draft.body, by="mara"
        )


@pytest.mark.slow
@pytest.mark.parametrize("people", [60, pytest.param(1_000, marks=pytest.mark.slow)])
def test_a_week_keeps_every_policy_and_loses_nothing(people: int) -> None:
    dice = random.Random(20260323)  # noqa: S311
    clients = {client.id: client for client in (a_person(number, dice) for number in range(people))}
    office = Office(dice, clients)
    quiet = {client_id for client_id in clients if dice.random() < 0.1}  # no news ever comes of these
    alerts = [alert for client in clients.values() if client.id not in quiet for alert in alerts_for(client, dice)]
    for client in clients.values():
        agreed = ContactAgreed(
            client_id=client.id, cadence=client.contact.cadence, max_silence_days=client.contact.max_silence_days
        )
        office.put(BEGIN, agreed, client.id)
    for alert in alerts:
        office.put(alert.raised_at, AlertRaised(alert=alert), alert.client_id)
    office.run()
    assert sum(map(len, office.sent.values())) > people / 2
    for client_id, sendings in office.sent.items():
        _policies_are_kept(clients[client_id], sendings, office.drafts)
    _nothing_is_lost(alerts, office)
    _promises_are_answered(clients, office)
    assert {entry.client_id for entry in office.decided} & quiet
    assert any(draft.told_alerts for draft in office.drafts.values())
    assert {entry.what for entry in office.decided} >= {"waits", "merged", "dropped", "kept", "chosen"}


def _policies_are_kept(
    client: Client, sendings: list[tuple[datetime, SendPlan, str]], drafts: dict[str, Draft]
) -> None:
    zone, policy = zone_of(client), client.contact
    times = sorted(at for at, _, draft_id in sendings if drafts[draft_id].budget == "within")
    for at, plan, draft_id in sendings:
        draft = drafts[draft_id]
        assert not policy.do_not_contact
        assert is_open(policy, zone, at), (client.time_zone, at)
        assert general_blackout(client, zone, at) is None
        assert topic_blackout(client, zone, at, [name for name in NAMES if name in draft.body]) is None
        assert not plan.beyond_budget or draft.urgency == "urgent"
        beyond = sum(sending.beyond_budget for when, sending, _ in sendings if at - WEEK < when <= at)
        assert sum(at - WEEK < other <= at for other in times) <= policy.max_per_week + beyond


def _nothing_is_lost(alerts: list[Alert], office: Office) -> None:
    settled = {entry for sent in office.sent.values() for _, _, entry in sent} | office.dismissed
    standing = {
        alert_id
        for draft in office.drafts.values()
        if draft.id not in office.gone or draft.id in settled
        for alert_id in (*draft.told_alerts, draft.alert_id)
    }
    said = office.refused | {
        entry.alert_id for entry in office.decided if entry.what in ("waits", "dropped") or entry.reason == "same_event"
    }
    latest = {(alert.client_id, alert.story_id): alert.revision for alert in alerts}
    for alert in alerts:
        if alert.verdict in ("hold", "ignore") or alert.revision < latest[alert.client_id, alert.story_id]:
            continue
        assert alert.id in standing | said, alert


def _promises_are_answered(clients: dict[str, Client], office: Office) -> None:
    friday = date(2026, 3, 27)
    for client in clients.values():
        if client.contact.cadence != "weekly, Friday by noon":
            continue
        if 4 not in client.contact.working_days:
            continue
        answers = [
            entry.what
            for entry in office.decided
            if entry.client_id == client.id and entry.until and entry.until.astimezone(zone_of(client)).date() == friday
        ]
        assert set(answers) & {"kept", "chosen", "dropped", "nothing_to_say"}, client
