"""Use cases on events. What buyers rely on, once published, changes only a little."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from tiketi.events import repository, repository_audience, repository_list
from tiketi.events.domain import (
    Event,
    EventStatus,
    EventSummary,
    NewEvent,
    PastSale,
    Tier,
    TierKind,
)
from tiketi.events.errors import EventCancelled, EventEnded, EventPublished
from tiketi.events.listing import (
    EventFilter,
    EventPage,
    EventSort,
    position_after,
    read_position,
)
from tiketi.infra.postgres import Reader, Tx
from tiketi.kernel.errors import Invalid, NotFound
from tiketi.kernel.ids import new_id


async def get_event(reader: Reader, event_id: UUID) -> Event:
    """The event in any state; NotFound."""
    event = await repository.find_event(reader, event_id)
    if event is None:
        raise NotFound
    return event


async def list_events(
    reader: Reader,
    wanted: EventFilter,
    *,
    sort: EventSort = EventSort.STARTS_AT,
    limit: int,
    cursor: str | None = None,
    now: datetime,
) -> EventPage:
    """A page of events; Invalid for a cursor that is not of this list in this order.

    A query finds what has its words; only when nothing has, what resembles them.
    """
    after = None if cursor is None else read_position(cursor, sort)
    forgiving = after is not None and after.forgiving

    async def find() -> list[EventSummary]:
        return await repository_list.list_summaries(
            reader, wanted, forgiving=forgiving, sort=sort, after=after, limit=limit + 1, now=now
        )

    found = await find()
    if not found and wanted.query and after is None:
        forgiving = True
        found = await find()
    items = tuple(found[:limit])
    is_last = len(found) <= limit
    return EventPage(
        items, None if is_last else position_after(items[-1], sort, forgiving=forgiving)
    )


async def create_event(
    tx: Tx,
    new: NewEvent,
    *,
    organizer_id: UUID | None,
    now: datetime,
    event_id: UUID | None = None,
) -> Event:
    """A draft. Its seats and its waiting room are opened by their own modules."""
    new = new.in_milliseconds()
    _check(new)
    event_id = event_id or new_id()
    await repository.insert_event(tx, new, event_id=event_id, organizer_id=organizer_id, now=now)
    await repository.replace_tiers(tx, event_id, new)
    return await get_event(tx, event_id)


async def replace_event(tx: Tx, event_id: UUID, new: NewEvent, *, now: datetime) -> Event:
    """Write the event anew. A draft's tiers get new ids, so its seats must be opened again.

    A published event keeps its tiers; EventPublished when more would change than its texts, its
    poster, its limits and a later ``sale_closes_at``. EventCancelled, EventEnded.
    """
    new = new.in_milliseconds()
    _check(new)
    event = await repository.lock_event(tx, event_id)
    if event.cancelled_at is not None:
        raise EventCancelled
    if event.published_at is None:
        await repository.replace_tiers(tx, event_id, new)
    else:
        _check_published(event, new, now)
    await repository.replace_event(tx, event_id, new, now)
    return await get_event(tx, event_id)


async def publish_event(tx: Tx, event_id: UUID, *, now: datetime) -> Event:
    """Show it to buyers; publishing again changes nothing. EventCancelled."""
    event = await repository.lock_event(tx, event_id)
    if event.cancelled_at is not None:
        raise EventCancelled
    if event.published_at is not None:
        return event
    await repository.mark_published(tx, event_id, now)
    return replace(event, published_at=now, updated_at=now)


async def cancel_event(tx: Tx, event_id: UUID, *, now: datetime) -> tuple[Event, bool]:
    """The cancelled event, and whether it was this call that cancelled it. EventEnded."""
    event = await repository.lock_event(tx, event_id)
    if event.cancelled_at is not None:
        return event, False
    if event.status(now) is EventStatus.ENDED:
        raise EventEnded
    await repository.mark_cancelled(tx, event_id, now)
    return replace(event, cancelled_at=now, updated_at=now), True


async def delete_draft(tx: Tx, event_id: UUID) -> Event:
    """Delete what was never published, and answer what it was. EventPublished."""
    event = await repository.lock_event(tx, event_id)
    if event.published_at is not None:
        raise EventPublished("Only drafts may be deleted.")
    await repository.delete_event(tx, event_id)
    return event


async def names_layout(reader: Reader, layout_id: UUID) -> bool:
    """Whether any event was made from the layout."""
    return await repository.names_layout(reader, layout_id)


async def set_queue_enabled(tx: Tx, event_id: UUID, *, enabled: bool) -> bool:
    """Whether that was a change."""
    return await repository.set_queue_enabled(tx, event_id, enabled=enabled)


async def set_sold_out(tx: Tx, event_id: UUID, *, sold_out: bool) -> bool:
    """Whether that was a change."""
    return await repository.set_sold_out(tx, event_id, sold_out=sold_out)


async def set_expected_audience(
    tx: Tx, event_id: UUID, expected: int | None, *, now: datetime
) -> None:
    """Note how many people the organizer expects, at least 1; None takes it back."""
    await repository_audience.set_expected_audience(tx, event_id, expected, now)


async def list_past_sales(
    reader: Reader, event: Event, *, lasted: timedelta, limit: int, now: datetime
) -> list[PastSale]:
    """Published sales of the event's artist, whoever organized them, the latest first.

    Each opened at least ``lasted`` ago and was not cancelled within that time.
    """
    return await repository_audience.list_past_sales(
        reader, event.artist, but=event.id, now=now, lasted=lasted, limit=limit
    )


def _check(new: NewEvent) -> None:
    if new.sale_opens_at >= new.closes_at:
        raise Invalid.at(("body", "sale_opens_at"), "must be before sale_closes_at")
    if not new.tiers:
        raise Invalid.at(("body", "tiers"), "an event needs a layout or a general tier")
    names = [tier.name for tier in new.tiers]
    if len(set(names)) < len(names):
        raise Invalid.at(("body", "tiers"), "two tiers have the same name")


def _check_published(event: Event, new: NewEvent, now: datetime) -> None:
    """A section's tier was made from the layout as it was; later changes to that are no change."""
    closes_at, policy = new.closes_at, event.refund_policy
    if closes_at < event.sale_closes_at:
        raise EventPublished("sale_closes_at may only become later.")
    if closes_at > event.sale_closes_at and event.status(now) is EventStatus.ENDED:
        raise EventEnded("A sale that has ended does not open again.")
    fixed = {
        "starts_at": event.starts_at == new.starts_at,
        "sale_opens_at": event.sale_opens_at == new.sale_opens_at,
        "currency": event.currency == new.currency,
        "venue.timezone": event.venue.timezone == new.venue.timezone,
        "layout_id": event.layout_id == new.layout_id,
        "tiers": _general(event.tiers)
        == [(t.name, t.price_minor, t.capacity) for t in new.tiers if t.kind is TierKind.GENERAL],
        "queue": event.queue_enabled == new.queue_enabled,
        # Where none is set buyers are shown the usual one, which is the same.
        "refund_policy": policy.percent == new.refund_policy.percent
        and policy.last_moment(event.starts_at) == new.refund_policy.last_moment(new.starts_at),
    }
    changed = [name for name, is_same in fixed.items() if not is_same]
    if changed:
        raise EventPublished(f"Once published these do not change: {', '.join(changed)}.")


def _general(tiers: tuple[Tier, ...]) -> list[tuple[str, int, int]]:
    return [(t.name, t.price_minor, t.capacity) for t in tiers if t.kind is TierKind.GENERAL]
