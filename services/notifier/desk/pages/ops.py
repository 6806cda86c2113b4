"""For machines that look after this one: alive, ready, and figures."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from services.common.db import reading
from services.notifier.desk.web import Site, site_of

__all__ = ["router"]

router = APIRouter()


@router.get("/healthz")
def healthz() -> Response:
    """This process answers."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """Whether the database answers and everything has started."""
    waiting = not_ready(site_of(request))
    return JSONResponse({"ready": not waiting, "waiting_for": waiting}, status_code=503 if waiting else 200)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Prometheus' figures, for this machine or by token."""
    site = site_of(request)
    if site.deps.metrics is None or not _may_measure(request, site):
        return PlainTextResponse("Not found\n", status_code=404)
    return Response(generate_latest(site.deps.metrics), media_type=CONTENT_TYPE_LATEST)


def not_ready(site: Site) -> list[str]:
    """What is still waited for."""
    try:
        with reading(site.deps.engine) as connection:
            connection.execute(select(1))
    except SQLAlchemyError:
        return ["database"]
    return list(site.deps.ready())


def _may_measure(request: Request, site: Site) -> bool:
    token = site.deps.settings.metrics_token
    if token is not None:
        return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers or request.client is None:
        return False  # through a proxy, everybody seems to be on this machine
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
