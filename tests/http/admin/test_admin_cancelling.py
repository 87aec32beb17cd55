from sqlalchemy import text

from tests.http.admin.house import buyer_of
from tests.support.paying import audit
from tests.support.waiting_room import until
from tiketi.payments.loops import refund
from tiketi.reservations.loops import sweep

OPEN = {"enabled": True, "capacity": 10, "rate_per_minute": 1_000_000}


async def test_cancelling_releases_the_pending_refunds_the_paid_and_closes_the_queue(
    organizer, client, runtime
):
    event = await organizer.make_event(publish=True)
    path = f"/events/{event['id']}"
    paid = await buyer_of(client, event, "paid@tiketi.test")
    pending = await buyer_of(client, event, "pending@tiketi.test")
    payment = await paid.buy("VIP-1-1", "VIP-1-2")
    held = await pending.reserve("A-1-1")

    answer = await organizer.post(f"{path}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert (await client.get(path)).json()["status"] == "cancelled"
    freed = await client.get(f"/reservations/{held}", token=pending.token)
    assert freed.json()["status"] == "cancelled"

    async def is_refunded() -> bool:
        await refund(runtime)
        return (await paid.look(payment))["status"] == "refunded"

    await until(is_refunded)
    assert (await paid.look_at_reservation(payment))["status"] == "refunded"
    assert await paid.ticket_statuses(payment) == ["void", "void"]
    board = await client.get(f"/queue/{event['id']}/board")
    assert board.json()["state"] == "closed"
    assert await audit(runtime) == []


async def test_cancelling_again_changes_nothing(organizer, admin):
    event = await organizer.make_event(layout_id=None, publish=True)
    first = await organizer.post(f"/events/{event['id']}/cancel")
    again = await organizer.post(f"/events/{event['id']}/cancel")
    assert (again.status_code, again.json()) == (200, first.json())
    trail = await admin.get(f"/audit?subject_id={event['id']}&action=event.cancel")
    assert len(trail.json()["items"]) == 1


async def test_what_one_batch_does_not_release_the_sweeper_does(
    organizer, client, runtime, settings
):
    runtime.settings = settings.model_copy(update={"sweep_batch_max": 1})
    event = await organizer.make_event(publish=True)
    buyer = await buyer_of(client, event, "buyer@tiketi.test")
    for number in (1, 2, 3):
        await buyer.reserve(f"A-1-{number}")
    await organizer.post(f"/events/{event['id']}/cancel")

    async def is_empty() -> bool:
        await sweep(runtime)
        async with runtime.database.latest() as reader:
            pending = text("SELECT count(*) FROM reservations.reservation WHERE status = 'pending'")
            return (await reader.execute(pending)).scalar_one() == 0

    await until(is_empty)
    assert await audit(runtime) == []


async def test_a_cancelled_event_takes_nobody_and_nothing(organizer, client):
    event = await organizer.make_event(layout_id=None, publish=True, queue=OPEN)
    path = f"/events/{event['id']}"
    assert (await organizer.post(f"{path}/cancel")).status_code == 200
    joined = await client.post(f"/queue/{event['id']}/join", token=client.token())
    assert (joined.status_code, joined.json()["code"]) == (409, "sale_not_open")
    for call in (
        organizer.post(f"{path}/publish"),
        organizer.put(path, organizer.event_body(layout_id=None)),
    ):
        refused = await call
        assert (refused.status_code, refused.json()["code"]) == (409, "event_cancelled")


async def test_a_draft_is_cancelled_too_and_an_ended_event_is_not(organizer, clock, client):
    draft = await organizer.make_event(layout_id=None)
    answer = await organizer.post(f"/events/{draft['id']}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert (await client.get(f"/events/{draft['id']}")).status_code == 404
    ended = await organizer.make_event(layout_id=None, publish=True)
    clock.advance(days=21)
    refused = await organizer.post(f"/events/{ended['id']}/cancel")
    assert (refused.status_code, refused.json()["code"]) == (409, "event_ended")
