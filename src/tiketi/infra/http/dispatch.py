"""From a matched route to bytes: identity, budget, role, body, handler, answer; in that order."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from pydantic import BaseModel
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from tiketi.infra.http.body import check_length, check_media_type, parse_body, parse_query
from tiketi.infra.http.cacheable import CacheableAnswer
from tiketi.infra.http.call import Answer, Call
from tiketi.infra.http.errors import (
    MalformedJson,
    MalformedRequest,
    RateLimited,
    RequestTimedOut,
)
from tiketi.infra.http.identity import (
    actor_of_receipt,
    actor_of_token,
    address_of,
    bearer_of,
    header_of,
)
from tiketi.infra.http.routes import Access, Endpoint
from tiketi.infra.rate_limit import Budget, Counts, Limit, Verdict, spend
from tiketi.infra.runtime import Runtime
from tiketi.infra.tallies import Tallies
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.errors import Forbidden, Unauthenticated

Asgi = Callable[[Any, Any, Any], Awaitable[None]]

_NO_STORE = (b"cache-control", b"no-store")

# A waiting person asks as often as they are told to; this is far above it.
WAITING_PER_MINUTE = 240
PUBLIC = "public"
# Parsed queries that an endpoint remembers.
QUERIES_MAX = 256


class Dispatch:
    """The ASGI endpoint of one ``Endpoint``."""

    def __init__(self, runtime: Runtime, endpoint: Endpoint) -> None:
        self._runtime = runtime
        self._endpoint = endpoint
        self._settings = runtime.settings
        self._tallies = runtime.one(Tallies)
        self._is_public = endpoint.limit is Limit.PUBLIC
        self._queries: dict[bytes, BaseModel] = {}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        call: Call[Any, Any] = Call(
            runtime=self._runtime,
            request=request,
            request_id=scope["tiketi.request_id"],
            route=self._endpoint.path,
            now=self._runtime.clock.now(),
            body=None,
            query=None,
            # The same list that the outer middleware adds to an answer, errors included.
            headers=scope["tiketi.headers"],
        )
        scope["tiketi.route"] = self._endpoint.path
        refusal = self._identify(call)
        await self._spend_budget(call)
        if refusal is not None:
            raise refusal
        await self._authorize(call)
        await self._find(call)
        await self._parse(call)
        response = _render(await self._handle(call), self._endpoint.status)
        await response(scope, receive, send)

    def _identify(self, call: Call[Any, Any]) -> Unauthenticated | None:
        """Set the caller; the refusal is given back, since even a refused call costs a budget."""
        if self._endpoint.access is Access.PUBLIC:
            return None
        try:
            call.caller, call.claims = self._prove(call.request)
        except Unauthenticated as refusal:
            return refusal
        call.request.scope["tiketi.user_id"] = call.claims["sub"]
        return None

    def _prove(self, request: Request) -> tuple[Actor, dict[str, Any]]:
        """The caller; a receipt stands in for a token that is missing or has run out."""
        token = bearer_of(request)
        receipt = header_of(request, b"queue-receipt") if self._endpoint.takes_receipt else None
        if token is not None:
            try:
                return actor_of_token(self._runtime, token)
            except Unauthenticated:
                if receipt is None:
                    raise
        if receipt is None:
            raise Unauthenticated
        return actor_of_receipt(self._runtime, receipt)

    async def _spend_budget(self, call: Call[Any, Any]) -> None:
        if self._is_public and call.caller is None and self._settings.rate_limit_enabled:
            address = address_of(call.request, self._settings.trusted_proxies)
            headers = self._tallies.spend_here(PUBLIC, address)
            if headers is not None:
                call.headers.extend(headers)
                return
        budget = self._budget(call)
        if budget is None or budget.per_minute == 0:
            return
        verdict: Verdict | None
        if self._endpoint.limit is Limit.WAITING:
            verdict = self._runtime.one(Counts).spend(budget)
        elif self._is_public:
            verdict = await self._tallies.spend(budget)
        else:
            verdict = await spend(self._runtime.redis, budget)
        if verdict is None:
            return
        call.headers.extend(verdict.headers())
        if not verdict.allowed:
            raise RateLimited(
                f"At most {budget.per_minute} requests a minute.",
                retry_after_seconds=max(1, verdict.reset_seconds),
            )

    def _budget(self, call: Call[Any, Any]) -> Budget | None:
        settings, endpoint, caller = self._runtime.settings, self._endpoint, call.caller
        if not settings.rate_limit_enabled or endpoint.limit is Limit.NONE:
            return None
        if caller is not None:
            if caller.role is Role.ADMIN:
                return None
            if endpoint.limit is Limit.WAITING:
                return Budget("waiting", call.claims["sub"], WAITING_PER_MINUTE)
            return Budget("user", f"{caller.user_id}", settings.limit_user_per_minute)
        address = address_of(call.request, settings.trusted_proxies)
        # A forged or expired token is a mistake far more often than a flood: the larger budget.
        acts = endpoint.writes and bearer_of(call.request) is None
        if endpoint.limit is Limit.ACTING and acts:
            return Budget("anonymous", address, settings.limit_anonymous_per_minute)
        return Budget(PUBLIC, address, settings.limit_public_per_minute)

    async def _authorize(self, call: Call[Any, Any]) -> None:
        allowed = self._endpoint.access.value
        if allowed is None or call.caller is None:
            return
        is_revoked = self._runtime.is_revoked
        if is_revoked is not None and await is_revoked(self._runtime, call.caller):
            raise Unauthenticated("The access token was revoked.")
        if call.caller.role not in allowed:
            raise Forbidden

    async def _find(self, call: Call[Any, Any]) -> None:
        """A path that names nothing is a 404 before its body is looked at."""
        for name in call.request.path_params:
            if name.endswith("_id"):
                call.path_id(name)
        if self._endpoint.guard is not None:
            call.found = await self._endpoint.guard(call)

    async def _parse(self, call: Call[Any, Any]) -> None:
        if self._endpoint.writes:
            await self._parse_body(call)
        if self._endpoint.query is not None:
            call.query = self._parse_query(call.request, self._endpoint.query)

    def _parse_query(self, request: Request, model: type[BaseModel]) -> BaseModel:
        """The query's model, which is frozen; most ask what somebody has just asked."""
        raw = request.scope["query_string"]
        known = self._queries.get(raw)
        if known is None:
            known = parse_query(request.query_params, model)
            if len(self._queries) >= QUERIES_MAX:
                del self._queries[next(iter(self._queries))]
            self._queries[raw] = known
        return known

    async def _parse_body(self, call: Call[Any, Any]) -> None:
        endpoint, request = self._endpoint, call.request
        if endpoint.body is not None:
            check_media_type(request)
        check_length(request, self._runtime.settings.body_bytes_max)
        if endpoint.body is None and not endpoint.raw_body:
            return
        try:
            call.raw = await request.body()
        except ClientDisconnect as left:
            # Nobody is there to read it; it is counted, and no error of ours.
            raise MalformedRequest("The body broke off.") from left
        if endpoint.body is None or (endpoint.body_optional and not call.raw):
            return
        if not call.raw:
            raise MalformedJson("A JSON body is required.")
        call.body = parse_body(call.raw, endpoint.body)

    async def _handle(self, call: Call[Any, Any]) -> Any:
        """A write runs in a task of its own: a client that goes away, or a deadline, ends the
        waiting for it and never the work itself.
        """
        if not self._endpoint.writes or not self._endpoint.detached:
            return await self._endpoint.handler(call)
        task = asyncio.ensure_future(self._endpoint.handler(call))
        self._runtime.one(WritesInFlight).add(task)
        try:
            async with asyncio.timeout(self._runtime.settings.request_timeout_seconds):
                return await asyncio.shield(task)
        except TimeoutError as error:
            raise RequestTimedOut from error


