import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.http.reservations.test_reserve import reserve
from tests.support.on_sale import General, Section, open_sale
from tiketi.events import api as events
from tiketi.kernel.ids import new_id
from tiketi.reservations import api as reservations
from tiketi.reservations.loops import sweep
from tiketi.seats.api import CLAIM_INVARIANTS
from tiketi.tickets.api import INVARIANTS as TICKET_INVARIANTS


@pytest.fixture
async def event(runtime):
    return await open_sale(runtime, general=[General(capacity=10)])


async def expire(runtime, reservation_id: str) -> None:
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("""
                UPDATE reservations.reservation SET expires_at = now() - interval '1 second'
                WHERE id = :id"""),
            {"id": reservation_id},
        )


async def confirm(runtime, reservation_id: str) -> reservations.ConfirmOutcome:
    async with runtime.database.transaction() as tx:
        return await reservations.confirm_reservation(
            tx, runtime, UUID(reservation_id), runtime.clock.now()
        )


async def broken(runtime) -> list[str]:
    """The invariants of places and reservations that do not hold."""
    checked = (*CLAIM_INVARIANTS, *TICKET_INVARIANTS, *reservations.INVARIANTS)
    async with runtime.database.snapshot() as reader:
        return [each.name for each in checked if await each.violations(reader)]


async def test_a_cancelled_reservation_frees_its_seats_before_the_answer(client, event, runtime):
    anna, boris = client.token(), client.token()
    held = (await reserve(client, event, anna, ["A-1-1"])).json()
    cancelled = await client.post(f"/reservations/{held['id']}/cancel", token=anna)
    assert (cancelled.status_code, cancelled.json()["status"]) == (200, "cancelled")
    assert (await reserve(client, event, boris, ["A-1-1"])).status_code == 201
    again = await client.post(f"/reservations/{held['id']}/cancel", token=anna)
    assert (again.status_code, again.json()) == (200, cancelled.json())
    assert await broken(runtime) == []


async def test_another_s_reservation_reads_like_an_unknown_one(client, event):
    held = (await reserve(client, event, client.token(), ["A-1-1"])).json()
    other = client.token()
    for path in ("", "/cancel", "/tickets"):
        method = "POST" if path == "/cancel" else "GET"
        foreign = await client.call(method, f"/reservations/{held['id']}{path}", token=other)
        unknown = await client.call(method, f"/reservations/{new_id()}{path}", token=other)
        malformed = await client.call(method, f"/reservations/x{path}", token=other)
        for answer in (foreign, unknown, malformed):
            assert answer.status_code == 404
        bodies = [{**a.json(), "request_id": ""} for a in (foreign, unknown, malformed)]
        assert bodies[0] == bodies[1] == bodies[2]


async def test_an_expired_hold_returns_its_seats(client, event, runtime):
    anna = client.token()
    held = (await reserve(client, event, anna, ["A-1-1", "A-1-2"])).json()
    await expire(runtime, held["id"])
    refused = await client.post(f"/reservations/{held['id']}/cancel", token=anna)
    assert (refused.status_code, refused.json()["code"]) == (409, "reservation_expired")
    await sweep(runtime)
    shown = await client.get(f"/reservations/{held['id']}", token=anna)
    assert shown.json()["status"] == "expired"
    assert (await reserve(client, event, client.token(), ["A-1-1"])).status_code == 201
    assert await broken(runtime) == []


async def test_many_sweepers_end_each_hold_once(client, event, runtime):
    tier = event.tiers[1]
    for n in range(1, 9):
        held = await reserve(
            client,
            event,
            client.token(),
            [f"A-1-{n}"],
            general=[{"tier_id": str(tier.id), "quantity": 1}],
        )
        await expire(runtime, held.json()["id"])
    await asyncio.gather(*(sweep(runtime) for _ in range(4)))
    await sweep(runtime)
    async with runtime.database.latest() as reader:
        left = await reader.execute(text("SELECT remaining, held FROM seats.general_bucket"))
        assert tuple(left.one()) == (10, 0)
    assert await broken(runtime) == []


async def test_a_confirmed_reservation_has_a_ticket_for_each_place(client, event, runtime):
    anna = client.token()
    tier = event.tiers[1]
    held = (
        await reserve(
            client, event, anna, ["A-1-1"], general=[{"tier_id": str(tier.id), "quantity": 2}]
        )
    ).json()
    before = await client.get(f"/reservations/{held['id']}/tickets", token=anna)
    assert (before.status_code, before.json()["code"]) == (409, "not_confirmed")
    assert await confirm(runtime, held["id"]) == "confirmed"
    assert await confirm(runtime, held["id"]) == "already"
    tickets = (await client.get(f"/reservations/{held['id']}/tickets", token=anna)).json()["items"]
    assert [ticket["seat_id"] for ticket in tickets] == ["A-1-1", None, None]
    assert len({ticket["code"] for ticket in tickets}) == 3
    for ticket in tickets:
        # Namespaced, so that it is an image also outside of a page.
        assert ticket["qr_svg"].startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert {ticket["status"] for ticket in tickets} == {"valid"}
    shown = (await client.get(f"/reservations/{held['id']}", token=anna)).json()
    assert shown["status"] == "confirmed"
    assert shown["confirmed_at"]
    assert await broken(runtime) == []


