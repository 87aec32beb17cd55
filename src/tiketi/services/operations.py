"""What every service answers beside its API: probes, metrics, documents."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import orjson
from sqlalchemy import text
from starlette.responses import Response

import tiketi
from tiketi.infra.http.openapi import build_document
from tiketi.infra.http.reference import render_reference
from tiketi.infra.http.routes import Endpoint
from tiketi.infra.middleware.request import Asgi, Scope
from tiketi.infra.runtime import Runtime
from tiketi.infra.telemetry import METRICS_MEDIA_TYPE, are_shared, render_metrics
from tiketi.kernel.errors import Unavailable
from tiketi.services.registry import Service

READY_TIMEOUT_SECONDS = 2.0
_PING = text("SELECT 1")


def operations(
    service: Service, runtime: Runtime, endpoints: Sequence[Endpoint]
) -> dict[str, Asgi]:
    """The unversioned paths and their applications."""
    document = orjson.dumps(build_document(service.name, endpoints))
    alive = orjson.dumps({"status": "ok", "service": service.name, "version": tiketi.__version__})

    async def ready() -> Response:
        return await _ready(service, runtime)

    async def key_set() -> Response:
        return Response(
            orjson.dumps(runtime.keys.jwks()),
            media_type="application/json",
            headers={"cache-control": "public, max-age=300"},
        )

    found = {
        "/health": _fixed(alive, "application/json"),
        "/health/ready": _answering(ready),
        "/metrics": _metrics,
        "/openapi.json": _fixed(document, "application/json"),
        "/docs": _fixed(render_reference(service.name).encode(), "text/html; charset=utf-8"),
    }
    if "auth" in service.modules:
        found["/.well-known/jwks.json"] = _answering(key_set)
    return found


def _fixed(content: bytes, media_type: str) -> Asgi:
    async def answer() -> Response:
        return Response(content, media_type=media_type)

    return _answering(answer)


def _answering(make: Callable[[], Awaitable[Response]]) -> Asgi:
    async def app(scope: Scope, receive: Any, send: Any) -> None:
        await (await make())(scope, receive, send)

    return app


async def _metrics(scope: Scope, receive: Any, send: Any) -> None:
    # Adding up eight processes takes 17 ms, which nobody else is to wait for.
    text = await asyncio.to_thread(render_metrics) if are_shared() else render_metrics()
    await Response(text, media_type=METRICS_MEDIA_TYPE)(scope, receive, send)


async def _ready(service: Service, runtime: Runtime) -> Response:
    """200 when every dependency answers in time and the process is not leaving; else 503."""
    database, redis = await asyncio.gather(
        _state_of(_ping_database(runtime)), _state_of(runtime.redis.command("PING"))
    )
    process = "draining" if runtime.draining else "ok" if runtime.is_settled() else "starting"
    dependencies = {"process": process, "database": database, "redis": redis}
    is_ready = all(state == "ok" for state in dependencies.values())
    body = {
        "status": "ready" if is_ready else "unavailable",
        "service": service.name,
        "dependencies": dependencies,
    }
    return Response(
        orjson.dumps(body),
        200 if is_ready else 503,
        media_type="application/json",
        headers={"cache-control": "no-store", **({} if is_ready else {"retry-after": "2"})},
    )


async def _ping_database(runtime: Runtime) -> None:
    async with runtime.database.latest() as reader:
        await reader.execute(_PING)


async def _state_of(probe: Awaitable[Any]) -> str:
    try:
        async with asyncio.timeout(READY_TIMEOUT_SECONDS):
            await probe
    except (Unavailable, TimeoutError):
        return "unavailable"
    return "ok"
