"""Endpoints as data: the router, the OpenAPI document and the tests read the same list."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pydantic import BaseModel

from tiketi.infra.http.call import Call
from tiketi.infra.http.sockets import SocketEndpoint, SocketHandler
from tiketi.infra.rate_limit import Limit
from tiketi.kernel.actor import Role
from tiketi.kernel.errors import TiketiError

Handler = Callable[[Call[Any, Any]], Awaitable[Any]]
Guard = Callable[[Call[Any, Any]], Awaitable[object]]


class Access(Enum):
    """Who may call: a set of roles, or anybody."""

    PUBLIC = None
    USER = frozenset(Role)
    CREW = frozenset({Role.STAFF, Role.ORGANIZER, Role.ADMIN})
    ORGANIZER = frozenset({Role.ORGANIZER, Role.ADMIN})
    ADMIN = frozenset({Role.ADMIN})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One call of the contract.

    ``answer`` is the model of a success, None for no body, or a media type for anything else.
    ``takes_receipt`` lets a Queue-Receipt stand in for the access token. ``guard`` raises NotFound
    for a path that names nothing the caller may see; it runs before the body is read, and what it
    gives is the call's ``found``. ``detached``: a write goes on to its end when its client goes
    away; one that is a single bounded script, and may be repeated, need not.
    """

    method: str
    path: str
    handler: Handler
    module: str
    status: int = 200
    access: Access = Access.USER
    body: type[BaseModel] | None = None
    body_optional: bool = False
    raw_body: bool = False
    query: type[BaseModel] | None = None
    answer: Any = None
    limit: Limit = Limit.ACTING
    idempotent: bool = False
    queue_pass: bool = False
    takes_receipt: bool = False
    guard: Guard | None = None
    errors: tuple[type[TiketiError], ...] = ()
    detached: bool = True

    @property
    def name(self) -> str:
        return self.handler.__name__

    @property
    def writes(self) -> bool:
        return self.method != "GET"


@dataclass
class Routes:
    """A module's endpoints, all under one prefix."""

    prefix: str
    endpoints: list[Endpoint] = field(default_factory=list)
    sockets: list[SocketEndpoint] = field(default_factory=list)

    def get(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("GET", path, options)

    def post(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("POST", path, options)

    def put(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("PUT", path, options)

    def patch(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("PATCH", path, options)

    def delete(self, path: str, **options: Any) -> Callable[[Handler], Handler]:
        return self._add("DELETE", path, {"status": 204, **options})

    def socket(self, path: str) -> Callable[[SocketHandler], SocketHandler]:
        """A WebSocket."""

        def register(handler: SocketHandler) -> SocketHandler:
            self.sockets.append(SocketEndpoint(f"/{self.prefix}{path}", handler))
            return handler

        return register

    def _add(self, method: str, path: str, options: dict[str, Any]) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            endpoint = Endpoint(
                method=method,
                path=f"/{self.prefix}{path}",
                handler=handler,
                module=self.prefix,
                **options,
            )
            self.endpoints.append(endpoint)
            return handler

        return register
