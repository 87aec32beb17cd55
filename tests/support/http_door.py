"""The queue over HTTP as a client sees it, by any of several processes."""

import asyncio
import random

import httpx

from tests.support.crowd import Answer
from tests.support.live import token_of
from tiketi.kernel.errors import Unavailable

CALL_TIMEOUT_SECONDS = 30
AT_ONCE_MAX = 64


class HttpDoor:
    """``refused`` counts the calls that were told to come back, or had no answer."""

    def __init__(self, runtime, addresses, event_id):
        self._runtime = runtime
        self._addresses = addresses
        self._path = f"/api/v1/queue/{event_id}"
        self._tokens = {}
        self._http = httpx.AsyncClient(timeout=CALL_TIMEOUT_SECONDS)
        # httpx looks through all who wait for a connection, for each of them.
        self._gate = asyncio.Semaphore(AT_ONCE_MAX)
        self.refused = 0

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self._http.aclose()

    async def join(self, actor, receipt):
        body = {"receipt": receipt} if receipt else None
        return _read(await self._call("POST", "join", headers=self._signed_in(actor), json=body))

    async def ask(self, actor, receipt):
        answer = await self._call("GET", "status", headers={"queue-receipt": receipt})
        return None if answer.status_code == httpx.codes.NOT_FOUND else _read(answer)

    async def leave(self, actor):
        await self._call("POST", "leave", headers=self._signed_in(actor))

    async def _call(self, method, what, **options):
        url = f"http://{random.choice(self._addresses)}{self._path}/{what}"
        try:
            async with self._gate:
                answer = await self._http.request(method, url, **options)
        except httpx.TransportError as error:
            self.refused += 1
            raise Unavailable("no answer") from error
        if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE:
            self.refused += 1
            raise Unavailable("told to come back")
        assert answer.status_code in (200, 204, 404), answer.text
        return answer

    def _signed_in(self, actor):
        if actor not in self._tokens:
            self._tokens[actor] = token_of(self._runtime, actor)
        return {"authorization": f"Bearer {self._tokens[actor]}"}


def _read(answer):
    said = answer.json()
    return Answer(said["state"], said["number"], said["position"], said["receipt"])
