"""Lock, reserve, pay, expire, cancel and refund in any order, beside a model of a few lines."""

import asyncio
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import text

from tests.support.on_sale import General, Section, open_sale
from tests.support.paying import GOOD, Buyer, audit, expire_hold
from tiketi.events import api as events
from tiketi.kernel.ids import new_id
from tiketi.payments.loops import reconcile, refund

SEATS = [f"A-{row}-{number}" for row in (1, 2) for number in range(1, 5)]
PLACES = 5
ORDER_MAX, USER_MAX = 4, 6
BUYERS = 3
LIVE = {"pending", "confirmed"}

a_buyer = st.integers(0, BUYERS - 1)
some_seats = st.lists(st.sampled_from(SEATS), max_size=5, unique=True)
some_places = st.integers(0, 3)
a_choice = st.integers(0, 10**6)


@dataclass
class Order:
    """A reservation as the model knows it."""

    id: str
    buyer: int
    seats: frozenset[str]
    places: int
    status: str = "pending"
    payment: dict[str, Any] | None = None

    @property
    def size(self) -> int:
        return len(self.seats) + self.places


@dataclass
class Hall:
    """Who has what."""

    locks: dict[str, int] = field(default_factory=dict)  # seat → buyer
    lock_ids: dict[str, tuple[int, frozenset[str]]] = field(default_factory=dict)
    orders: list[Order] = field(default_factory=list)

    def states(self) -> dict[str, str]:
        taken = {
            seat: "h" if order.status == "pending" else "s"
            for order in self.orders
            if order.status in LIVE
            for seat in order.seats
        }
        return {seat: taken.get(seat, "a") for seat in SEATS}

    def places_left(self) -> int:
        return PLACES - sum(order.places for order in self.orders if order.status in LIVE)

    def has(self, buyer: int) -> int:
        return sum(
            order.size for order in self.orders if order.buyer == buyer and order.status in LIVE
        )

    def refuses(self, buyer: int, seats: frozenset[str], places: int) -> str | None:
        """The code that an order is refused with, None where it is granted."""
        if len(seats) + places > ORDER_MAX:
            return "limit_exceeded"
        if any(self.locks.get(seat, buyer) != buyer for seat in seats):
            return "seat_taken"
        return self.refuses_places(buyer, seats, places)

    def refuses_places(self, buyer: int, seats: frozenset[str], places: int) -> str | None:
        states = self.states()
        if self.has(buyer) + len(seats) + places > USER_MAX:
            return "limit_exceeded"
        if any(states[seat] != "a" for seat in seats):
            return "seat_taken"
        return "sold_out" if places > self.places_left() else None

    def own(self, buyer: int, seats: frozenset[str], places: int) -> Order | None:
        """The buyer's latest pending order, if it is of just that."""
        mine = [each for each in self.orders if (each.buyer, each.status) == (buyer, "pending")]
        latest = max(mine, key=lambda each: each.id, default=None)
        is_same = latest is not None and (latest.seats, latest.places) == (seats, places)
        return latest if is_same else None


