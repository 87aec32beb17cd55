"""A sample of those who wait, over real HTTP: they join, then ask as often as they are told."""

import asyncio
import random
import time
from contextlib import suppress
from dataclasses import dataclass, field
from uuid import UUID

import httpx

from bench.queue.crowd import hello_of
from bench.stage import token_of
from tiketi.infra.runtime import Runtime

JOINING_MAX = 32
REQUEST_SECONDS = 10.0


@dataclass(slots=True)
class Person:
    """``receipt`` and ``ask_after`` (seconds) are what the last answer said."""

    token: str
    receipt: str
    ask_after: float

    @property
    def hello(self) -> bytes:
        return hello_of(receipt=self.receipt)


@dataclass(slots=True)
class Sample:
    port: int
    event_id: UUID
    people: list[Person] = field(default_factory=list)
    asked: int = 0

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{self.port}/api/v1/queue/{self.event_id}",
            timeout=REQUEST_SECONDS,
            limits=httpx.Limits(max_connections=JOINING_MAX),
        )

    async def join(self, runtime: Runtime, people: int) -> None:
        """So many signed-in people take a place; those of before are forgotten."""
        self.people = []
        async with self._client() as client:

            async def join_some() -> None:
                while len(self.people) < people:
                    token = token_of(runtime)
                    person = Person(token, "", 0.0)
                    self.people.append(person)
                    headers = {"authorization": f"Bearer {token}"}
                    _take(person, await client.post("/join", headers=headers))

            await asyncio.gather(*(join_some() for _ in range(JOINING_MAX)))

    async def wait(self, seconds: float) -> float:
        """Everybody asks as they were told, first at any moment of it; answers asked a second."""
        began, asked = time.monotonic(), self.asked
        async with self._client() as client:

            async def ask_again(person: Person) -> None:
                await asyncio.sleep(person.ask_after * random.random())  # noqa: S311 # spreads
                while True:
                    headers = {"queue-receipt": person.receipt}
                    _take(person, await client.get("/status", headers=headers))
                    self.asked += 1
                    await asyncio.sleep(person.ask_after)

            asking = asyncio.gather(*(ask_again(person) for person in self.people))
            with suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await asking
        return (self.asked - asked) / (time.monotonic() - began)


def _take(person: Person, answer: httpx.Response) -> None:
    answer.raise_for_status()
    said = answer.json()
    if said["state"] != "waiting":
        raise RuntimeError(f"a person of the sample is {said['state']}")
    person.receipt, person.ask_after = said["receipt"], said["poll_after_seconds"]
