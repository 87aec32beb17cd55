"""Events with a waiting room, and people who stand in it, through the module's own door."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import text

from tiketi.events import api as events
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.ids import new_id
from tiketi.queue import api as queue
from tiketi.queue.keys import room_keys
from tiketi.queue.syncing import sync_room


async def open_line(
    runtime: Runtime,
    *,
    opens_in: timedelta = timedelta(hours=-1),
    closes_in: timedelta = timedelta(days=1),
    enabled: bool = True,
    publish: bool = True,
    **settings: Any,
) -> UUID:
    """A published event, its queue on, and nothing in the way of admission but ``settings``."""
    now = runtime.clock.now()
    chosen = {"capacity": 1_000, "rate_per_minute": 1_000_000, **settings}
    async with runtime.database.transaction() as tx:
        new = events.NewEvent(
            title="겨울의 콘서트",
            artist="한강",
            venue=events.Venue("올림픽홀", "서울 송파구 올림픽로 424", "Asia/Seoul"),
            starts_at=now + timedelta(days=30),
            sale_opens_at=now + opens_in,
            sale_closes_at=now + closes_in,
            currency="KRW",
            queue_enabled=enabled,
            tiers=(events.NewTier("Standing", 30_000, events.TierKind.GENERAL, 100),),
        )
        event = await events.create_event(tx, new, organizer_id=None, now=now)
        await queue.open_room(
            tx, runtime, event.id, queue.WaitingRoomSettings(enabled=enabled, **chosen)
        )
        if publish:
            await events.publish_event(tx, event.id, now=now)
    return event.id


async def change(runtime: Runtime, event_id: UUID, **changes: Any) -> None:
    """Set the waiting room as an operator does."""
    async with runtime.database.transaction() as tx:
        await queue.configure(tx, runtime, event_id, changes, now=runtime.clock.now())


async def reset(runtime: Runtime, event_id: UUID) -> int:
    async with runtime.database.transaction() as tx:
        return await queue.reset_room(tx, runtime, event_id, now=runtime.clock.now())


async def open_now(runtime: Runtime, event_id: UUID) -> None:
    """As if the time had come at which the sale opens."""
    async with runtime.database.transaction() as tx:
        await tx.execute(
            text("UPDATE events.event SET sale_opens_at = :at WHERE id = :event_id"),
            {"at": runtime.clock.now() - timedelta(seconds=1), "event_id": event_id},
        )
    await sync_room(runtime, event_id)
    look_anew(runtime)


def people(count: int) -> list[Actor]:
    return [Actor(new_id(), Role.USER) for _ in range(count)]


async def join(
    runtime: Runtime, event_id: UUID, actor: Actor, receipt: str | None = None
) -> queue.Standing:
    return await queue.join_queue(
        runtime, actor, event_id, receipt=receipt, now=runtime.clock.now()
    )


async def join_in_turn(
    runtime: Runtime, event_id: UUID, actors: Sequence[Actor]
) -> list[queue.Standing]:
    return [await join(runtime, event_id, actor) for actor in actors]


async def ask(runtime: Runtime, event_id: UUID, actor: Actor) -> queue.Standing:
    """Ask a process that has not looked at the line for a while."""
    look_anew(runtime)
    return await queue.read_status(runtime, actor, event_id, shown=None, now=runtime.clock.now())


async def leave(runtime: Runtime, event_id: UUID, actor: Actor) -> None:
    await queue.leave_queue(runtime, actor, event_id)


async def admit(runtime: Runtime) -> None:
    """One round of the admitter, its memory of the rooms made new."""
    while await queue.Admitter(runtime).run_round():
        pass


async def until(condition: Callable[[], Awaitable[bool]], *, seconds_max: float = 10.0) -> None:
    async with asyncio.timeout(seconds_max):
        while not await condition():  # noqa: ASYNC110 # what is waited for is in a store
            await asyncio.sleep(0.02)


async def admit_until_inside(runtime: Runtime, event_id: UUID, actor: Actor) -> queue.Standing:
    """Rounds of the admitter until the person is admitted."""

    async def is_inside() -> bool:
        await admit(runtime)
        return state_of(await ask(runtime, event_id, actor)) == "admitted"

    await until(is_inside)
    return await ask(runtime, event_id, actor)


async def lose_the_store(runtime: Runtime) -> None:
    await runtime.redis.command("FLUSHALL")
    look_anew(runtime)


def look_anew(runtime: Runtime) -> None:
    """As if the moment had passed for which a process believes what it knows of the lines."""
    lines = runtime.one(queue.Lines)
    for event_id in list(lines._cache._entries):
        lines.forget(event_id)


async def stretch_the_grace(runtime: Runtime, event_id: UUID) -> None:
    """However slow the machine, nobody is admitted before ``end_the_grace``."""
    await runtime.redis.command("HSET", room_keys(event_id)[0], "admit_from_ms", 2**42)


async def end_the_grace(runtime: Runtime, event_id: UUID) -> None:
    """As if the time had passed in which a life after a loss admits nobody."""
    await runtime.redis.command("HSET", room_keys(event_id)[0], "admit_from_ms", 0)


async def lapse_pass(runtime: Runtime, event_id: UUID, actor: Actor) -> None:
    """As if the time of the pass had passed."""
    _, _, admitted, *_, unshown = room_keys(event_id)
    for key in (admitted, unshown):
        await runtime.redis.command("ZADD", key, "XX", 1, str(actor.user_id))


async def show_pass(runtime: Runtime, event_id: UUID, actor: Actor, token: str | None) -> None:
    """Show it to the sale; QueuePassRequired where it does not let in."""
    async with runtime.database.latest() as reader:
        event = await events.get_event(reader, event_id)
    await queue.require_pass(runtime, actor, event, token)


async def pass_a_second(runtime: Runtime, event_id: UUID) -> None:
    """As if so much time had passed since the speed was adjusted."""
    await runtime.redis.command("HSET", room_keys(event_id)[0], "adjusted_at_ms", 0)


async def mark_sold_out(runtime: Runtime, event_id: UUID, *, sold_out: bool) -> None:
    """As the reservations' loop does."""
    async with runtime.database.transaction() as tx:
        await events.set_sold_out(tx, event_id, sold_out=sold_out)


def state_of(standing: queue.Standing) -> str:
    return standing.place.state.value
