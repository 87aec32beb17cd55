"""Each promise's query counts what breaks it: planted by hand, seen, and rolled back."""

import asyncio
from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import text

from tests.http.admin.house import buyer_of, made
from tests.http.auth.people import People
from tests.support.away import database_away, redis_away
from tiketi.admin.invariants import ADMITTED_OVER_CAPACITY, INVARIANTS
from tiketi.queue.keys import room_keys

# An entry on a waiting list of each status that follows.
_ENTRY = """
    INSERT INTO reservations.waiting_entry (id, event_id, user_id, quantity, tier_ids, adjacent,
        allotment_id, expires_at, created_at, status)
    SELECT gen_random_uuid(), r.event_id, r.user_id, 1, '{}', false, gen_random_uuid(),
        now() + interval '1 h', now(), s.status
    FROM (SELECT * FROM reservations.reservation LIMIT 1) AS r, (VALUES"""
# What breaks each promise in the little world below, and how often it then is broken.
PLANTED = {
    "at_most_one_live_owner_a_seat": (
        """
        INSERT INTO reservations.item
        SELECT other.id, 9, i.seat_index, i.seat_id, i.section, i.tier_id, 1, 1
        FROM reservations.item AS i
        JOIN reservations.reservation AS r ON r.id = i.reservation_id
        JOIN reservations.reservation AS other ON other.status = 'pending'
        WHERE r.status = 'confirmed' AND i.seat_id IS NOT NULL""",
        1,
    ),
    "sold_held_and_available_make_the_capacity": (
        "UPDATE events.tier SET capacity = capacity + 1",
        3,
    ),
    "general_places_match_their_claims": (
        "UPDATE seats.general_claim SET quantity = quantity + 1 WHERE state = 's'",
        1,
    ),
    "what_is_kept_back_has_its_unreleased_allotment": (
        "UPDATE seats.allotment SET released_at = now()",
        6,
    ),
    "an_offer_keeps_its_places": (f"{_ENTRY} ('offered')) AS s (status)", 1),
    "nobody_has_two_live_offers_at_an_event": (
        f"""
        DO $$ BEGIN
            DROP INDEX reservations.waiting_entry_live;
            {_ENTRY} ('offered'), ('offered')) AS s (status);
        END $$""",
        1,
    ),
    "what_is_kept_for_an_offer_has_its_entry": ("UPDATE seats.allotment SET purpose = 'offer'", 6),
    "what_came_free_is_looked_at_within_60_s": (
        """
        INSERT INTO seats.returns (event_id, allotment_id, is_kept, look_until, looked_at)
        SELECT event_id, id, false, now(), now() - interval '61 s' FROM seats.allotment""",
        1,
    ),
    "limited_codes_match_their_orders": ("UPDATE events.access_code SET uses = uses + 1", 1),
    "no_seat_held_by_an_expired_reservation_over_60_s": (
        "UPDATE reservations.reservation SET expires_at = now() - interval '61 s'",
        1,
    ),
    "no_general_place_held_by_an_expired_reservation_over_60_s": (
        "UPDATE reservations.reservation SET expires_at = now() - interval '61 s'",
        2,
    ),
    "every_sold_place_has_its_confirmed_reservation": (
        "UPDATE reservations.reservation SET status = 'refunded' WHERE status = 'confirmed'",
        2,
    ),
    "every_seat_is_on_its_map": ("DELETE FROM seats.seat WHERE seat_index = 29", 1),
    "every_held_place_has_its_reservation": (
        """
        UPDATE seats.seat SET state = 'h', reservation_id = gen_random_uuid()
        WHERE seat_index = 9""",
        1,
    ),
    "a_live_reservation_owns_its_seats": (
        "UPDATE seats.seat SET state = 'a', reservation_id = NULL WHERE state <> 'a'",
        2,
    ),
    "a_live_reservation_owns_its_general_places": ("DELETE FROM seats.general_claim", 2),
    "nobody_over_their_limit": ("UPDATE reservations.quota SET places_max = 2", 2),
    "quotas_match_reservations": ("UPDATE reservations.quota SET places = places + 1", 2),
    "confirmed_has_one_live_ticket_a_place": (
        "UPDATE tickets.ticket SET status = 'void' WHERE seat_id IS NOT NULL",
        1,
    ),
    "seat_ticket_belongs_to_the_seats_owner": (
        "UPDATE seats.seat SET reservation_id = gen_random_uuid() WHERE state = 's'",
        1,
    ),
    "a_confirmed_reservation_has_one_payment_of_its_amount": (
        "UPDATE payments.payment SET amount_minor = amount_minor + 1",
        1,
    ),
    "a_successful_payment_has_its_confirmed_reservation": (
        """
        UPDATE reservations.reservation
        SET status = 'cancelled', ended_at = now() - interval '61 s' WHERE status = 'confirmed'""",
        1,
    ),
    "money_taken_too_late_goes_back_within_60_s": (
        """
        UPDATE payments.payment SET status = 'processing', settled_at = now() - interval '61 s'
        WHERE status = 'succeeded'""",
        1,
    ),
    "no_payment_in_doubt_over_an_hour_or_unasked_for_5_min": (
        """
        UPDATE payments.payment SET status = 'processing', settled_at = NULL, check_at = NULL
        WHERE status = 'succeeded'""",
        1,
    ),
    "refunded_is_the_sum_of_refunds": ("UPDATE payments.refund SET status = 'failed'", 1),
    "no_refund_pending_over_an_hour": (
        "UPDATE payments.refund SET status = 'pending', created_at = now() - interval '61 min'",
        1,
    ),
    "erased_accounts_hold_nothing_personal": (
        "UPDATE auth.account SET name = 'Kim' WHERE erased_at IS NOT NULL",
        1,
    ),
    "erased_accounts_have_no_live_session": (
        """
        UPDATE auth.session AS s SET revoked_at = NULL FROM auth.account AS a
        WHERE a.id = s.account_id AND a.erased_at IS NOT NULL""",
        1,
    ),
    "a_session_has_at_most_one_unspent_token": (
        r"""
        INSERT INTO auth.refresh_token (digest, session_id)
        SELECT '\x00', session_id FROM auth.refresh_token LIMIT 1""",
        1,
    ),
}


