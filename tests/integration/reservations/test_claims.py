"""Who gets what when claims are decided together: races that really commit."""

import asyncio
import random
from collections import Counter

import pytest
from asyncpg import PostgresError
from sqlalchemy import text

from tests.support.away import database_away
from tests.support.on_sale import General, Section, open_sale
from tiketi.kernel.errors import Unavailable
from tiketi.kernel.ids import new_id
from tiketi.reservations.claiming import Claims
from tiketi.reservations.claims_repository import Outcome, decide

HELD, TAKEN, SOLD_OUT = Outcome.HELD, Outcome.TAKEN, Outcome.SOLD_OUT


@pytest.fixture
async def event(runtime):
    return await open_sale(
        runtime, sections=[Section("A", 1, 60)], general=[General("F", 50), General("G", 7)]
    )


@pytest.fixture
def claims(runtime):
    return Claims(runtime)


def tier_of(event, name):
    return next(tier.id for tier in event.tiers if tier.name == name)


async def read(runtime, query, **values):
    async with runtime.database.latest() as reader:
        return list(await reader.execute(text(query), values))


async def owners(runtime, event):
    rows = await read(
        runtime,
        "SELECT seat_index, reservation_id FROM seats.seat"
        " WHERE event_id = :id AND reservation_id IS NOT NULL",
        id=event.id,
    )
    return {row.seat_index: row.reservation_id for row in rows}