async def test_who_ask_for_tickets_at_once_each_get_their_own_and_nobody_another_s(
    client, event, runtime
):
    buyers = [client.token() for _ in range(4)]
    held = [
        (await reserve(client, event, buyer, [f"A-1-{number}"])).json()["id"]
        for number, buyer in enumerate(buyers, 1)
    ]
    for reservation_id in held[:3]:
        await confirm(runtime, reservation_id)

    async def ask(buyer: str, reservation_id: str) -> object:
        answer = await client.get(f"/reservations/{reservation_id}/tickets", token=buyer)
        body = answer.json()
        return [ticket["seat_id"] for ticket in body["items"]] if "items" in body else body["code"]

    own = [ask(buyer, reservation_id) for buyer, reservation_id in zip(buyers, held, strict=True)]
    others = [ask(buyers[0], reservation_id) for reservation_id in (*held[1:], str(new_id()))]
    assert await asyncio.gather(*own, *others) == [
        *(["A-1-1"], ["A-1-2"], ["A-1-3"], "not_confirmed"),
        *["not_found"] * 4,
    ]


async def test_tickets_are_printed_a_page_each(client, event, runtime):
    anna = client.token()
    held = (await reserve(client, event, anna, ["A-1-1", "A-1-2"])).json()
    path = f"/reservations/{held['id']}/tickets.pdf"
    before = await client.get(path, token=anna)
    assert (before.status_code, before.json()["code"]) == (409, "not_confirmed")
    await confirm(runtime, held["id"])
    printed = await client.get(path, token=anna)
    assert printed.status_code == 200
    assert printed.headers["content-type"] == "application/pdf"
    assert held["number"] in printed.headers["content-disposition"]
    assert printed.content.startswith(b"%PDF-")
    assert b"/Count 2" in printed.content
    assert (await client.get(path, token=client.token())).status_code == 404
    assert (await client.get(path)).status_code == 401


async def test_a_late_success_takes_the_same_seats_again_if_they_are_free(client, event, runtime):
    held = (await reserve(client, event, client.token(), ["A-1-1"])).json()
    await expire(runtime, held["id"])
    await sweep(runtime)
    assert await confirm(runtime, held["id"]) == "confirmed"
    assert await broken(runtime) == []


async def test_a_late_success_on_taken_seats_is_lost_and_changes_nothing(client, event, runtime):
    anna = client.token()
    held = (await reserve(client, event, anna, ["A-1-1", "A-1-2"])).json()
    await expire(runtime, held["id"])
    await sweep(runtime)
    await reserve(client, event, client.token(), ["A-1-2"])
    assert await confirm(runtime, held["id"]) == "lost"
    assert (await reserve(client, event, client.token(), ["A-1-1"])).status_code == 201
    assert await broken(runtime) == []


async def test_a_success_of_a_cancelled_reservation_is_lost(client, event, runtime):
    anna = client.token()
    held = (await reserve(client, event, anna, ["A-1-1"])).json()
    await client.post(f"/reservations/{held['id']}/cancel", token=anna)
    assert await confirm(runtime, held["id"]) == "lost"
    assert await broken(runtime) == []


async def test_cancelling_a_paid_one_returns_the_seats_and_asks_for_the_refund(
    client, event, runtime
):
    anna = client.token()
    held = (await reserve(client, event, anna, ["A-1-1"])).json()
    await confirm(runtime, held["id"])
    cancelled = await client.post(f"/reservations/{held['id']}/cancel", token=anna)
    assert cancelled.json()["status"] == "cancelled"
    async with runtime.database.latest() as reader:
        due = await reader.execute(
            text("SELECT payload FROM infra.outbox WHERE topic = 'reservation.refund_due'")
        )
        assert due.scalar_one()["reservation_id"] == held["id"]
    assert (await reserve(client, event, client.token(), ["A-1-1"])).status_code == 201
    tickets = (await client.get(f"/reservations/{held['id']}/tickets", token=anna)).json()["items"]
    assert {ticket["status"] for ticket in tickets} == {"void"}
    assert await broken(runtime) == []


@pytest.mark.parametrize(
    "policy",
    [{"refund_policy": events.RefundPolicy(percent=0)}, {"starts_in": timedelta(hours=23)}],
)
async def test_the_refund_policy_is_kept(runtime, client, policy):
    event = await open_sale(runtime, closes_in=timedelta(hours=20), **policy)
    anna = client.token()
    held = (await reserve(client, event, anna, ["A-1-1"])).json()
    await confirm(runtime, held["id"])
    refused = await client.post(f"/reservations/{held['id']}/cancel", token=anna)
    assert (refused.status_code, refused.json()["code"]) == (409, "refund_not_allowed")


async def test_own_reservations_are_listed_newest_first_by_cursor(client, event):
    anna = client.token()
    made = [(await reserve(client, event, anna, [f"A-1-{n}"])).json()["id"] for n in range(1, 6)]
    await reserve(client, event, client.token(), ["A-2-1"])
    seen, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = (await client.get("/reservations", token=anna, params=params)).json()
        seen += [item["id"] for item in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == made[::-1]


@pytest.mark.parametrize(
    "params", [{"limit": 0}, {"limit": 101}, {"limit": "x"}, {"cursor": "x"}, {"status": "gone"}]
)
async def test_a_bad_query_is_invalid(client, params):
    answer = await client.get("/reservations", token=client.token(), params=params)
    assert answer.status_code == 422


async def test_an_event_with_nothing_left_says_that_it_is_sold_out(runtime, client):
    event = await open_sale(runtime, sections=[Section(rows=1, seats_per_row=2)])
    anna = client.token()
    held = (await reserve(client, event, anna, ["A-1-1", "A-1-2"])).json()
    await sweep(runtime)

    async def status() -> str:
        async with runtime.database.latest() as reader:
            return (await events.get_event(reader, event.id)).status(runtime.clock.now())

    assert await status() == "on_sale"
    await confirm(runtime, held["id"])
    await sweep(runtime)
    assert await status() == "sold_out"
    await client.post(f"/reservations/{held['id']}/cancel", token=anna)
    await sweep(runtime)
    assert await status() == "on_sale"
