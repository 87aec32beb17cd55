"""An event on sale, made through the modules' own doors."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from tiketi.events import api as events
from tiketi.infra.runtime import Runtime
from tiketi.seats import api as seats

VENUE = events.Venue("올림픽홀", "서울 송파구 올림픽로 424", "Asia/Seoul")


@dataclass(frozen=True)
class Section:
    name: str = "A"
    rows: int = 5
    seats_per_row: int = 10
    price: int = 50_000


@dataclass(frozen=True)
class General:
    name: str = "Standing"
    capacity: int = 100
    price: int = 30_000


async def open_sale(
    runtime: Runtime,
    *,
    sections: Sequence[Section] = (Section(),),
    general: Sequence[General] = (),
    opens_in: timedelta = timedelta(hours=-1),
    closes_in: timedelta = timedelta(days=20),
    starts_in: timedelta = timedelta(days=30),
    limits: events.Limits | None = None,
    refund_policy: events.RefundPolicy | None = None,
    queue_enabled: bool = False,
    organizer_id: UUID | None = None,
    publish: bool = True,
    currency: str = "KRW",
) -> events.Event:
    now = runtime.clock.now()
    async with runtime.database.transaction() as tx:
        layout = None
        if sections:
            layout = await seats.create_layout(
                tx,
                name="Hall",
                sections=[
                    seats.LayoutSection(
                        section.name,
                        rows=section.rows,
                        seats_per_row=section.seats_per_row,
                        price_minor=section.price,
                    )
                    for section in sections
                ],
                owner_id=organizer_id,
                now=now,
            )
        new = events.NewEvent(
            title="봄의 콘서트",
            artist="한강",
            venue=VENUE,
            starts_at=now + starts_in,
            sale_opens_at=now + opens_in,
            sale_closes_at=now + closes_in,
            currency=currency,
            limits=limits or events.Limits(seats_per_order=4, seats_per_user=8),
            refund_policy=refund_policy or events.RefundPolicy(),
            queue_enabled=queue_enabled,
            layout_id=layout.id if layout else None,
            tiers=(
                *(
                    events.NewTier(
                        section.name,
                        section.price,
                        events.TierKind.SEATED,
                        section.rows * section.seats_per_row,
                        section.name,
                    )
                    for section in sections
                ),
                *(
                    events.NewTier(tier.name, tier.price, events.TierKind.GENERAL, tier.capacity)
                    for tier in general
                ),
            ),
        )
        event = await events.create_event(tx, new, organizer_id=organizer_id, now=now)
        if layout is not None:
            await seats.open_map(tx, event.id, layout, event.tiers)
        for tier in event.tiers:
            if tier.kind is events.TierKind.GENERAL:
                await seats.open_general(tx, event.id, tier)
        return await events.publish_event(tx, event.id, now=now) if publish else event