async def deadlocks(runtime):
    async with runtime.database.latest() as reader:
        found = await reader.execute(
            text("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        )
        return found.scalar_one()


async def decide_all(claims, wanted):
    return await asyncio.gather(*(claims.decide(claim) for claim in wanted))


async def test_of_one_batch_the_first_gets_the_seat_and_the_second_hears_which(
    runtime, claims, claim_of, event
):
    first, second, third = claim_of(event, [1, 2]), claim_of(event, [2, 3]), claim_of(event, [4])
    verdicts = await decide_all(claims, [first, second, third])
    assert [verdict.outcome for verdict in verdicts] == [HELD, TAKEN, HELD]
    assert list(verdicts[1].missing) == [2]
    assert await owners(runtime, event) == {
        1: first.reservation.id,
        2: first.reservation.id,
        4: third.reservation.id,
    }


async def test_who_lost_to_a_loser_gets_the_seat(runtime, claims, claim_of, event):
    await claims.decide(claim_of(event, [1]))
    # The second loses seat 1, so seat 2 is the third's although the second asked for it first.
    verdicts = await decide_all(claims, [claim_of(event, [1, 2]), claim_of(event, [2, 3])])
    assert [verdict.outcome for verdict in verdicts] == [TAKEN, HELD]
    assert sorted(await owners(runtime, event)) == [1, 2, 3]


async def test_an_order_of_seats_and_places_is_all_or_nothing(runtime, claims, claim_of, event):
    few = tier_of(event, "G")
    verdicts = await decide_all(
        claims, [claim_of(event, [1], {few: 7}), claim_of(event, [2, 3], {few: 1})]
    )
    assert [verdict.outcome for verdict in verdicts] == [HELD, SOLD_OUT]
    assert sorted(await owners(runtime, event)) == [1]


async def test_seats_of_two_events_are_not_mixed_up(runtime, claims, claim_of, event):
    other = await open_sale(runtime, sections=[Section("A", 1, 60)])
    verdicts = await decide_all(claims, [claim_of(event, [1]), claim_of(other, [1])])
    assert [verdict.outcome for verdict in verdicts] == [HELD, HELD]
    assert len(await owners(runtime, event)) == len(await owners(runtime, other)) == 1


async def test_one_accounts_claims_of_one_batch_stay_within_its_limit(
    runtime, claims, claim_of, event
):
    user_id = new_id()
    wanted = [claim_of(event, [index], user_id=user_id, most=3) for index in range(40)]
    outcomes = Counter(verdict.outcome for verdict in await decide_all(claims, wanted))
    assert outcomes == {HELD: 3, Outcome.OVER_LIMIT: 37}
    assert len(await owners(runtime, event)) == 3


async def test_a_refused_claim_leaves_room_for_the_accounts_next(claims, claim_of, event):
    await claims.decide(claim_of(event, [1]))
    user_id = new_id()
    wanted = [claim_of(event, seats, user_id=user_id, most=2) for seats in ([1, 2], [3, 4], [5])]
    verdicts = await decide_all(claims, wanted)
    assert [verdict.outcome for verdict in verdicts] == [TAKEN, HELD, Outcome.OVER_LIMIT]


async def test_a_crowd_over_four_processes_sells_each_seat_once(runtime, several, claim_of, event):
    before = await deadlocks(runtime)
    chosen = random.Random(7)
    wanted = [claim_of(event, chosen.sample(range(60), 4)) for _ in range(400)]
    async with several(4) as processes:
        verdicts = await asyncio.gather(
            *(processes[at % 4].decide(claim) for at, claim in enumerate(wanted))
        )
    held = [
        claim.reservation
        for claim, verdict in zip(wanted, verdicts, strict=True)
        if verdict.outcome is HELD
    ]
    assert {verdict.outcome for verdict in verdicts} == {HELD, TAKEN}
    expected = {index: each.id for each in held for index in each.seat_indexes}
    assert len(expected) == 4 * len(held)
    assert await owners(runtime, event) == expected
    # Nobody was refused a set of seats that is free to the end.
    free = set(range(60)) - set(expected)
    assert not any(set(claim.reservation.seat_indexes) <= free for claim in wanted)
    assert await deadlocks(runtime) == before


async def test_a_crowd_over_four_processes_sells_every_general_place_and_no_more(
    runtime, several, claim_of, event
):
    before = await deadlocks(runtime)
    many, few = tier_of(event, "F"), tier_of(event, "G")
    chosen = random.Random(8)
    wanted = [
        claim_of(event, [], {chosen.choice((many, few)): chosen.randint(1, 3)}) for _ in range(150)
    ] + [claim_of(event, [], {many: 1, few: 1}) for _ in range(50)]
    wanted += [claim_of(event, [], {tier: 1}) for tier in (many, few) for _ in range(60)]
    async with several(4) as processes:
        verdicts = await asyncio.gather(
            *(processes[at % 4].decide(claim) for at, claim in enumerate(wanted))
        )
    sold = Counter()
    for claim, verdict in zip(wanted, verdicts, strict=True):
        assert verdict.outcome in {HELD, SOLD_OUT}
        if verdict.outcome is HELD:
            sold.update(claim.reservation.general)
    assert sold == {many: 50, few: 7}
    rows = await read(runtime, "SELECT remaining, held, sold FROM seats.general_bucket")
    assert (sum(row.remaining for row in rows), sum(row.held for row in rows)) == (0, 57)
    assert await deadlocks(runtime) == before


async def test_a_claim_that_cannot_be_written_harms_no_other(runtime, claims, claim_of, event):
    wanted = [claim_of(event, [index]) for index in range(9)]
    wanted[4].reservation = claim_of(event, [1]).reservation
    object.__setattr__(wanted[4].reservation, "currency", "no\x00ne")
    outcomes = await asyncio.gather(
        *(claims.decide(claim) for claim in wanted), return_exceptions=True
    )
    assert isinstance(outcomes.pop(4), PostgresError)
    assert {verdict.outcome for verdict in outcomes} == {HELD}
    assert sorted(await owners(runtime, event)) == [0, 1, 2, 3, 5, 6, 7, 8]


async def test_a_key_is_answered_as_the_first_time(runtime, claims, claim_of, key_of, event):
    user_id = new_id()
    first = claim_of(event, [1], user_id=user_id, key=key_of(user_id))
    assert (await claims.decide(first)).outcome is HELD
    again = await claims.decide(claim_of(event, [1], user_id=user_id, key=key_of(user_id)))
    assert again.outcome is Outcome.REPLAYED
    assert (again.kept.status, again.kept.body) == (201, b'{"first": "answer"}')
    other = key_of(user_id, fingerprint=b"another body")
    reused = await claims.decide(claim_of(event, [2], user_id=user_id, key=other))
    assert reused.kept.fingerprint == b"f"
    assert sorted(await owners(runtime, event)) == [1]


async def test_one_key_twice_in_a_batch_makes_one_reservation(
    runtime, claims, claim_of, key_of, event
):
    user_id = new_id()
    wanted = [claim_of(event, [at], user_id=user_id, key=key_of(user_id)) for at in range(3)]
    verdicts = await decide_all(claims, [*wanted, claim_of(event, [9])])
    assert Counter(verdict.outcome for verdict in verdicts) == {HELD: 2, Outcome.REPLAYED: 2}
    assert len(await owners(runtime, event)) == 2


async def test_a_key_of_yesterday_is_a_new_one(runtime, claims, claim_of, key_of, event):
    user_id = new_id()
    await claims.decide(claim_of(event, [1], user_id=user_id, key=key_of(user_id)))
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("UPDATE reservations.reservation SET created_at = now() - interval '25 hours'")
        )
    again = await claims.decide(claim_of(event, [2], user_id=user_id, key=key_of(user_id)))
    assert again.outcome is HELD
    assert len(await owners(runtime, event)) == 2


async def test_a_pending_reservation_of_ones_own_is_named_to_who_is_refused(
    claims, claim_of, event
):
    user_id = new_id()
    own = claim_of(event, [1, 2], user_id=user_id)
    await claims.decide(own)
    again = await claims.decide(claim_of(event, [1, 2], user_id=user_id))
    assert (again.outcome, again.own) == (TAKEN, own.reservation.id)
    full = await claims.decide(claim_of(event, [3], user_id=user_id, most=2))
    assert (full.outcome, full.own) == (Outcome.OVER_LIMIT, own.reservation.id)
    stranger = await claims.decide(claim_of(event, [1]))
    assert (stranger.outcome, stranger.own) == (TAKEN, None)


async def test_a_seat_of_an_allotment_is_for_those_who_may_open_it(
    runtime, claims, claim_of, event
):
    allotment_id = new_id()
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("""
                UPDATE seats.seat SET state = 'b', allotment_id = :allotment_id
                WHERE event_id = :event_id AND seat_index IN (1, 2)"""),
            {"event_id": event.id, "allotment_id": allotment_id},
        )
        await tx.execute(
            text("UPDATE seats.seat SET state = 'b' WHERE event_id = :id AND seat_index = 3"),
            {"id": event.id},
        )
    verdicts = await decide_all(
        claims,
        [
            claim_of(event, [0, 1]),
            claim_of(event, [1], opened=[new_id()]),
            claim_of(event, [1, 4], opened=[allotment_id, new_id()]),
            claim_of(event, [3], opened=[allotment_id]),
        ],
    )
    assert [verdict.outcome for verdict in verdicts] == [TAKEN, TAKEN, HELD, TAKEN]
    assert sorted(await owners(runtime, event)) == [1, 4]


