"""What every channel keeps, whatever it speaks: each end is named truthfully, no secret is told, the id stays.

A channel is entered once, in :data:`ROUTES`, with a server of ours that it talks to; one that isn't fails a test here.
What is handed to people instead of being sent, the calendar file and the mailto link, has tests of its own.
"""

from __future__ import annotations

import inspect
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal, get_args

import pytest

from services.common.http import GuardedClient, HttpSettings
from services.notifier.delivery import channels
from services.notifier.delivery.channels.base import Channel, Outgoing, Run
from services.notifier.delivery.channels.slack import Slack
from services.notifier.delivery.channels.smtp import Smtp, SmtpSettings
from services.notifier.delivery.channels.teams import Teams
from services.notifier.delivery.html_letter import letter_html
from tests.fakes import FakeClock
from tests.http_server import Reply, serving
from tests.smtp_server import ServerBehavior, mail_server

CLOCK = FakeClock(datetime(2026, 3, 5, 9, tzinfo=UTC))
SECRET = "tell-nobody-4711"
BODY = "Dear Nadia,\n\n<b>Halden</b> & *others* cut 40 %. @channel\n\nنص عربي\n"
Behaviour = Literal["takes", "busy", "ill", "rejects", "slow", "drops", "away"]


@dataclass
class Way:
    """A channel, whom it writes to, and what the other side was given, as text."""

    channel: Channel
    recipient: str
    given: Callable[[], list[str]]

    def message(self, **changes: Any) -> Outgoing:
        fields = {
            "delivery_id": "dlv_1", "recipient": self.recipient, "recipient_name": "Nadia Brightwater",
            "sender_name": "Mara Lindqvist", "sender_email": "mara@harbour.example",
            "subject": "Halden <cuts> & *halves* its dividend", "body": BODY,
        }  # fmt: skip
        return Outgoing(**(fields | changes))


@asynccontextmanager
async def smtp(behaviour: Behaviour) -> AsyncIterator[Way]:
    behaviors: dict[Behaviour, ServerBehavior] = {
        "takes": "accepts", "busy": "greylists", "ill": "busy", "rejects": "rejects recipient",
        "slow": "hangs after text", "drops": "drops after text", "away": "accepts",
    }  # fmt: skip
    async with mail_server(behaviors[behaviour]) as server:
        port = 1 if behaviour == "away" else server.port
        settings = SmtpSettings("127.0.0.1", port, "desk@harbour.example", security="none", timeout_seconds=0.4)
        yield Way(
            Smtp(settings, CLOCK), "nadia@brightwater.example", lambda: [text.decode() for text in server.accepted]
        )


def by_hook(kind: type[Slack] | type[Teams]) -> Callable[[Behaviour], AbstractAsyncContextManager[Way]]:
    @asynccontextmanager
    async def way(behaviour: Behaviour) -> AsyncIterator[Way]:
        replies: dict[Behaviour, Reply] = {
            "takes": Reply(200, b"ok"), "busy": Reply(429, b"slow down", {"Retry-After": "30"}),
            "ill": Reply(503, f"down {SECRET}".encode()),
            "rejects": Reply(404, f"no_service {SECRET}".encode()), "slow": Reply(after_seconds=30),
            "drops": Reply(dropped=True), "away": Reply(),
        }  # fmt: skip
        http = HttpSettings(total_seconds=0.4, allow_private=("127.0.0.1",), host_interval_seconds=0.0, cut_bodies=True)
        async with serving(lambda _: replies[behaviour]) as server, GuardedClient(http) as client:
            base = "http://127.0.0.1:1/" if behaviour == "away" else server.url()
            channel = kind(client, CLOCK, {"nadia": f"{base}{SECRET}"})
            yield Way(channel, "nadia", lambda: [request.body.decode() for request in server.requests])

    return way


