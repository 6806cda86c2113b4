"""Endpoints for monitoring: liveness, readiness and metrics."""

from __future__ import annotations

import hmac
from ipaddress import ip_address

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from services.notifier.desk.actions.health import not_ready
from services.notifier.desk.context import site_of
from services.notifier.desk.dependencies import DeskDependencies

__all__ = ["router"]

router = APIRouter()


@router.get("/healthz")
def healthz() -> Response:
    """Answer if this process runs."""
    return PlainTextResponse("ok\n")


@router.get("/readyz")
def readyz(request: Request) -> Response:
    """Answer 200 if the database answers and everything has started, else 503."""
    waiting = not_ready(site_of(request).dependencies)
    return JSONResponse({"ready": not waiting, "waiting_for": waiting}, status_code=503 if waiting else 200)


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """Return Prometheus metrics, to this machine or with the token."""
    dependencies = site_of(request).dependencies
    if dependencies.metrics is None or not _may_measure(request, dependencies):
        return PlainTextResponse("Not found\n", status_code=404)
    return Response(generate_latest(dependencies.metrics), media_type=CONTENT_TYPE_LATEST)


def _may_measure(request: Request, dependencies: DeskDependencies) -> bool:
    token = dependencies.settings.metrics_token
    if token is not None:
        return hmac.compare_digest(request.headers.get("authorization", "").encode(), f"Bearer {token}".encode())
    if "x-forwarded-for" in request.headers or "forwarded" in request.headers or request.client is None:
        return False  # behind a proxy, everybody seems to be on this machine
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:
        return False
