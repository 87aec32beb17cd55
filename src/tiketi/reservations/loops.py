"""The sweeper: holds end in time, and an event says that it is sold out. And waiting lists."""

from sqlalchemy import text

from tiketi.events import api as events
from tiketi.infra import idempotency_store, outbox
from tiketi.infra.loops import Loop
from tiketi.infra.runtime import Runtime
from tiketi.reservations import ending
from tiketi.reservations.waiting_list.serving import serve_waiting_lists
from tiketi.seats import api as seats


async def sweep(runtime: Runtime) -> bool:
    """One batch of each duty; whether a full batch says that more is due."""
    limit = runtime.settings.sweep_batch_max
    now = runtime.clock.now()
    async with runtime.database.transaction() as tx:
        expired = await ending.expire_due(tx, now, limit)
    async with runtime.database.transaction() as tx:
        released = await ending.release_cancelled_events(tx, now, limit)
    async with runtime.database.transaction() as tx:
        # One sweeper at a time is enough for what only follows from the seats.
        if (await tx.execute(_TRY_LOCK)).scalar_one():
            for event_id, sold_out in await seats.list_changed_sold_out(tx):
                await events.set_sold_out(tx, event_id, sold_out=sold_out)
            await idempotency_store.forget_old(tx, runtime.settings.idempotency_ttl_seconds)
            await outbox.forget_old(tx)
    return max(expired, released) >= limit


_TRY_LOCK = text("SELECT pg_try_advisory_xact_lock(7450613292)")

LOOPS = (
    Loop("sweeper", lambda settings: settings.sweep_interval_seconds, sweep),
    Loop(
        "waiting_lists",
        lambda settings: settings.waiting_list_interval_seconds,
        serve_waiting_lists,
    ),
)
