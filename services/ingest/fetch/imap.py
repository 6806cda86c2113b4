"""Reads new messages of a mailbox by IMAP, without changing anything in it. Blocks: call it in a thread.

It connects only to allowed addresses, as the HTTP client does, and by TLS except on this machine itself.
"""

from __future__ import annotations

import imaplib
import re
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import ip_address
from threading import Lock
from time import monotonic
from typing import Literal, TypeVar

from services.common.addresses import AllowedAddresses, refusal_reason
from services.common.errors import BadInput, FirstwordError, Unreachable

__all__ = [
    "MOST_AT_FIRST",
    "MailboxLine",
    "MailboxPlace",
    "MailboxPosition",
    "Messages",
    "fetch_headers",
    "fetch_messages",
]

TIMEOUT_SECONDS = 10.0
#: No more messages are fetched in a row after this time, so that stopping waits for no slow server.
READING_SECONDS = 20.0
#: Messages that are there when a mailbox is read for the first time: the newest are context, older ones are not read.
MOST_AT_FIRST = 200
#: Messages fetched in a row; other channels are polled in between.
MOST_MESSAGES = 25
#: Messages of which a look shows the headers, and bytes of these.
MOST_SHOWN, HEADER_BYTES = 3, 20_000
T = TypeVar("T")
_WORD = re.compile(r"[A-Za-z0-9.!#$&'+/=?^_`|~@-]{1,200}")
_FOLDER = re.compile(r"[\x20-\x7e]{1,200}")
_HOST = re.compile(r"[A-Za-z0-9.:_-]{1,253}")


@dataclass(frozen=True, slots=True)
class MailboxPlace:
    """A folder of a mailbox. ``security`` none is for this machine only.

    Raises:
        BadInput: a value can't be used.
    """

    host: str
    port: int
    username: str
    folder: str = "INBOX"
    security: Literal["tls", "none"] = "tls"

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host) or not 0 < self.port < 65_536:
            raise BadInput(f"{self.host}:{self.port} is not a mail server.", fix="Give one such as imap.firm.example.")
        if not _WORD.fullmatch(self.username) or not _FOLDER.fullmatch(self.folder) or '"' in self.folder:
            raise BadInput(
                "The user or the folder of the mailbox has characters that can't be sent.",
                fix="Use plain letters, digits and signs.",
            )
        if self.security == "none" and not _is_this_machine(self.host):
            raise BadInput(
                f"The password for the mailbox at {self.host} would cross the network in clear text.", fix="Use TLS."
            )

    @property
    def origin(self) -> str:
        """The server that alone gets the password."""
        return f"{'imaps' if self.security == 'tls' else 'imap'}://{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class MailboxPosition:
    """The last message that was read. Its number counts only as long as the server's ``validity`` stays."""

    validity: int
    uid: int


@dataclass(frozen=True, slots=True)
class Messages:
    """New messages in order, with their numbers. A message that is larger than the limit is None.

    Together they are smaller than twice the limit: anybody may send many large ones.

    ``position`` is where to read on after all of them; ``more``: others wait.
    """

    position: MailboxPosition
    messages: tuple[tuple[int, bytes | None], ...] = field(default=(), repr=False)
    more: bool = False


