"""The artist's past events, as the next plan reads them from PostgreSQL."""

from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from tests.support.waiting_room import join_in_turn, open_line, people
from tiketi.events import api as events
from tiketi.infra.postgres import Database
from tiketi.kernel.ids import new_id
from tiketi.planning import api as planning
from tiketi.planning.service import list_past_audiences
from tiketi.queue import api as queue
from tiketi.services.registry import SERVICES

DAY = timedelta(days=1)


async def past_event(runtime, count: int, *, ago: timedelta = 30 * DAY, **columns) -> UUID:
    """An event whose line ``count`` people joined, and whose sale opened so long ago."""
    event_id = await open_line(runtime, capacity=0)
    await join_in_turn(runtime, event_id, people(count))
    await queue.AudienceRecorder(runtime).run_round()
    opened = runtime.clock.now() - ago
    await alter(
        runtime, event_id, sale_opens_at=opened, sale_closes_at=opened + 10 * DAY, **columns
    )
    return event_id


async def alter(runtime, event_id, **columns):
    names = ", ".join(f"{name} = :{name}" for name in columns)
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text(f"UPDATE events.event SET {names} WHERE id = :id"), {**columns, "id": event_id}
        )


async def next_event(runtime, **columns) -> events.Event:
    event_id = await open_line(runtime, opens_in=7 * DAY, closes_in=20 * DAY)
    if columns:
        await alter(runtime, event_id, **columns)
    async with runtime.database.latest() as reader:
        return await events.get_event(reader, event_id)


async def history(runtime, event):
    async with runtime.database.latest() as reader:
        found = await list_past_audiences(reader, event, now=runtime.clock.now())
    return [(past.people, past.is_lower_bound) for past in found]


async def buy(runtime, event_id, count):
    """Reservations of so many people, two each."""
    async with runtime.database.transaction() as tx:
        for user_id in [new_id() for _ in range(count)] * 2:
            await tx.execute(
                text("""INSERT INTO reservations.reservation
                    (id, number, event_id, user_id, status, amount_minor, currency, expires_at,
                     created_at)
                    VALUES (:id, :number, :event_id, :user_id, 'expired', 0, 'KRW', now(), now())
                """),
                {
                    "id": (reservation_id := new_id()),
                    "number": str(reservation_id)[-12:],
                    "event_id": event_id,
                    "user_id": user_id,
                },
            )


async def test_lines_of_the_artists_events_are_read_latest_first(runtime):
    await past_event(runtime, 3, ago=60 * DAY)
    await past_event(runtime, 5, ago=30 * DAY)
    assert await history(runtime, await next_event(runtime)) == [(5, False), (3, False)]


async def test_the_artists_name_is_compared_without_case(runtime):
    await past_event(runtime, 2, artist="The River")
    assert await history(runtime, await next_event(runtime, artist="THE RIVER")) == [(2, False)]
    assert await history(runtime, await next_event(runtime, artist="The Rivers")) == []


@pytest.mark.parametrize(
    "columns",
    [
        {"artist": "Somebody else"},
        {"published_at": None},
        {"ago": timedelta(minutes=30)},
        {"ago": -DAY},
    ],
)
async def test_other_events_say_nothing(runtime, columns):
    await past_event(runtime, 2, **columns)
    assert await history(runtime, await next_event(runtime)) == []


async def test_an_event_without_an_artist_has_no_history(runtime):
    await past_event(runtime, 2, artist="")
    assert await history(runtime, await next_event(runtime, artist="")) == []


async def test_an_event_cancelled_during_its_rush_says_nothing_and_later_it_does(runtime):
    now = runtime.clock.now()
    await past_event(runtime, 2, cancelled_at=now - 31 * DAY)
    await past_event(runtime, 4, cancelled_at=now - 20 * DAY)
    assert await history(runtime, await next_event(runtime)) == [(4, False)]


async def test_without_a_line_the_distinct_buyers_are_a_lower_bound(runtime):
    event_id = await open_line(runtime, enabled=False)
    opened = runtime.clock.now() - 9 * DAY
    await alter(runtime, event_id, sale_opens_at=opened, sale_closes_at=opened + DAY)
    await buy(runtime, event_id, 6)
    assert await history(runtime, await next_event(runtime)) == [(6, True)]


async def test_a_line_that_was_turned_on_late_counts_less_than_its_buyers(runtime):
    event_id = await past_event(runtime, 2)
    await buy(runtime, event_id, 5)
    assert await history(runtime, await next_event(runtime)) == [(5, True)]


async def test_an_event_to_which_nobody_came_is_no_evidence(runtime):
    await open_line(runtime)
    assert await history(runtime, await next_event(runtime)) == []


async def test_a_prediction_takes_the_organizers_number_first(runtime):
    await past_event(runtime, 4)
    event = await next_event(runtime)
    async with runtime.database.transaction() as tx:
        before = await planning.predict(tx, event, now=runtime.clock.now())
        await events.set_expected_audience(tx, event.id, 90_000, now=runtime.clock.now())
        told = await events.get_event(tx, event.id)
        after = await planning.predict(tx, told, now=runtime.clock.now())
    assert (before.source, before.expected) == (planning.Source.ARTIST, 4)
    assert (after.source, after.expected) == (planning.Source.ORGANIZER, 90_000)
    assert told.expected_audience == 90_000


async def test_the_admin_role_may_make_the_plan(runtime, settings):
    await past_event(runtime, 4)
    event = await next_event(runtime)
    database = Database(settings.model_copy(update={"database_role": "admin_user"}))
    async with database.latest() as reader:
        plan = await planning.plan_event(
            reader, event, SERVICES, server="hypercorn", now=runtime.clock.now()
        )
    await database.close()
    assert plan.audience.reason == "from 1 past event of the artist"
    assert plan.planned_for == plan.audience.high == 8
    assert [service.service for service in plan.services] == [each.name for each in SERVICES]