class Selling(RuleBasedStateMachine):
    """Calls go to the test's own loop, since the machine runs beside it in a thread."""

    def __init__(self, client, loop) -> None:
        super().__init__()
        self.client, self.loop = client, loop
        self.hall = Hall()
        self.event = self.wait(self._open())
        self.tier_id = str(self.event.tiers[-1].id)
        self.buyers = [Buyer(client, self.event) for _ in range(BUYERS)]

    def wait(self, work):
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(30)

    async def _open(self):
        return await open_sale(
            self.client.runtime,
            sections=[Section("A", rows=2, seats_per_row=4)],
            general=[General(capacity=PLACES)],
            limits=events.Limits(seats_per_order=ORDER_MAX, seats_per_user=USER_MAX),
        )

    def post(self, buyer, path, body=None, **headers):
        return self.wait(
            self.client.post(path, body, token=self.buyers[buyer].token, headers=headers)
        )

    def pick(self, choice, *statuses):
        found = [order for order in self.hall.orders if order.status in statuses]
        return found[choice % len(found)] if found else None

    @rule(buyer=a_buyer, seats=some_seats)
    def lock(self, buyer, seats):
        hall, states = self.hall, self.hall.states()
        if not seats or any(hall.locks.get(seat) == buyer for seat in seats):
            return
        body = {"event_id": str(self.event.id), "seat_ids": seats}
        answer = self.post(buyer, "/reservations/locks", body)
        is_taken = any(seat in hall.locks or states[seat] != "a" for seat in seats)
        if len(seats) > ORDER_MAX or is_taken:
            code = "limit_exceeded" if len(seats) > ORDER_MAX else "seat_taken"
            assert (answer.status_code, answer.json()["code"]) == (409, code)
            return
        assert answer.status_code == 201
        hall.locks.update(dict.fromkeys(seats, buyer))
        hall.lock_ids[answer.json()["lock_id"]] = (buyer, frozenset(seats))

    @precondition(lambda self: self.hall.lock_ids)
    @rule(choice=a_choice)
    def unlock(self, choice):
        lock_ids = sorted(self.hall.lock_ids)
        lock_id = lock_ids[choice % len(lock_ids)]
        buyer, seats = self.hall.lock_ids.pop(lock_id)
        path = f"/reservations/locks/{lock_id}"
        answer = self.wait(self.client.delete(path, token=self.buyers[buyer].token))
        assert answer.status_code == 204
        for seat in seats:
            # A reservation may have used the lock, and another lock may have come since.
            if not any(seat in others for _, others in self.hall.lock_ids.values()):
                self.hall.locks.pop(seat, None)

    @rule(buyer=a_buyer, seats=some_seats, places=some_places)
    def reserve(self, buyer, seats, places):
        if not seats and not places:
            return
        asked = frozenset(seats)
        body = {"event_id": str(self.event.id), "seat_ids": seats}
        if places:
            body["general"] = [{"tier_id": self.tier_id, "quantity": places}]
        key = str(new_id())
        answer = self.post(buyer, "/reservations", body, **{"Idempotency-Key": key})
        refusal = self.hall.refuses(buyer, asked, places)
        own = self.hall.own(buyer, asked, places)
        is_decided = refusal == self.hall.refuses_places(buyer, asked, places)
        if refusal is not None and not (own and is_decided and len(asked) + places <= ORDER_MAX):
            assert (answer.status_code, answer.json()["code"]) == (409, refusal)
            return
        assert answer.status_code == 201, answer.text
        if own is not None and refusal is not None:
            assert answer.json()["id"] == own.id
            return
        self.hall.orders.append(Order(answer.json()["id"], buyer, asked, places))
        for seat in asked:
            self.hall.locks.pop(seat, None)
        again = self.post(buyer, "/reservations", body, **{"Idempotency-Key": key})
        assert again.content == answer.content

    @rule(choice=a_choice)
    def begin_payment(self, choice):
        order = self.pick(choice, "pending")
        if order is not None:
            order.payment = self.wait(self.buyers[order.buyer].start(order.id))

    @rule(choice=a_choice)
    def expire(self, choice):
        order = self.pick(choice, "pending")
        if order is not None:
            self.wait(expire_hold(self.client.runtime, order.id))
            order.status = "expired"

    @rule(choice=a_choice)
    def confirm_payment(self, choice):
        order = self.pick(choice, "pending", "expired", "cancelled")
        if order is None or order.payment is None:
            return
        payment, order.payment = order.payment, None
        answer = self.wait(self.buyers[order.buyer].confirm(payment, GOOD))
        if order.status == "cancelled":
            assert (answer.status_code, answer.json()["code"]) == (409, "payment_final")
            return
        assert answer.status_code == 200, answer.text
        comes_back = order.status == "pending" or (
            self.hall.refuses_places(order.buyer, order.seats, order.places) is None
        )
        assert answer.json()["status"] == ("succeeded" if comes_back else "refunded")
        order.status = "confirmed" if comes_back else "refunded"
        if comes_back:
            order.payment = payment

    @rule(choice=a_choice)
    def cancel(self, choice):
        order = self.pick(choice, "pending", "confirmed", "expired", "cancelled")
        if order is None:
            return
        answer = self.post(order.buyer, f"/reservations/{order.id}/cancel")
        if order.status == "expired":
            assert (answer.status_code, answer.json()["code"]) == (409, "reservation_expired")
            return
        assert answer.status_code == 200, answer.text
        if order.status == "confirmed":
            self.wait(self._pay_back())
            order.status = "refunded"
        else:
            order.status = "cancelled"

    async def _pay_back(self):
        await refund(self.client.runtime)
        await reconcile(self.client.runtime)

    @rule(choice=a_choice)
    def refund_all(self, choice):
        order = self.pick(choice, "confirmed")
        if order is not None:
            answer = self.wait(self.buyers[order.buyer].refund(order.payment))
            assert (answer.status_code, answer.json()["status"]) == (200, "refunded")
            order.status = "refunded"

    @invariant()
    def the_stores_say_the_same(self):
        states, places_left, statuses = self.wait(self._read())
        assert states == self.hall.states()
        assert places_left == self.hall.places_left()
        assert statuses == Counter(order.status for order in self.hall.orders)

    async def _read(self):
        async with self.client.runtime.database.latest() as reader:
            value = {"event_id": self.event.id}
            seats = await reader.execute(
                text("""
                    SELECT state::text FROM seats.seat WHERE event_id = :event_id
                    ORDER BY seat_index"""),
                value,
            )
            left = await reader.execute(
                text("SELECT sum(remaining) FROM seats.general_bucket WHERE event_id = :event_id"),
                value,
            )
            statuses = await reader.execute(
                text("""
                    SELECT status, count(*) AS times FROM reservations.reservation
                    WHERE event_id = :event_id GROUP BY status"""),
                value,
            )
            counted = Counter({row.status: row.times for row in statuses})
            return dict(zip(SEATS, seats.scalars(), strict=True)), left.scalar_one(), counted

    def teardown(self):
        assert self.wait(audit(self.client.runtime)) == []


@pytest.mark.parametrize(
    "histories", [pytest.param(12, id="short"), pytest.param(150, marks=pytest.mark.long)]
)
async def test_any_history_ends_as_the_model_says(client, histories):
    client.runtime.settings = client.runtime.settings.model_copy(
        update={"seat_lock_ttl_seconds": 600, "lock_max_seconds": 600}
    )
    loop = asyncio.get_running_loop()
    await asyncio.to_thread(
        run_state_machine_as_test,
        lambda: Selling(client, loop),
        settings=settings(
            max_examples=histories,
            stateful_step_count=30,
            deadline=None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
