"""A whole service through its ASGI application: real routing, middleware and stores, no socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx

from tiketi.infra.http.identity import ACCESS_AUDIENCE, ACCESS_TYPE
from tiketi.infra.runtime import Runtime
from tiketi.kernel.ids import new_id
from tiketi.services.app import App
from tiketi.services.registry import Service

API = "/api/v1"


class Client:
    """Calls paths below /api/v1. ``token`` signs a call in; other headers as keywords' dict."""

    def __init__(self, http: httpx.AsyncClient, runtime: Runtime) -> None:
        self.http = http
        self.runtime = runtime

    async def call(
        self,
        method: str,
        path: str,
        json: Any = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        **options: Any,
    ) -> httpx.Response:
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if json is not None:
            options["json"] = json
        return await self.http.request(method, API + path, headers=sent, **options)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.call("GET", path, **options)

    async def post(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return await self.call("POST", path, json, **options)

    async def put(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return await self.call("PUT", path, json, **options)

    async def patch(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return await self.call("PATCH", path, json, **options)

    async def delete(self, path: str, json: Any = None, **options: Any) -> httpx.Response:
        return await self.call("DELETE", path, json, **options)

    def token(self, user_id: UUID | None = None, *, role: str = "user", generation: int = 0) -> str:
        """An access token for anybody, account or not: most modules ask for no more."""
        now = self.runtime.clock.now()
        return self.runtime.keys.sign(
            {
                "sub": str(user_id or new_id()),
                "role": role,
                "gen": generation,
                "jti": str(new_id()),
            },
            typ=ACCESS_TYPE,
            audience=ACCESS_AUDIENCE,
            issued_at=now,
            expires_at=now + timedelta(minutes=10),
        )


@asynccontextmanager
async def open_client(runtime: Runtime, service: Service) -> AsyncIterator[Client]:
    app = App(service, runtime)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://tiketi.test") as http:
        yield Client(http, runtime)
