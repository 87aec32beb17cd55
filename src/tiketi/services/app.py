"""A service as one ASGI application: its modules' routes, the operations, the gateway duties."""

from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from tiketi.infra.http.router import build_router
from tiketi.infra.http.routes import Endpoint, Routes
from tiketi.infra.http.sockets import SocketEndpoint
from tiketi.infra.loops import Loop
from tiketi.infra.middleware.bounds import BodyBounds
from tiketi.infra.middleware.request import Asgi, RequestMiddleware, Scope
from tiketi.infra.runtime import Runtime, open_runtime
from tiketi.payments.api import open_providers
from tiketi.planning.api import open_fleet
from tiketi.services.lifespan import Lifespan
from tiketi.services.operations import operations
from tiketi.services.registry import SERVICES, Service
from tiketi.services.revocation import is_revoked
from tiketi.settings import Settings


class App:
    """The ASGI application. ``begin_drain`` turns readiness to 503 before the server stops."""

    def __init__(self, service: Service, runtime: Runtime) -> None:
        self.service = service
        self.runtime = runtime
        open_fleet(runtime, SERVICES)
        endpoints = endpoints_of(service)
        self._lifespan = Lifespan(runtime, loops_of(service))
        routed: Asgi = build_router(
            runtime, endpoints, operations(service, runtime, endpoints), sockets_of(service)
        )
        bounded = BodyBounds(
            routed,
            bytes_max=runtime.settings.body_bytes_max,
            seconds_max=runtime.settings.body_timeout_seconds,
        )
        self._http: Asgi = RequestMiddleware(bounded, service.name)

    async def __call__(self, scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(scope, receive, send)
        else:
            await self._http(scope, receive, send)

    def begin_drain(self) -> None:
        self.runtime.begin_drain()


def build_app(service: Service, settings: Settings) -> App:
    """The service's application over the stores that the settings name."""
    runtime = open_runtime(settings, service=service.name, pools=service.pools)
    if service.refuses_revoked_tokens:
        runtime.is_revoked = is_revoked
    if "payments" in service.modules:
        open_providers(runtime)
    return App(service, runtime)


def endpoints_of(service: Service) -> list[Endpoint]:
    """The endpoints of the service's modules, as far as they lie under its own prefixes."""
    return [endpoint for routes in _routes_of(service) for endpoint in routes.endpoints]


def sockets_of(service: Service) -> list[SocketEndpoint]:
    """Its WebSockets, likewise."""
    return [socket for routes in _routes_of(service) for socket in routes.sockets]


def _routes_of(service: Service) -> Iterator[Routes]:
    for module in service.modules:
        if find_spec(f"tiketi.{module}.routes") is None:
            continue
        routes: Routes = import_module(f"tiketi.{module}.routes").routes
        if routes.prefix in service.prefixes:
            yield routes


def loops_of(service: Service) -> list[Loop]:
    """The background work that the registry gives the service, in its order."""
    known: dict[str, Loop] = {}
    for module in ("notifications", "auth", "queue", "seats", "reservations", "payments"):
        known |= {loop.name: loop for loop in import_module(f"tiketi.{module}.loops").LOOPS}
    return [known[name] for name in service.loops]
