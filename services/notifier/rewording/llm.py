"""Asks any endpoint that is compatible with OpenAI's chat completions. Shows no secrets."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Protocol

from services.common.errors import Unreachable
from services.common.http_errors import FetchFailed
from services.common.post import HttpClient

__all__ = ["Chat", "ChatSettings", "ModelAnswer", "ModelFailed", "OpenAiChat"]

#: A token has at least this many characters. For an estimate; the answer says how many tokens it took.
CHARACTERS_PER_TOKEN = 3
#: Characters of an endpoint's error message that are shown.
COMPLAINT = 160


class ModelFailed(Unreachable):
    """No readable answer came. With ``pointless``, asking the same again would fail again."""

    def __init__(self, message: str, *, fix: str | None = None, pointless: bool = False) -> None:
        super().__init__(message, fix=fix)
        self.pointless = pointless


@dataclass(frozen=True, slots=True)
class ChatSettings:
    """The address and the limits of the model: ``url`` ends in ``/v1``; ``max_tokens`` limits an answer."""

    url: str
    model: str
    key: str | None = field(default=None, repr=False)
    max_tokens: int = 400


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

    async def answer(self, system: str, user: str) -> ModelAnswer:
        """Ask once.

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

    async def answer(self, system: str, user: str) -> ModelAnswer:
        """Ask once; redirects are not followed.

        Raises:
            ModelFailed: no readable answer came.
        """
        question = {
            "model": self._settings.model,
            "messages": [{"role": "system", "content": system}, {"role": "user", "content": user}],
            "max_tokens": self._settings.max_tokens,
            "temperature": 0,
            "stream": False,
        }
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
        return _said(fetched.body, self.estimate_tokens(system, user))

    def _refused(self, status: int, body: bytes) -> ModelFailed:
        complaint = " ".join(body.decode(errors="replace").split())[:COMPLAINT]
        if self._settings.key:
            complaint = complaint.replace(self._settings.key, "…")
        fix = {
            401: "Check FIRSTWORD_LLM_KEY.",
            403: "Check FIRSTWORD_LLM_KEY.",
            404: "Check FIRSTWORD_LLM_URL, which ends in /v1, and FIRSTWORD_LLM_MODEL.",
        }.get(status)
        pointless = 400 <= status < 500 and status not in (401, 403, 404, 408, 429)
        return ModelFailed(f"The language model answered {status}: {complaint}", fix=fix, pointless=pointless)


def _said(body: bytes, estimated: int) -> ModelAnswer:
    """Return the text of the first choice. A truncated or withheld answer is an error."""
    try:
        answer: Any = json.loads(body)
        choice = answer["choices"][0]
        text = choice["message"]["content"]
    except (ValueError, LookupError, TypeError):
        raise ModelFailed("The language model's answer is not a chat completion.") from None
    if choice.get("finish_reason") == "length":
        raise ModelFailed("The language model's answer was cut off.", fix="Raise FIRSTWORD_LLM_MAX_TOKENS.")
    usage = answer.get("usage") if isinstance(answer.get("usage"), dict) else {}
    total = usage.get("total_tokens")
    tokens = total if isinstance(total, int) and not isinstance(total, bool) and total >= 0 else estimated
    return ModelAnswer(text if isinstance(text, str) else "", tokens)
