"""The process that reads documents for :class:`services.ingest.readers.InProcesses`, one after the other.

It writes ``READY`` once it has started. Then it gets requests on standard input and answers on standard output, each as
its size and its pickle, and ends when its input does, that is with the process that started it. It writes no file and
may not use more memory than it was told.
"""

from __future__ import annotations

import gc
import os
import pickle
import signal
import sys
from typing import BinaryIO

# Imported before the limits apply.
import services.ingest.articles.page
import services.ingest.fetch.discover
import services.ingest.inlets.files
import services.ingest.inlets.page
import services.ingest.inlets.page_text
import services.ingest.inlets.pushed
import services.ingest.parse.advisory
import services.ingest.parse.csaf_lists
import services.ingest.parse.feed
import services.ingest.parse.sec_companies  # noqa: F401
from services.ingest.reader_messages import READY, SIZE_BYTES


def main() -> None:
    """Answer requests until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the process that started this one
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # nothing that is printed may get between the answers
    _limit(int(sys.argv[1]))
    gc.freeze()  # the collector need not look through what was imported
    answers.write(READY)
    answers.flush()
    while (size := requests.read(SIZE_BYTES)) and len(size) == SIZE_BYTES:
        _answer(answers, requests.read(int.from_bytes(size)))


def _answer(answers: BinaryIO, request: bytes) -> None:
    try:
        function, arguments, named = pickle.loads(request)  # noqa: S301 - from the process that started this one
        message = pickle.dumps((True, function(*arguments, **named)))
    except Exception as error:
        message = pickle.dumps((False, _sendable(error)))
    answers.write(len(message).to_bytes(SIZE_BYTES) + message)
    answers.flush()


def _sendable(error: Exception) -> Exception:
    """Return ``error``, or what says the same if it can't be sent to another process."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - its own
    except Exception:
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _limit(memory_bytes: int) -> None:
    """Limit the memory, and allow no file to be written. Other systems than Linux don't enforce such limits."""
    if sys.platform != "linux":
        return
    import resource

    for kind, limit in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (limit, limit))


if __name__ == "__main__":
    main()