class _Bytes:
    """A finished answer: what Starlette's has, without its generality. Nobody else may keep it,
    unless its own headers say so.
    """

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, _scope: Any, _receive: Any, send: Any) -> None:
        answer = self._answer
        headers = [
            (b"content-type", answer.media_type.encode()),
            (b"content-length", b"%d" % len(answer.content)),
            *answer.headers,
        ]
        if not answer.headers or all(name != b"cache-control" for name, _ in answer.headers):
            headers.append(_NO_STORE)
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.content})


class WritesInFlight:
    """The writes that this process still owes an end, awaited before it stops."""

    def __init__(self, _runtime: Runtime) -> None:
        self._tasks: set[asyncio.Future[Any]] = set()

    def add(self, task: asyncio.Future[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Future[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled():
            # Read, so that a refusal nobody waited for is not reported as forgotten.
            task.exception()

    async def settle(self, seconds_max: float) -> None:
        if self._tasks:
            with suppress(TimeoutError):
                await asyncio.wait(set(self._tasks), timeout=seconds_max)


def _render(result: Any, status: int) -> Asgi:
    if isinstance(result, CacheableAnswer | Response):
        return result
    if isinstance(result, BaseModel):
        return _Bytes(Answer(result.__pydantic_serializer__.to_json(result), status))
    if isinstance(result, Answer):
        return _Bytes(result)
    if result is None:
        return Response(None, status, headers={"cache-control": "no-store"})
    raise AssertionError(f"a handler answered {type(result).__name__}")
