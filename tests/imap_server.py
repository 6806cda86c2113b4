"""A mailbox on loopback that speaks just enough IMAP to be read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

__all__ = ["Mailbox", "mailbox"]


@dataclass
class Mailbox:
    """Mails with UIDs from 1, the UIDs that were seen or fetched, the password, and mails that are not given out."""

    password: str = "open-sesame"
    port: int = 0
    mails: list[bytes] = field(default_factory=list)
    seen: set[int] = field(default_factory=set)
    fetched: list[int] = field(default_factory=list)
    validity: int = 1
    commands: list[str] = field(default_factory=list)
    withheld: set[int] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"* OK [CAPABILITY IMAP4rev1] ready\r\n")
        while line := (await reader.readline()).decode().strip():
            tag, _, rest = line.partition(" ")
            words = rest.upper().split()
            self.commands.append(words[1] if words[0] == "UID" else words[0])
            if words[0] == "UID":
                words = words[1:]
            writer.writelines(self._answer(words, rest))
            refused = words[0] == "LOGIN" and self.password not in rest
            refused |= words[0] == "FETCH" and int(words[1]) in self.withheld
            writer.write(f"{tag} {'NO no' if refused else 'OK done'}\r\n".encode())
            if words[0] == "LOGOUT":
                break
        writer.close()

    def _answer(self, words: list[str], rest: str) -> list[bytes]:
        match words[0]:
            case "CAPABILITY":
                return [b"* CAPABILITY IMAP4rev1\r\n"]
            case "SELECT" | "EXAMINE":
                return [f"* {len(self.mails)} EXISTS\r\n* OK [UIDVALIDITY {self.validity}] ok\r\n".encode()]
            case "SEARCH" if "UNSEEN" not in words:
                first = int(words[2 if words[1] == "UID" else 1].partition(":")[0])
                first = min(first, len(self.mails))  # "5:*" names the last one at least
                return [f"* SEARCH {' '.join(map(str, range(max(first, 1), len(self.mails) + 1)))}\r\n".encode()]
            case "SEARCH":
                unseen = [uid for uid in range(1, len(self.mails) + 1) if uid not in self.seen]
                return [f"* SEARCH {' '.join(map(str, unseen))}\r\n".encode()]
            case "FETCH":
                uid = int(words[1])
                if uid in self.withheld:
                    return []
                self.fetched.append(uid)
                mail = self.mails[uid - 1]
                return [f"* {uid} FETCH (UID {uid} BODY[] {{{len(mail)}}}\r\n".encode(), mail, b")\r\n"]
            case "STORE":
                self.seen.add(int(words[1]))
                return []
            case "LOGOUT":
                return [b"* BYE\r\n"]
            case _:
                return []


@asynccontextmanager
async def mailbox(*mails: bytes) -> AsyncIterator[Mailbox]:
    """Serve a mailbox on a free port."""
    state = Mailbox(mails=list(mails))
    server = await asyncio.start_server(state.serve, "127.0.0.1", 0)
    state.port = server.sockets[0].getsockname()[1]
    try:
        yield state
    finally:
        server.close()