ROUTES: dict[str, Callable[[Behaviour], AbstractAsyncContextManager[Way]]] = {
    "email": smtp,
    "slack": by_hook(Slack),
    "teams": by_hook(Teams),
}
every_channel = pytest.mark.parametrize("name", sorted(ROUTES))


def test_every_channel_is_held_to_this() -> None:
    found = {
        str(vars(kind)["name"])
        for module in iter_modules(channels.__path__, f"{channels.__name__}.")
        for _, kind in inspect.getmembers(import_module(module.name), inspect.isclass)
        if inspect.iscoroutinefunction(getattr(kind, "send", None)) and "name" in vars(kind)
    }
    assert found == ROUTES.keys()


@every_channel
async def test_what_is_taken_is_delivered_whole(name: str) -> None:
    async with ROUTES[name]("takes") as way:
        assert way.channel.name == name
        outcome = await way.channel.send(way.message())
        assert outcome.kind == "delivered"
        (given,) = way.given()
    assert "Dear Nadia" in given


@every_channel
@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        ("busy", "retry"),
        ("ill", "retry"),
        ("away", "retry"),
        ("rejects", "rejected"),
        ("slow", "unknown"),
        ("drops", "unknown"),
    ],
)
async def test_each_end_is_named_for_what_is_known(name: str, behaviour: Behaviour, kind: str) -> None:
    async with ROUTES[name](behaviour) as way:
        begun = time.monotonic()
        outcome = await way.channel.send(way.message())
    assert outcome.kind == kind
    assert time.monotonic() - begun < 3, "a slow other side is given up on"
    assert outcome.detail


@every_channel
@pytest.mark.parametrize("behaviour", get_args(Behaviour))
async def test_no_secret_is_told(name: str, behaviour: Behaviour, capfd: pytest.CaptureFixture[str]) -> None:
    async with ROUTES[name](behaviour) as way:
        outcome = await way.channel.send(way.message())
        assert SECRET not in repr(way.channel) + outcome.detail
    assert SECRET not in "".join(capfd.readouterr())


#: The same message as it is for account managers: with HTML, and with paragraphs for chats.
RICH = {
    "html": letter_html("Halden cuts", BODY),
    "chat": ((Run("Halden <cuts>", "https://desk.example/drafts/1", strong=True), Run(" & *halves*")), (Run("نص"),)),
}


@every_channel
@pytest.mark.parametrize("more", [{}, RICH], ids=["plain", "rich"])
async def test_a_repeat_is_the_same_message(name: str, more: dict[str, Any]) -> None:
    async with ROUTES[name]("takes") as way:
        await way.channel.send(way.message(**more))
        await way.channel.send(way.message(**more))
        first, second = way.given()
    assert first == second


@every_channel
async def test_a_recipient_that_cannot_be_reached_is_rejected_before_anything_leaves(name: str) -> None:
    async with ROUTES[name]("takes") as way:
        outcome = await way.channel.send(way.message(recipient="nobody at all"))
        assert outcome.kind == "rejected"
        assert way.given() == []


@pytest.mark.parametrize("kind", [Slack, Teams])
async def test_patience_that_was_asked_for_is_kept(kind: type[Slack] | type[Teams]) -> None:
    async with by_hook(kind)("busy") as way:
        outcome = await way.channel.send(way.message())
    assert outcome.retry_after_seconds == 30


@pytest.mark.parametrize("kind", [Slack, Teams])
async def test_a_redirect_is_followed_nowhere(kind: type[Slack] | type[Teams]) -> None:
    moved = Reply(302, headers={"Location": "https://elsewhere.example/"})
    http = HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0, cut_bodies=True)
    async with serving(lambda _: moved) as server, GuardedClient(http) as client:
        way = Way(kind(client, CLOCK, {"nadia": f"{server.url()}{SECRET}"}), "nadia", list)
        outcome = await way.channel.send(way.message())
    assert (outcome.kind, len(server.requests)) == ("rejected", 1)
    assert SECRET not in outcome.detail
