"""Requests to the API: authentication, problems, safe repeats and pages of a list."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import quote

import httpx
from pydantic import BaseModel, TypeAdapter

__all__ = ["ApiError", "Transport", "each"]

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
PREFIX = "/api/v1"
#: Seconds before a request without an answer is repeated, unless the answer names another time.
PAUSE = 1.0
#: The desk was too busy or its database away; it changed nothing.
REPEATABLE = (429, 503)


class ApiError(Exception):
    """A problem (RFC 9457) with which the API refused a request."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.type = str(problem.get("type", "about:blank"))
        self.detail = str(problem.get("detail", f"The desk answered {status}."))
        self.fix: str | None = problem.get("fix")
        self.problem = dict(problem)
        super().__init__(f"{self.detail} {self.fix}" if self.fix else self.detail)


class Transport:
    """A connection to a desk.

    ``address`` is the desk's, such as ``https://desk.example``. A request that is safe to repeat (every one, since each
    POST has an idempotency key) is repeated up to ``repeats`` times if the connection breaks or the desk is too busy.
    """

    def __init__(
        self,
        address: str,
        token: str,
        *,
        timeout: float = 30,
        repeats: int = 2,
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._base = address.rstrip("/") + PREFIX
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._repeats = repeats
        self._http = http or httpx.Client(timeout=timeout)
        self._sleep = sleep

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _request(
        self,
        result: type[T],
        method: str,
        path: str,
        *,
        places: Mapping[str, str] | None = None,
        query: Mapping[str, Any] | None = None,
        body: BaseModel | None = None,
        key: str | None = None,
    ) -> T:
        """Send a request and return its answer as ``result``.

        Raises:
            ApiError: the desk refused it.
            httpx.HTTPError: the desk can't be reached.
        """
        url = self._base + path.format(**{name: quote(value, safe="") for name, value in (places or {}).items()})
        headers = dict(self._headers)
        if method == "POST":
            headers["Idempotency-Key"] = key or str(uuid.uuid4())
        sent = {
            "params": {name: _plain(value) for name, value in (query or {}).items() if value is not None},
            "json": None if body is None else body.model_dump(mode="json", exclude_unset=True),
            "headers": headers,
        }
        answer = self._send(method, url, sent)
        if answer.is_success:
            return TypeAdapter(result).validate_json(answer.content)
        raise ApiError(answer.status_code, _problem(answer))

    def _send(self, method: str, url: str, sent: Mapping[str, Any]) -> httpx.Response:
        for left in range(self._repeats, -1, -1):
            try:
                answer = self._http.request(method, url, **sent)
            except httpx.TransportError:
                if not left:
                    raise
                self._sleep(PAUSE)
                continue
            if answer.status_code not in REPEATABLE or not left:
                break
            self._sleep(_pause(answer))
        return answer


class _Page(Protocol[T_co]):
    @property
    def items(self) -> Sequence[T_co]: ...

    @property
    def next(self) -> str | None: ...


def each(operation: Callable[..., _Page[T]], **filters: Any) -> Iterator[T]:
    """Yield every entry of a list, fetching its pages as they are needed: ``each(desk.list_drafts)``."""
    cursor: str | None = ""
    while cursor is not None:
        page = operation(cursor=cursor, **filters)
        yield from page.items
        cursor = page.next


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _pause(answer: httpx.Response) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else PAUSE


def _problem(answer: httpx.Response) -> Mapping[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
