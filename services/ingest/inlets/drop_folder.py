"""The folder of an inlet: files are put into it, read once, and moved to ``done`` or ``failed``.

Whoever may write into the folder must gain nothing else by it: no link is followed, neither as a file nor as one of the
folders, and only regular files with a single name are opened. Every path is relative to a folder that is held open.
"""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path, PurePath
from types import TracebackType

from services.common.errors import FirstwordError

__all__ = ["DropFolder", "FolderUnusable", "Refused", "create_drop_folder"]

DONE, FAILED = "done", "failed"
REASON = ".reason.txt"
#: A file that was written to within this time may not be complete yet.
SETTLED_SECONDS = 2.0
#: Programs write files under such names before they rename them.
_UNFINISHED = (".part", ".tmp", ".partial", ".crdownload", "~")
#: Bytes of a file's name that are kept: a file system takes 255, and the time and the ending are added.
_NAME_BYTES = 180
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
#: Without O_NONBLOCK, opening a pipe would wait for somebody to write into it.
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
#: What is there already, a link or a pipe that somebody put there, is never written to.
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


_LINK_ERRORS = (errno.ELOOP, errno.EMLINK)


class FolderUnusable(FirstwordError):
    """The folder is missing, is a link, or may not be used."""


class Refused(FirstwordError):
    """A file that is not read, whatever it contains."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    name: str
    modified_at: float


def create_drop_folder(folder: Path) -> None:
    """Create the folder with the two into which files are moved; what is there already stays.

    Raises:
        FolderUnusable: it can't be created.
    """
    try:
        for inner in (DONE, FAILED):
            (folder / inner).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise FolderUnusable(
            f"The folder {folder} can't be created: {error.strerror}.",
            fix="Let Firstword write to the folder above it.",
        ) from None


class DropFolder:
    """The folder, held open. Use it in a ``with`` statement.

    Raises:
        FolderUnusable: on entering, if it is missing or can't be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fds: list[int] = []

    def __enter__(self) -> DropFolder:
        try:
            self._fds.append(os.open(self.path, _FOLDER))
            self._fds += [os.open(inner, _FOLDER, dir_fd=self._fds[0]) for inner in (DONE, FAILED)]
        except OSError as error:
            self._close()
            raise FolderUnusable(
                f"The folder {self.path} or one in it can't be opened: {error.strerror}.",
                fix=f"Create it with {DONE} and {FAILED} in it as folders, not links, and let Firstword write there.",
            ) from None
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._close()

    def _close(self) -> None:
        for fd in self._fds:
            os.close(fd)
        self._fds = []

    def waiting(self, now: datetime) -> list[str]:
        """Return the names of files to read, those put in first coming first."""
        found: list[_Waiting] = []
        with os.scandir(self._fds[0]) as entries:
            for entry in entries:
                if entry.name.startswith(".") or entry.name.lower().endswith(_UNFINISHED):
                    continue
                with suppress(FileNotFoundError):  # it was taken away in the meantime
                    if entry.is_dir(follow_symlinks=False):
                        continue
                    modified_at = entry.stat(follow_symlinks=False).st_mtime
                    if not 0 <= now.timestamp() - modified_at < SETTLED_SECONDS:
                        found.append(_Waiting(entry.name, modified_at))
        return [file.name for file in sorted(found, key=lambda file: (file.modified_at, file.name))]

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return the content of a file.

        Raises:
            Refused: it is a link, no regular file, too large, or has a second name outside.
            FileNotFoundError: it was taken away.
        """
        # Before it is opened: to close the database under another name would drop its locks.
        if os.stat(name, dir_fd=self._fds[0], follow_symlinks=False).st_nlink != 1:
            raise Refused(
                f"{_shown(name)}: It is a hard link to a file elsewhere.", fix="Put in a copy of the file itself."
            )
        with self._opened(name) as fd:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise Refused(f"{_shown(name)}: It is not a file.", fix="Put in a copy of the file itself.")
            if found.st_size > most_bytes:
                raise Refused(
                    f"{_shown(name)}: It has {found.st_size / 1e6:,.0f} MB; the limit is {most_bytes / 1e6:,.0f} MB.",
                    fix="Split it.",
                )
            chunks: list[bytes] = []
            while sum(map(len, chunks)) <= most_bytes and (chunk := os.read(fd, 1 << 20)):
                chunks.append(chunk)
        return b"".join(chunks)[:most_bytes]

    @contextmanager
    def _opened(self, name: str) -> Iterator[int]:
        try:
            fd = os.open(name, _FILE, dir_fd=self._fds[0])
        except FileNotFoundError:
            raise
        except OSError as error:
            link = "It is a link. " if error.errno in _LINK_ERRORS else ""
            raise Refused(
                f"{_shown(name)}: {link}It can't be opened ({error.strerror}).",
                fix="Put in a copy of the file itself, which Firstword may read.",
            ) from None
        try:
            yield fd
        finally:
            os.close(fd)

    def finish(self, name: str, now: datetime, problems: tuple[str, ...] = ()) -> None:
        """Move a file to ``done``; with ``problems``, to ``failed``, beside a text that lists them."""
        target = self._fds[2] if problems else self._fds[1]
        moved = _free_name(f"{now:%Y%m%dT%H%M%SZ}-{_shortened(name)}", target)
        with suppress(FileNotFoundError):
            os.rename(name, moved, src_dir_fd=self._fds[0], dst_dir_fd=target)
        if problems:
            text = "\n".join(problems) + "\n"
            fd = os.open(moved + REASON, _NEW_FILE, 0o640, dir_fd=target)
            with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
                file.write(text)

    def failed(self) -> list[str]:
        """Return the names of the files in ``failed``, without the texts beside them."""
        with os.scandir(self._fds[2]) as entries:
            return sorted(entry.name for entry in entries if not entry.name.endswith(REASON))


def _shortened(name: str) -> str:
    """Return a name that is short enough to be made longer, with its ending."""
    if len(os.fsencode(name)) <= _NAME_BYTES:
        return name
    return os.fsencode(name)[: _NAME_BYTES - 80].decode("utf-8", "ignore") + PurePath(name).suffix[:20]


def _free_name(name: str, folder: int) -> str:
    number, free = 2, name
    while _exists(free, folder) or _exists(free + REASON, folder):
        free = f"{number}-{name}"
        number += 1
    return free


def _exists(name: str, folder: int) -> bool:
    try:
        os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _shown(name: str) -> str:
    """Return a file's name as text that can be stored: names may contain any bytes."""
    return os.fsencode(name).decode("utf-8", "replace")