@pytest.fixture
async def event(organizer, client):
    """A sale with something of everything: paid, refunded, held, expired; erased accounts too."""
    event = await organizer.make_event(publish=True)
    tier_id = event["tiers"][-1]["id"]
    kim = await buyer_of(client, event, "kim@tiketi.test")
    lee = await buyer_of(client, event, "lee@tiketi.test")
    wish = [{"tier_id": tier_id, "quantity": 2}]
    payment = await kim.start(await kim.reserve("VIP-1-1", general=wish))
    await kim.confirm(payment)
    await lee.reserve("A-1-1", general=wish)
    refunded = await lee.buy("A-1-2")
    await organizer.refund(refunded["reservation_id"])
    cancelled = await lee.reserve("A-1-3")
    await client.post(f"/reservations/{cancelled}/cancel", token=lee.token)
    kept = {"name": "Fans", "rows": ["A-4"], "access_code": "fans only", "uses_max": 9}
    kept["general"] = [{"tier_id": tier_id, "quantity": 3}]
    made(await organizer.post(f"/events/{event['id']}/allotments", kept))
    people = People(client)
    await people.register()
    gone = await people.register()
    assert (await client.delete("/auth/me", token=gone.access_token)).status_code == 204
    return event


async def test_every_promise_is_counted_and_kept(admin, event):
    answer = await admin.get("/health/invariants")
    assert answer.status_code == 200, answer.text
    report = answer.json()
    names = [invariant["name"] for invariant in report["invariants"]]
    assert names == [*(invariant.name for invariant in INVARIANTS), ADMITTED_OVER_CAPACITY]
    assert len(set(names)) == len(names)
    assert [each for each in report["invariants"] if each["violations"]] == []
    assert report["ok"] is True
    assert report["checked_at"].endswith("Z")


