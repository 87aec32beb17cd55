"""One call as a handler sees it: who, what, and the process it runs in."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar
from uuid import UUID

from starlette.requests import Request

from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import parse_id

BodyT = TypeVar("BodyT")
QueryT = TypeVar("QueryT")


@dataclass(slots=True)
class Call(Generic[BodyT, QueryT]):
    """``body`` and ``query`` are the endpoint's models, None where it declares none.

    ``raw`` is the body's bytes, ``claims`` those of the token or receipt that was shown, ``route``
    the endpoint's path with its parameters still in braces. ``found`` is what the endpoint's guard
    looked at.
    """

    runtime: Runtime
    request: Request
    request_id: str
    route: str
    now: datetime
    body: BodyT
    query: QueryT
    raw: bytes = b""
    found: Any = None
    caller: Actor | None = None
    claims: dict[str, Any] = field(default_factory=dict)
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)

    @property
    def actor(self) -> Actor:
        """The signed-in caller; the endpoint's access rule made sure that there is one."""
        if self.caller is None:
            raise AssertionError("a public endpoint has no actor")
        return self.caller

    def path_id(self, name: str) -> UUID:
        """The UUID in the path; a malformed one is as unknown as any other: NotFound."""
        found = parse_id(self.request.path_params[name])
        if found is None:
            raise NotFound
        return found

    def path_text(self, name: str) -> str:
        text: str = self.request.path_params[name]
        if "\x00" in text or not text.isprintable():
            raise NotFound
        return text


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished answer, for handlers that decide more than a body."""

    content: bytes
    status: int = 200
    media_type: str = "application/json"
    headers: tuple[tuple[bytes, bytes], ...] = ()
