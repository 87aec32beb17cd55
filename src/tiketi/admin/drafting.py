"""Use cases on an event as its organizer writes it: make it, make it anew, delete it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from tiketi.admin.access import get_managed_event, scope_of
from tiketi.admin.coding import check_published_codes, set_codes, set_presale
from tiketi.admin.domain import EventDraft, GeneralTier
from tiketi.admin.trail import record
from tiketi.events import api as events
from tiketi.events.api import Event, EventCache, EventPublished, NewEvent, NewTier, TierKind
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor
from tiketi.kernel.errors import Invalid, NotFound
from tiketi.queue import api as queue
from tiketi.queue.api import WaitingRoomSettings
from tiketi.seats import api as seats
from tiketi.seats.api import SeatLayout, SeatMaps


async def create_event(
    tx: Tx,
    runtime: Runtime,
    actor: Actor | None,
    draft: EventDraft,
    *,
    now: datetime,
    event_id: UUID | None = None,
) -> Event:
    """A draft with its seats, its general places and its waiting room.

    ``actor`` becomes its organizer; None is the house itself. Invalid for a layout that is unknown
    or another organizer's, for a section without a price, and for an event without any places.
    """
    layout = await _find_layout(tx, actor, draft.layout_id)
    settings = replace(WaitingRoomSettings(), **draft.queue)
    event = await events.create_event(
        tx,
        _new_event(draft, _seated(draft, layout), queue_enabled=settings.enabled),
        organizer_id=actor.user_id if actor else None,
        now=now,
        event_id=event_id,
    )
    if draft.expected_audience is not None:
        await events.set_expected_audience(tx, event.id, draft.expected_audience, now=now)
    event = await set_codes(tx, runtime, event, draft)
    await _open_places(tx, event, layout)
    await queue.open_room(tx, runtime, event.id, settings)
    await record(tx, actor, "event.create", event.id, now=now, detail={"title": event.title})
    return event


async def replace_event(
    tx: Tx, runtime: Runtime, actor: Actor, event_id: UUID, draft: EventDraft, *, now: datetime
) -> Event:
    """Write an event anew: all of a draft, the little that may change of a published one.

    NotFound for another organizer's, EventPublished for more than that, EventCancelled,
    EventEnded, Invalid as at creation.
    """
    before = await get_managed_event(tx, actor, event_id)
    room = await queue.get_room(tx, event_id)
    # Who reads the settings is shown the system's pass lifetime where the room has none.
    shown = runtime.settings.pass_ttl_seconds
    now_set = replace(room.settings, pass_ttl_seconds=room.settings.pass_ttl_seconds or shown)
    settings = replace(now_set, **draft.queue)
    if before.published_at is not None:
        _check_published(before, draft, is_queue_same=settings == now_set)
        await check_published_codes(tx, before, draft)
        tiers = [_again(tier) for tier in before.tiers if tier.kind is TierKind.SEATED]
        new = _new_event(draft, tiers, queue_enabled=settings.enabled)
        event = await events.replace_event(tx, event_id, new, now=now)
        event = await set_presale(tx, runtime, event, draft)
        runtime.one(EventCache).forget_after(tx, event_id)
    else:
        layout = await _find_layout(tx, actor, draft.layout_id)
        new = _new_event(draft, _seated(draft, layout), queue_enabled=settings.enabled)
        event = await events.replace_event(tx, event_id, new, now=now)
        event = await set_codes(tx, runtime, event, draft)
        await _reopen(tx, runtime, event, layout, changes=draft.queue, now=now)
    await record(tx, actor, "event.replace", event_id, now=now, detail={"title": event.title})
    return event


async def delete_draft(tx: Tx, actor: Actor, event_id: UUID, *, now: datetime) -> None:
    """Delete what was never published. NotFound, EventPublished."""
    await get_managed_event(tx, actor, event_id)
    event = await events.delete_draft(tx, event_id)
    await seats.drop_map(tx, event_id)
    await queue.drop_room(tx, event_id)
    await record(tx, actor, "event.delete", event_id, now=now, detail={"title": event.title})


async def _reopen(
    tx: Tx,
    runtime: Runtime,
    event: Event,
    layout: SeatLayout | None,
    *,
    changes: Mapping[str, Any],
    now: datetime,
) -> None:
    if event.published_at is not None:
        # Published by another call while this one waited for the row.
        raise EventPublished
    await seats.drop_map(tx, event.id)
    await _open_places(tx, event, layout)
    await queue.configure(tx, runtime, event.id, changes, now=now)

    async def forget_map() -> None:
        runtime.one(SeatMaps).forget(event.id)

    tx.after_commit(forget_map)


async def _find_layout(tx: Tx, actor: Actor | None, layout_id: UUID | None) -> SeatLayout | None:
    if layout_id is None:
        return None
    try:
        return await seats.get_layout(tx, layout_id, seen_by=scope_of(actor))
    except NotFound as error:
        raise Invalid.at(("body", "layout_id"), "is not a layout of yours") from error


def _seated(draft: EventDraft, layout: SeatLayout | None) -> Sequence[NewTier]:
    sections = layout.sections if layout else ()
    names = {section.name for section in sections}
    for name in draft.prices_minor:
        if name not in names:
            raise Invalid.at(("body", "prices", name), "is not a section of the layout")
    return seats.tiers_of(sections, draft.prices_minor)


async def _open_places(tx: Tx, event: Event, layout: SeatLayout | None) -> None:
    if layout is not None:
        await seats.open_map(tx, event.id, layout, event.tiers)
    for tier in event.tiers:
        if tier.kind is TierKind.GENERAL:
            await seats.open_general(tx, event.id, tier)


def _check_published(event: Event, draft: EventDraft, *, is_queue_same: bool) -> None:
    if not is_queue_same:
        raise EventPublished("Once published, the queue is set by a call of its own.")
    prices = {tier.section: tier.price_minor for tier in event.tiers if tier.section is not None}
    if any(prices.get(name) != price for name, price in draft.prices_minor.items()):
        raise EventPublished("Once published, prices do not change.")


def _new_event(draft: EventDraft, seated: Sequence[NewTier], *, queue_enabled: bool) -> NewEvent:
    return NewEvent(
        title=draft.title,
        artist=draft.artist,
        description=draft.description,
        venue=draft.venue,
        starts_at=draft.starts_at,
        sale_opens_at=draft.sale_opens_at,
        sale_closes_at=draft.sale_closes_at,
        currency=draft.currency,
        poster_url=draft.poster_url,
        limits=draft.limits,
        refund_policy=draft.refund_policy,
        queue_enabled=queue_enabled,
        layout_id=draft.layout_id,
        tiers=(*seated, *(_general(tier) for tier in draft.tiers)),
    )


def _general(tier: GeneralTier) -> NewTier:
    return NewTier(tier.name, tier.price_minor, TierKind.GENERAL, tier.capacity)


def _again(tier: events.Tier) -> NewTier:
    return NewTier(tier.name, tier.price_minor, tier.kind, tier.capacity, tier.section)