class _RolledBack(Exception):
    pass


async def test_each_promise_counts_a_planted_violation(runtime, event):
    """Every invariant must stand here: one that is never seen to fail proves nothing."""
    assert set(PLANTED) == {invariant.name for invariant in INVARIANTS}
    counted = {}
    for invariant in INVARIANTS:
        statement, _ = PLANTED[invariant.name]
        with suppress(_RolledBack):
            async with runtime.database.transaction() as tx:
                assert await invariant.violations(tx) == 0, invariant.name
                await tx.execute(text(statement.replace(":", "\\:")))
                counted[invariant.name] = await invariant.violations(tx)
                raise _RolledBack
    assert counted == {name: expected for name, (_, expected) in PLANTED.items()}


async def test_a_broken_promise_is_told_by_name(admin, runtime, event):
    async with runtime.database.transaction() as tx:
        await tx.execute(text(PLANTED["quotas_match_reservations"][0]))
    report = (await admin.get("/health/invariants")).json()
    broken = {each["name"]: each["violations"] for each in report["invariants"]}
    assert report["ok"] is False
    assert {name: count for name, count in broken.items() if count} == {
        "quotas_match_reservations": 2
    }


async def test_people_admitted_over_the_capacity_are_counted(admin, organizer, client, runtime):
    settings = {"enabled": True, "capacity": 1, "rate_per_minute": 1_000_000}
    event = await organizer.make_event(layout_id=None, publish=True, queue=settings)
    assert (await admin.get("/health/invariants")).json()["ok"] is True
    key = room_keys(event["id"])[2]
    lasts_ms = int((runtime.clock.now() + timedelta(days=1)).timestamp() * 1000)
    await runtime.redis.command("ZADD", key, lasts_ms, "a", lasts_ms, "b")
    report = (await admin.get("/health/invariants")).json()
    assert report["ok"] is False
    assert report["invariants"][-1] == {"name": ADMITTED_OVER_CAPACITY, "violations": 1}


async def test_a_limit_that_is_lowered_later_breaks_no_promise(admin, organizer, client):
    event = await organizer.make_event(layout_id=None, publish=True)
    kim = await buyer_of(client, event, "kim@tiketi.test")
    wish = [{"tier_id": event["tiers"][0]["id"], "quantity": 4}]
    await kim.reserve(general=wish)
    body = organizer.event_body(layout_id=None, limits={"seats_per_user": 1})
    for name in ("starts_at", "sale_opens_at", "sale_closes_at"):
        body[name] = event[name]
    assert (await organizer.put(f"/events/{event['id']}", body)).status_code == 200
    assert (await admin.get("/health/invariants")).json()["ok"] is True


async def test_they_hold_at_every_moment_of_a_sale(admin, organizer, client):
    """Read in one snapshot: a sale under way never looks broken."""
    event = await organizer.make_event(publish=True)
    buyers = [await buyer_of(client, event, f"buyer{n}@tiketi.test") for n in range(5)]
    done = asyncio.Event()

    async def sell() -> None:
        await asyncio.gather(*(b.buy(f"A-{n % 4 + 1}-{n + 1}") for n, b in enumerate(buyers)))
        done.set()

    selling = asyncio.create_task(sell())
    while not done.is_set():
        report = (await admin.get("/health/invariants")).json()
        assert report["ok"], report
    await selling
    assert (await admin.get("/health/invariants")).json()["ok"] is True


async def test_a_store_that_is_away_is_said_to_be(admin, runtime, event):
    for away in (database_away, redis_away):
        async with away(runtime):
            answer = await admin.get("/health/invariants")
        if away is database_away:
            assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
    assert (await admin.get("/health/invariants")).json()["ok"] is True
