"""A mail server on loopback with a configurable behavior: accepts, greylists, rejects, hangs, drops."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal

from tests.patience import pass_time

__all__ = ["MailServer", "mail_server"]

#: What passes at once for a client whose text hangs; it is longer than its time limit.
SILENT_SECONDS = 31.0

ServerBehavior = Literal[
    "accepts", "greylists", "rejects recipient", "rejects text", "hangs after text", "drops after text", "busy"
]


@dataclass
class MailServer:
    """The server's behavior, and the mails that it accepted."""

    behavior: ServerBehavior = "accepts"
    port: int = 0
    token: str | None = None  # accepted by AUTH XOAUTH2; every other sign-in is refused
    after_seconds: float = 0.0  # delay between receiving a text and confirming it
    accepted: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Handle one connection."""
        try:
            await self._talk(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("421 too many connections" if self.behavior == "busy" else "220 mail.example ready")
        while line := (await reader.readline()).decode().strip():
            self.commands.append(line)
            match line.split(" ", 1)[0].upper():
                case "EHLO":
                    say("250-mail.example")
                    say("250 AUTH PLAIN XOAUTH2")
                case "RCPT":
                    answers = {"greylists": "451 4.7.1 try again later", "rejects recipient": "550 5.1.1 no such user"}
                    say(answers.get(self.behavior, "250 ok"))
                case "DATA":
                    say("354 go on")
                    text = await reader.readuntil(b"\r\n.\r\n")
                    if not await self._answer(text, say):
                        return
                case "QUIT":
                    say("221 bye")
                    return
                case "AUTH" if self.token is not None and self.token in _decoded(line):
                    say("235 2.7.0 welcome")
                case "AUTH":
                    say("535 5.7.8 wrong")
                case _:
                    say("250 ok")

    async def _answer(self, text: bytes, say: object) -> bool:
        assert callable(say)
        match self.behavior:
            case "rejects text":
                say("554 5.7.1 looks like spam")
            case "hangs after text":
                self.accepted.append(text)
                pass_time(SILENT_SECONDS)
                await asyncio.Event().wait()
            case "drops after text":
                self.accepted.append(text)
                return False
            case _:
                self.accepted.append(text)
                await asyncio.sleep(self.after_seconds)
                say("250 2.0.0 queued as 4711")
        return True


def _decoded(line: str) -> str:
    return b64decode(line.rpartition(" ")[2], validate=False).decode(errors="replace")


@asynccontextmanager
async def mail_server(behavior: ServerBehavior = "accepts") -> AsyncIterator[MailServer]:
    """Serve on a free port."""
    state = MailServer(behavior)
    server = await asyncio.start_server(state.serve, "127.0.0.1", 0)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
