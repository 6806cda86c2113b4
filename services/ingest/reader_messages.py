"""The form of the messages between the process that polls and those that read documents.

Apart from both, because a process that reads needs nothing else of :mod:`services.ingest.readers`.
"""

from __future__ import annotations

__all__ = ["READY", "SIZE_BYTES"]

#: The size of a message is written in front of it with this many bytes.
SIZE_BYTES = 8
#: What a process writes when it has started.
READY = b"+"
