"""The contract of every channel: it reports each outcome correctly, shows no secret, and keeps the message's id.

:data:`ROUTES` lists each channel with a test server that it talks to; a channel missing there fails a test. The
calendar file and the mailto link are not sent, and have tests of their own.
"""

from __future__ import annotations

import inspect
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
Behavior = Literal["takes", "busy", "ill", "rejects", "slow", "drops", "away"]


@dataclass
class ChannelRoute:
    """A channel, its recipient, and a function that returns the text that the server received."""

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
async def smtp(behavior: Behavior) -> AsyncIterator[ChannelRoute]:
    behaviors: dict[Behavior, ServerBehavior] = {
        "takes": "accepts", "busy": "greylists", "ill": "busy", "rejects": "rejects recipient",
        "slow": "hangs after text", "drops": "drops after text", "away": "accepts",
    }  # fmt: skip
    async with mail_server(behaviors[behavior]) as server:
        port = 1 if behavior == "away" else server.port
        settings = SmtpSettings("127.0.0.1", port, "desk@harbour.example", security="none")
        yield ChannelRoute(
            Smtp(settings, CLOCK), "nadia@brightwater.example", lambda: [text.decode() for text in server.accepted]
        )


def by_hook(kind: type[Slack] | type[Teams]) -> Callable[[Behavior], AbstractAsyncContextManager[ChannelRoute]]:
    @asynccontextmanager
    async def way(behavior: Behavior) -> AsyncIterator[ChannelRoute]:
        replies: dict[Behavior, Reply] = {
            "takes": Reply(200, b"ok"), "busy": Reply(429, b"slow down", {"Retry-After": "30"}),
            "ill": Reply(503, f"down {SECRET}".encode()),
            "rejects": Reply(404, f"no_service {SECRET}".encode()), "slow": Reply(silent_seconds=31),
            "drops": Reply(dropped=True), "away": Reply(),
        }  # fmt: skip
        http = HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0, cut_bodies=True)
        async with serving(lambda _: replies[behavior]) as server, GuardedClient(http) as client:
            base = "http://127.0.0.1:1/" if behavior == "away" else server.url()
            channel = kind(client, CLOCK, {"nadia": f"{base}{SECRET}"})
            yield ChannelRoute(channel, "nadia", lambda: [request.body.decode() for request in server.requests])

    return way


ROUTES: dict[str, Callable[[Behavior], AbstractAsyncContextManager[ChannelRoute]]] = {
    "email": smtp,
    "slack": by_hook(Slack),
    "teams": by_hook(Teams),
}
every_channel = pytest.mark.parametrize("name", sorted(ROUTES))


def test_every_channel_is_tested_here() -> None:
    found = {
        str(vars(kind)["name"])
        for module in iter_modules(channels.__path__, f"{channels.__name__}.")
        for _, kind in inspect.getmembers(import_module(module.name), inspect.isclass)
        if inspect.iscoroutinefunction(getattr(kind, "send", None)) and "name" in vars(kind)
    }
    assert found == ROUTES.keys()


@every_channel
async def test_an_accepted_message_arrives_whole(name: str) -> None:
    async with ROUTES[name]("takes") as way:
        assert way.channel.name == name
        outcome = await way.channel.send(way.message())
        assert outcome.kind == "delivered"
        (given,) = way.given()
    assert "Dear Nadia" in given


@every_channel
@pytest.mark.parametrize(
    ("behavior", "kind"),
    [
        ("busy", "retry"),
        ("ill", "retry"),
        ("away", "retry"),
        ("rejects", "rejected"),
        ("slow", "unknown"),
        ("drops", "unknown"),
    ],
)
async def test_each_outcome_is_reported_as_what_is_known(name: str, behavior: Behavior, kind: str) -> None:
    async with ROUTES[name](behavior) as way:
        outcome = await way.channel.send(way.message())
    assert outcome.kind == kind
    assert outcome.detail


@every_channel
@pytest.mark.parametrize("behavior", get_args(Behavior))
async def test_no_secret_is_shown(name: str, behavior: Behavior, capfd: pytest.CaptureFixture[str]) -> None:
    async with ROUTES[name](behavior) as way:
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
async def test_a_recipient_without_an_address_is_rejected_before_anything_is_sent(name: str) -> None:
    async with ROUTES[name]("takes") as way:
        outcome = await way.channel.send(way.message(recipient="nobody at all"))
        assert outcome.kind == "rejected"
        assert way.given() == []


@pytest.mark.parametrize("kind", [Slack, Teams])
async def test_retry_after_is_kept(kind: type[Slack] | type[Teams]) -> None:
    async with by_hook(kind)("busy") as way:
        outcome = await way.channel.send(way.message())
    assert outcome.retry_after_seconds == 30


@pytest.mark.parametrize("kind", [Slack, Teams])
async def test_redirects_are_not_followed(kind: type[Slack] | type[Teams]) -> None:
    moved = Reply(302, headers={"Location": "https://elsewhere.example/"})
    http = HttpSettings(allow_private=("127.0.0.1",), host_interval_seconds=0.0, cut_bodies=True)
    async with serving(lambda _: moved) as server, GuardedClient(http) as client:
        way = ChannelRoute(kind(client, CLOCK, {"nadia": f"{server.url()}{SECRET}"}), "nadia", list)
        outcome = await way.channel.send(way.message())
    assert (outcome.kind, len(server.requests)) == ("rejected", 1)
    assert SECRET not in outcome.detail
