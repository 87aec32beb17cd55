"""People before a balancer, who notice everything that goes wrong."""

import asyncio
import json
import random
from collections import Counter
from contextlib import asynccontextmanager
from itertools import count

import httpx
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.deploy.balancer.conftest import API_HOST
from tests.support.live import open_socket, token_of
from tiketi.kernel.ids import new_id

JITTER_SECONDS = 0.2
PAUSE_SECONDS = 0.01
API = "/api/v1"


class Crowd:
    """``answers``: how often each status came for what was asked; ``lost``: requests without one.

    ``closes``: by which code sockets were closed from outside, ``refused`` those that could not be
    opened again, ``grown``: positions that got worse.
    """

    def __init__(self, front, runtime) -> None:
        self._front, self._runtime = front, runtime
        self.answers: Counter[tuple[str, int]] = Counter()
        self.lost: list[str] = []
        self.closes: Counter[int | None] = Counter()
        self.refused: list[str] = []
        self.grown: list[tuple[int, int]] = []
        self._leaving = False
        self._seats = count()

    @asynccontextmanager
    async def at_work(self, *, readers, askers, buyers, followers):
        """Until the block ends; then each finishes what it began."""
        work = [
            *(self._with_client(self._read) for _ in range(readers)),
            *(self._with_client(self._ask) for _ in range(askers)),
            *(self._with_client(self._buy) for _ in range(buyers)),
        ]
        tasks = [asyncio.create_task(each) for each in work]
        sockets = [asyncio.create_task(self._follow()) for _ in range(followers)]
        try:
            yield self
        finally:
            self._leaving = True
            await asyncio.gather(*tasks)
            for socket in sockets:
                socket.cancel()
            found = await asyncio.gather(*sockets, return_exceptions=True)
        assert [each for each in found if not isinstance(each, asyncio.CancelledError)] == []

    async def _with_client(self, act) -> None:
        """A connection each, kept as long as the balancer keeps it."""
        headers = {"Host": API_HOST, "Authorization": f"Bearer {token_of(self._runtime)}"}
        base = f"http://{self._front.address}{API}"
        async with httpx.AsyncClient(base_url=base, headers=headers, timeout=15) as client:
            while not self._leaving:
                await act(client)
                await asyncio.sleep(PAUSE_SECONDS)

    async def _call(self, client, what, method, path, **options):
        try:
            answer = await client.request(method, path, **options)
        except httpx.TransportError as error:
            self.lost.append(f"{what}: {error!r}")
            return None
        self.answers[what, answer.status_code] += 1
        return answer

    async def _read(self, client) -> None:
        event = f"/events/{self._front.event.id}"
        for what, path in (
            ("list", "/events"),
            ("event", event),
            ("seats", f"{event}/availability"),
        ):
            await self._call(client, what, "GET", path)

    async def _ask(self, client) -> None:
        line = f"/queue/{self._front.line_id}"
        await self._call(client, "join", "POST", f"{line}/join")
        await self._call(client, "status", "GET", f"{line}/status")

    async def _buy(self, client) -> None:
        """A seat of nobody else's, given back at once."""
        turn = next(self._seats)
        section, row, seat = turn % 4, turn // 4 % 10 + 1, turn // 40 % 50 + 1
        body = {"event_id": str(self._front.event.id), "seat_ids": [f"S{section}-{row}-{seat}"]}
        keys = {"Idempotency-Key": str(new_id())}
        made = await self._call(client, "reserve", "POST", "/reservations", json=body, headers=keys)
        if made is not None and made.status_code == 201:
            path = f"/reservations/{made.json()['id']}/cancel"
            await self._call(client, "cancel", "POST", path)

    async def _follow(self) -> None:
        """Connects again with jitter whenever it is sent away."""
        token, position = token_of(self._runtime), None
        headers = {"Host": API_HOST, "Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(headers=headers, timeout=15) as client:
            place = f"http://{self._front.address}{API}/queue/{self._front.line_id}/join"
            (await client.post(place)).raise_for_status()
        while True:
            try:
                async with open_socket(self._front, self._front.line_id, host=API_HOST) as follower:
                    await follower.say_hello(access_token=token)
                    while True:
                        message = json.loads(await follower.socket.recv())
                        if message["type"] != "queue.position":
                            continue
                        if position is not None and message["position"] > position:
                            self.grown.append((position, message["position"]))
                        position = message["position"]
            except ConnectionClosed as closed:
                self.closes[closed.rcvd.code if closed.rcvd else None] += 1
            except (InvalidStatus, OSError) as error:
                self.refused.append(repr(error))
            await asyncio.sleep(random.uniform(0, JITTER_SECONDS))
