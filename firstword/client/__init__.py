"""A typed Python client of Firstword's HTTP API. It needs httpx and pydantic, and nothing else of Firstword.

``models`` and ``operations`` are generated from the API's OpenAPI document (``scripts/api_client.py``).
"""

from __future__ import annotations

from firstword.client import models
from firstword.client.operations import Desk
from firstword.client.transport import ApiError, each

__all__ = ["ApiError", "Desk", "each", "models"]
