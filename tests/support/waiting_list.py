"""People who wait for places of a sold-out event."""

import asyncio

from tests.support.selling import order, outcome
from tiketi.kernel.ids import new_id
from tiketi.reservations import api as reservations
from tiketi.reservations.waiting_list.line_repository import LOOK_GAP_SECONDS
from tiketi.reservations.waiting_list.serving import serve_waiting_lists
from tiketi.seats.api import CLAIM_INVARIANTS

PATH = "/reservations/waiting-list"
POLL_SECONDS = 0.02


class Waiter:
    """One account at one event."""

    def __init__(self, client, event_id):
        self.client, self.event_id = client, str(event_id)
        self.user_id = new_id()
        self.id = None

    @property
    def token(self):
        return self.client.token(self.user_id)

    async def ask(self, quantity=1, **wish):
        body = {"event_id": self.event_id, "quantity": quantity, **wish}
        return await self.client.post(PATH, body, token=self.token)

    async def wait(self, quantity=1, **wish):
        answer = await self.ask(quantity, **wish)
        assert answer.status_code == 201, answer.text
        self.id = answer.json()["id"]
        return self

    async def look(self):
        answer = await self.client.get(f"{PATH}/{self.id}", token=self.token)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def status(self):
        return (await self.look())["status"]

    async def offered(self):
        """The seats offered to them, or None."""
        offer = (await self.look())["offer"]
        return None if offer is None else offer["seat_ids"]

    async def leave(self):
        answer = await self.client.delete(f"{PATH}/{self.id}", token=self.token)
        assert answer.status_code == 204, answer.text

    async def buy(self, **body):
        return await order(self.client, self.event_id, token=self.token, **body)


async def sell_out(client, event_id, seat_ids, *, at_once=1):
    """Hold the seats; answers (reservation, token) of each order."""
    held = []
    for at in range(0, len(seat_ids), at_once):
        token = client.token()
        part = seat_ids[at : at + at_once]
        answer = await order(client, str(event_id), token=token, seat_ids=part)
        assert outcome(answer) == "held", answer.text
        held.append((answer, token))
    return held


async def serve(runtime, *, rounds=2):
    """Rounds of one process, with the pause between that keeps two from looking at once."""
    for _ in range(rounds):
        await asyncio.sleep(LOOK_GAP_SECONDS)
        await serve_waiting_lists(runtime)


async def broken(runtime):
    """The promises of this kind that are broken at this moment."""
    checked = (*CLAIM_INVARIANTS, *reservations.INVARIANTS)
    async with runtime.database.snapshot() as reader:
        return [each.name for each in checked if await each.violations(reader)]