async def test_a_database_that_is_away_refuses_and_is_asked_again_when_it_is_back(
    runtime, claims, claim_of, event
):
    async with database_away(runtime):
        with pytest.raises(Unavailable):
            await claims.decide(claim_of(event, [1]))
    assert (await claims.decide(claim_of(event, [1]))).outcome is HELD


async def test_more_than_may_wait_are_refused_at_once(several, claim_of, event):
    async with several(1, claims_waiting_max=20, claim_batch_max=4, claim_flights_max=1) as made:
        outcomes = await asyncio.gather(
            *(made[0].decide(claim_of(event, [at])) for at in range(60)), return_exceptions=True
        )
    refused = [each for each in outcomes if isinstance(each, Unavailable)]
    assert len(refused) == 40
    assert all(each.retry_after_seconds == 1 for each in refused)


COUNTS = """
    INSERT INTO reservations.quota (event_id, user_id, places, places_max)
    SELECT $1, gen_random_uuid(), 1, 4 FROM generate_series(1, $2)"""
SEATS = """
    INSERT INTO seats.seat (event_id, seat_index, tier_id, state)
    SELECT $1, 1000 + n, $1, 'a' FROM generate_series(1, $2) AS n"""


@pytest.mark.parametrize(
    "filled", [("reservations.quota", "quota_pkey", COUNTS), ("seats.seat", "seat_pkey", SEATS)]
)
async def test_a_plan_of_when_a_table_was_small_does_not_read_it_all_when_it_has_grown(
    runtime, claim_of, event, filled
):
    """Statistics are as old as the last ANALYZE, and a sale fills a table within a minute."""
    table, index, fill = filled
    grown_by = 20_000

    async def count_read(driver):
        await driver.execute("SELECT pg_stat_force_next_flush()")
        return await driver.fetchval(
            "SELECT idx_tup_read FROM pg_stat_user_indexes WHERE indexrelname = $1", index
        )

    async with runtime.database.latest() as reader:
        driver = await reader.driver()
        await driver.execute("SET statement_timeout = 0")
        await driver.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = false)")
        await driver.execute(f"ANALYZE {table}")
        await decide(reader, [claim_of(event, [1]), claim_of(event, [2])], key_ttl_seconds=1)
        await driver.execute(fill, event.id, grown_by)
        before = await count_read(driver)
        verdicts = await decide(
            reader, [claim_of(event, [3]), claim_of(event, [4])], key_ttl_seconds=1
        )
        read = await count_read(driver) - before
    assert [verdict.outcome for verdict in verdicts] == [HELD, HELD]
    assert read < grown_by / 100
