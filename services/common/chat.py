"""Asks any endpoint that is compatible with OpenAI's chat completions. Shows no secrets.

What is asked, and whether an answer is good for anything, is for the caller to decide.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from services.common.errors import Unreachable
from services.common.http_errors import FetchFailed
from services.common.post import HttpClient

__all__ = ["Chat", "ChatSettings", "EndpointPause", "ModelAnswer", "ModelFailed", "OpenAiChat"]

#: A token has at least this many characters. For an estimate; the answer says how many tokens it took.
CHARACTERS_PER_TOKEN = 3
#: Characters of an endpoint's error message that are shown.
COMPLAINT = 160
#: Pause after a failure of the model. Each further failure doubles it, up to the second value.
PAUSE, LONGEST_PAUSE = timedelta(seconds=15), timedelta(minutes=10)


class ModelFailed(Unreachable):
    """No readable answer came. With ``pointless``, asking the same again would fail again."""

    def __init__(self, message: str, *, fix: str | None = None, pointless: bool = False) -> None:
        super().__init__(message, fix=fix)
        self.pointless = pointless


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """The address and the limits of the model: ``url`` ends in ``/v1``; ``max_tokens`` limits an answer.

    ``variables`` is the prefix of the environment variables that set them, for messages.
    """

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    max_tokens: int = 400
    variables: str = "FIRSTWORD_LLM"


@dataclass(frozen=True, slots=True)
class ModelAnswer:
    """A model's answer, and how many tokens question and answer took."""

    text: str
    tokens: int


class Chat(Protocol):
    """A language model."""

    @property
    def model(self) -> str:
        """Return the name that people see."""
        ...

    def estimate_tokens(self, system: str, user: str) -> int:
        """Return about how many tokens the question and its answer take."""
        ...

    async def answer(self, system: str, user: str, schema: Mapping[str, Any] | None = None) -> ModelAnswer:
        """Ask once. ``schema`` is the JSON Schema that the answer must have.

        Raises:
            ModelFailed: no readable answer came.
        """
        ...


class OpenAiChat:
    """A model behind ``POST {url}/chat/completions``. ``http`` limits time and size."""

    def __init__(self, http: HttpClient, settings: ChatSettings) -> None:
        self._http = http
        self._settings = settings
        self._url = f"{settings.url.rstrip('/')}/chat/completions"

    @property
    def model(self) -> str:
        """Return the name by which the endpoint knows the model."""
        return self._settings.model

    def estimate_tokens(self, system: str, user: str) -> int:
        """Return the limit of an answer, plus the question at three characters per token."""
        return self._settings.max_tokens + (len(system) + len(user)) // CHARACTERS_PER_TOKEN

    async def answer(self, system: str, user: str, schema: Mapping[str, Any] | None = None) -> ModelAnswer:
        """Ask once; redirects are not followed. ``schema`` is the JSON Schema that the answer must have.

        Raises:
            ModelFailed: no readable answer came.
        """
        question: dict[str, Any] = {
            "model": self._settings.model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "max_tokens": self._settings.max_tokens,
            "temperature": 0,
            "stream": False,
        }
        if schema is not None:
            named = {"name": "answer", "strict": True, "schema": schema}
            question["response_format"] = {"type": "json_schema", "json_schema": named}
        headers = {"content-type": "application/json", "accept": "application/json"}
        if self._settings.key is not None:
            headers["authorization"] = f"Bearer {self._settings.key}"
        try:
            fetched = await self._http.request(
                "POST", self._url, headers=headers, content=json.dumps(question, ensure_ascii=False).encode()
            )
        except FetchFailed as error:
            raise ModelFailed(f"The language model is unreachable: {error}") from error
        if fetched.status != 200:
            raise self._refused(fetched.status, fetched.body)
        return _said(fetched.body, self.estimate_tokens(system, user), self._settings.variables)

    def _refused(self, status: int, body: bytes) -> ModelFailed:
        complaint = " ".join(body.decode(errors="replace").split())[:COMPLAINT]
        if self._settings.key:
            complaint = complaint.replace(self._settings.key, "…")
        variables = self._settings.variables
        fix = {
            401: f"Check {variables}_KEY.",
            403: f"Check {variables}_KEY.",
            404: f"Check {variables}_URL, which ends in /v1, and {variables}_MODEL.",
        }.get(status)
        pointless = 400 <= status < 500 and status not in (401, 403, 404, 408, 429)
        return ModelFailed(f"The language model answered {status}: {complaint}", fix=fix, pointless=pointless)


def _said(body: bytes, estimated: int, variables: str) -> ModelAnswer:
    """Return the text of the first choice. A truncated or withheld answer is an error."""
    try:
        answer: Any = json.loads(body)
        choice = answer["choices"][0]
        text = choice["message"]["content"]
    except (ValueError, LookupError, TypeError):
        raise ModelFailed("The language model's answer is not a chat completion.") from None
    if choice.get("finish_reason") == "length":
        raise ModelFailed("The language model's answer was cut off.", fix=f"Raise {variables}_MAX_TOKENS.")
    usage = answer.get("usage") if isinstance(answer.get("usage"), dict) else {}
    total = usage.get("total_tokens")
    tokens = total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else estimated
    return ModelAnswer(text if isinstance(text, str) else "", tokens)


class EndpointPause:
    """Leaves an endpoint alone: after failures, each time longer; once a day's limit is spent, until midnight (UTC)."""

    def __init__(self) -> None:
        self._failures = 0
        self._until: datetime | None = None

    def active(self, now: datetime) -> bool:
        """Return whether the endpoint is to be left alone at ``now``."""
        return self._until is not None and now < self._until

    def answered(self) -> None:
        """Note that the endpoint works."""
        self._failures = 0

    def failed(self, now: datetime) -> timedelta:
        """Pause after a failure; return for how long."""
        self._failures += 1
        doublings: int = min(self._failures - 1, 10)
        wait = min(PAUSE * (1 << doublings), LONGEST_PAUSE)
        self._until = now + wait
        return wait

    def spent(self, now: datetime) -> timedelta:
        """Pause until midnight (UTC); return for how long."""
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
        self._until = midnight
        return midnight - now
