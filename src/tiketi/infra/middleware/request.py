"""The outermost layer: a request id, one log line, the metrics, and no error left unrendered."""

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog

from tiketi.infra.http.errors import InternalError
from tiketi.infra.problem import render_problem
from tiketi.infra.telemetry import count_request, log_request
from tiketi.kernel.errors import TiketiError
from tiketi.kernel.ids import new_id_text

log = structlog.get_logger("tiketi.request")

Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Any, Any], Awaitable[None]]

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,128}")
# W3C Trace Context, version 00.
_TRACEPARENT = re.compile(rb"00-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_NO_ROUTE = "unmatched"
_QUIET_PATHS = frozenset({"/health", "/health/ready", "/metrics"})


def request_id_of(scope: Scope) -> str:
    """The caller's own id where it is well formed, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _REQUEST_ID.fullmatch(value):
            given: str = value.decode()
            return given
    return new_id_text()


class RequestMiddleware:
    def __init__(self, app: Asgi, service: str) -> None:
        self._app = app
        self._service = service

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        await _Exchange(self._app, self._service, scope, send).run(receive)


class _Exchange:
    """One request and its answer."""

    __slots__ = ("_app", "_request_id", "_scope", "_send", "_service", "_status")

    def __init__(self, app: Asgi, service: str, scope: Scope, send: Any) -> None:
        self._app, self._service, self._scope, self._send = app, service, scope, send
        self._status = 0
        self._request_id = request_id_of(scope)

    async def run(self, receive: Any) -> None:
        scope, started = self._scope, time.perf_counter()
        scope["tiketi.request_id"] = self._request_id
        scope["tiketi.headers"] = [(b"x-request-id", self._request_id.encode())]
        try:
            await self._app(scope, receive, self._send_with_headers)
        except TiketiError as error:
            await self._refuse(error)
        except Exception:  # a bug: logged whole, and answered as one
            log.exception("request_broke", request_id=self._request_id)
            await self._refuse(InternalError())
        finally:
            self._record(time.perf_counter() - started)

    async def _send_with_headers(self, message: MutableMapping[str, Any]) -> None:
        if message["type"] == "http.response.start":
            self._status = message["status"]
            message["headers"] = [*message.get("headers", ()), *self._scope["tiketi.headers"]]
        await self._send(message)

    async def _refuse(self, error: TiketiError) -> None:
        if self._status:
            # The answer has begun: all that is left is to break it off, which the server does.
            raise error
        status, headers, body = render_problem(error, self._request_id)
        headers.append((b"content-length", str(len(body)).encode()))
        await self._send_with_headers(
            {"type": "http.response.start", "status": status, "headers": headers}
        )
        head_only = self._scope["method"] == "HEAD"
        await self._send({"type": "http.response.body", "body": b"" if head_only else body})

    def _record(self, seconds: float) -> None:
        scope = self._scope
        route, method = scope.get("tiketi.route", _NO_ROUTE), scope["method"]
        count_request(self._service, route, method, self._status, seconds)
        if scope["path"] in _QUIET_PATHS:
            return
        log_request(
            service=self._service,
            request_id=self._request_id,
            trace_id=_trace_id_of(scope),
            method=method,
            path=scope["path"],
            route=route,
            status=self._status,
            duration_ms=round(seconds * 1000, 2),
            user_id=scope.get("tiketi.user_id"),
        )


def _trace_id_of(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"traceparent" and (trace := _TRACEPARENT.fullmatch(value)):
            trace_id: str = trace[1].decode()
            return trace_id
    return None