class MailboxLine:
    """The connection of one reading, which another thread can cut: a server may send a byte every few seconds."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._socket: socket.socket | None = None
        self._is_cut = False

    def use(self, connected: socket.socket) -> None:
        """Let this socket be cut, before TLS is spoken on it."""
        with self._lock:
            self._socket = connected
            if self._is_cut:
                self._shut()

    def cut(self) -> None:
        """End the connection, so that whoever waits for it gets an error."""
        with self._lock:
            self._is_cut = True
            self._shut()

    def _shut(self) -> None:
        if self._socket is not None:
            with suppress(OSError):  # it has ended by itself
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)


def fetch_messages(
    place: MailboxPlace,
    password: str,
    after: MailboxPosition | None,
    allowed: AllowedAddresses,
    most_bytes: int,
    line: MailboxLine,
) -> Messages:
    """Return the messages ``after`` a position, or the newest ones if there is none or it counts no more.

    ``line`` lets another thread end the reading.

    Raises:
        FirstwordError: the mailbox can't be read; the message has the reason and the fix.
    """
    return _with_mailbox(place, password, allowed, line, lambda mailbox: _read(mailbox, place, after, most_bytes))


def _with_mailbox(
    place: MailboxPlace,
    password: str,
    allowed: AllowedAddresses,
    line: MailboxLine,
    act: Callable[[imaplib.IMAP4], T],
) -> T:
    """Sign in, act, and sign out; turn what goes wrong into a reason."""
    context = ssl.create_default_context() if place.security == "tls" else None
    try:
        with _GuardedImap(place, allowed, context, line) as mailbox:
            _sign_in(mailbox, place, password)
            return act(mailbox)
    except FirstwordError:
        raise
    except ssl.SSLError as error:
        raise Unreachable(
            f"{place.host} can't be reached by TLS ({error.reason or 'the handshake failed'}).",
            fix="Check the host and the port, which is usually 993, and the server's certificate.",
        ) from None
    except (imaplib.IMAP4.error, OSError, ValueError) as error:
        raise Unreachable(
            f"The mailbox at {place.host} can't be read ({type(error).__name__}).", fix="Firstword tries again later."
        ) from None


def fetch_headers(
    place: MailboxPlace, password: str, allowed: AllowedAddresses, line: MailboxLine, most: int = MOST_SHOWN
) -> tuple[int, tuple[bytes, ...]]:
    """Return how many messages a mailbox has, and the headers of the newest, newest first.

    Raises:
        FirstwordError: the mailbox can't be read; the message has the reason and the fix.
    """

    def look(mailbox: imaplib.IMAP4) -> tuple[int, tuple[bytes, ...]]:
        count = _select(mailbox, place)
        newest = _search(mailbox, f"{max(1, count - most + 1)}:*") if count else []
        heads = []
        for uid in reversed(newest[-most:]):
            _, parts = mailbox.uid("FETCH", str(uid), f"(BODY.PEEK[HEADER]<0.{HEADER_BYTES}>)")
            heads += [part[1][:HEADER_BYTES] for part in parts if isinstance(part, tuple)][:1]
        return count, tuple(heads)

    return _with_mailbox(place, password, allowed, line, look)


def _select(mailbox: imaplib.IMAP4, place: MailboxPlace) -> int:
    """Open the folder for reading only; return the number of its messages."""
    status, exist = mailbox.select(f'"{place.folder}"', readonly=True)
    if status != "OK":
        raise BadInput(
            f"There is no folder {place.folder!r} in the mailbox at {place.host}.",
            fix="Check how the server writes its name.",
        )
    return int(exist[0] or 0)


def _read(mailbox: imaplib.IMAP4, place: MailboxPlace, after: MailboxPosition | None, most_bytes: int) -> Messages:
    count = _select(mailbox, place)
    _, found = mailbox.response("UIDVALIDITY")
    validity = int(found[0]) if found and found[0] else 0
    if after is not None and after.validity == validity:
        uids = [uid for uid in _search(mailbox, f"UID {after.uid + 1}:*") if uid > after.uid]
        start = after
    else:
        newest = _search(mailbox, f"{max(1, count - MOST_AT_FIRST)}:*") if count else []  # all may be too long a line
        uids = newest[-MOST_AT_FIRST:]
        start = MailboxPosition(validity, newest[-MOST_AT_FIRST - 1] if len(newest) > MOST_AT_FIRST else 0)
    messages: list[tuple[int, bytes | None]] = []
    position, until, size = start, monotonic() + READING_SECONDS, 0
    for uid in uids[:MOST_MESSAGES]:
        if monotonic() > until or size >= most_bytes:
            break
        status, parts = mailbox.uid("FETCH", str(uid), f"(BODY.PEEK[]<0.{most_bytes + 1}>)")
        if status != "OK":
            if position != start:  # what was read before it is taken first
                break
            raise Unreachable(
                f"{place.host} does not give out message {uid}.",
                fix="Firstword tries again later. If this continues, move the message to another folder.",
            )
        raw = next((part[1] for part in parts if isinstance(part, tuple)), None)
        if raw is not None:  # otherwise somebody has just deleted it
            kept = raw if len(raw) <= most_bytes else None
            size += len(kept or b"")
            messages.append((uid, kept))
        position = MailboxPosition(validity, uid)
    return Messages(position, tuple(messages), more=bool(uids) and position.uid < uids[-1])


def _search(mailbox: imaplib.IMAP4, what: str) -> list[int]:
    """Return the numbers of messages, in ascending order."""
    status, found = mailbox.uid("SEARCH", *what.split(" "))
    if status != "OK":
        raise imaplib.IMAP4.error("the search was refused")
    return sorted({int(uid) for uid in (found[0] or b"").split()})


def _sign_in(mailbox: imaplib.IMAP4, place: MailboxPlace, password: str) -> None:
    answer: Callable[[bytes], bytes] = lambda _: f"\0{place.username}\0{password}".encode()  # noqa: E731 - imaplib's
    try:
        if "AUTH=PLAIN" in mailbox.capabilities:
            mailbox.authenticate("PLAIN", answer)
        else:
            mailbox.login(place.username, password)
    except (imaplib.IMAP4.abort, OSError):
        raise
    except (imaplib.IMAP4.error, UnicodeError):
        raise BadInput(
            f"{place.host} refuses the user or the password of the mailbox.",
            fix="Set the password again with 'firstword inlets password NAME'.",
        ) from None


class _GuardedImap(imaplib.IMAP4):
    """A connection to an allowed address; the address that was checked is the one that is connected to."""

    def __init__(
        self, place: MailboxPlace, allowed: AllowedAddresses, context: ssl.SSLContext | None, line: MailboxLine
    ) -> None:
        self._allowed = allowed
        self._context = context
        self._line = line
        super().__init__(place.host, place.port, TIMEOUT_SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        failure: OSError | None = None
        for address in self._addresses():
            try:
                connected = socket.create_connection((address, self.port), timeout)
                break
            except OSError as error:
                failure = error
        else:
            raise failure or OSError("There is no address to connect to.")
        if self._context is None:
            self._line.use(connected)
            return connected
        try:
            secured = self._context.wrap_socket(connected, server_hostname=self.host, do_handshake_on_connect=False)
        except BaseException:
            connected.close()
            raise
        try:
            self._line.use(secured)  # wrapping has taken the descriptor from the socket below
            secured.do_handshake()
        except BaseException:
            secured.close()
            raise
        return secured

    def _addresses(self) -> list[str]:
        try:
            infos = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise Unreachable(f"The host {self.host} can't be found.", fix="Check the spelling.") from error
        found = list(dict.fromkeys(str(info[4][0]) for info in infos))
        refusals = {address: refusal_reason(self.host, address, self.port, self._allowed) for address in found}
        usable = [address for address in found if refusals[address] is None]
        if not usable:
            raise BadInput(
                f"{self.host} is {next(iter(refusals.values()), 'nowhere')}. Firstword does not connect there.",
                fix=f"If this is intended, add {self.host}:{self.port} to FIRSTWORD_ALLOW_PRIVATE.",
            )
        return usable


def _is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
