"""The routing table of one service: its endpoints under /api/v1, and what has no version."""

import re
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tiketi.infra.http.dispatch import Dispatch
from tiketi.infra.http.errors import MethodNotAllowed, UnknownApiVersion
from tiketi.infra.http.routes import Endpoint
from tiketi.infra.http.sockets import SocketDispatch, SocketEndpoint
from tiketi.infra.http.table import Table
from tiketi.infra.middleware.request import Asgi, Scope
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound

SUPPORTED_VERSIONS = ("v1",)
API_PREFIX = "/api/v1"
UNKNOWN_SOCKET = 4404
_VERSION_SEGMENT = re.compile(r"^/api/(v[0-9]+)(?=/|$)")


class ByMethod:
    """One path: each of its methods to its own application, any other refused with 405."""

    def __init__(self, by_method: dict[str, Asgi]) -> None:
        self._by_method = by_method
        self._allow = {*by_method, *({"HEAD"} if "GET" in by_method else ())}

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        method = scope["method"]
        if method == "HEAD" and "HEAD" in self._allow:
            await self._by_method["GET"](scope, receive, _without_body(send))
            return
        app = self._by_method.get(method)
        if app is None:
            raise MethodNotAllowed(self._allow)
        await app(scope, receive, send)


class Router:
    """Requests and sockets to their applications; the parameters are in ``path_params``."""

    def __init__(self, requests: dict[str, Asgi], sockets: dict[str, Asgi]) -> None:
        self._requests, self._sockets = Table[Asgi](), Table[Asgi]()
        for table, apps in ((self._requests, requests), (self._sockets, sockets)):
            for path, app in apps.items():
                table.add(path, app)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        table = self._requests if scope["type"] == "http" else self._sockets
        found = table.find(scope["path"])
        if found is None:
            await _nothing_here(scope, receive, send)
            return
        app, scope["path_params"] = found
        await app(scope, receive, send)


def build_router(
    runtime: Runtime,
    endpoints: Iterable[Endpoint],
    operations: dict[str, Asgi],
    sockets: Iterable[SocketEndpoint] = (),
) -> Router:
    """``operations`` are the unversioned GETs: health, metrics, documents."""
    paths: dict[str, dict[str, Asgi]] = defaultdict(dict)
    for path, app in operations.items():
        paths[path]["GET"] = app
    for endpoint in endpoints:
        paths[API_PREFIX + endpoint.path][endpoint.method] = Dispatch(runtime, endpoint)
    return Router(
        {path: ByMethod(by_method) for path, by_method in paths.items()},
        {API_PREFIX + socket.path: SocketDispatch(runtime, socket) for socket in sockets},
    )


async def _nothing_here(scope: Scope, _receive: Any, send: Any) -> None:
    if scope["type"] == "websocket":
        # Not accepted: the handshake itself is refused.
        await send({"type": "websocket.close", "code": UNKNOWN_SOCKET})
        return
    version = _VERSION_SEGMENT.match(scope["path"])
    if version and version[1] not in SUPPORTED_VERSIONS:
        raise UnknownApiVersion(
            f"There is no version {version[1]} of this API.", supported=list(SUPPORTED_VERSIONS)
        )
    raise NotFound


def _without_body(send: Any) -> Any:
    async def send_head(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return send_head
