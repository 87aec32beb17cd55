"""A plan from what PostgreSQL knows: the event, its queue, and who came to earlier ones."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from tiketi.events import api as events
from tiketi.events.api import Event
from tiketi.infra.postgres import Reader
from tiketi.planning.domain import (
    Audience,
    CapacityPlan,
    PastAudience,
    Sale,
    SizedService,
)
from tiketi.planning.planner import make_plan
from tiketi.planning.prediction import PAST_EVENTS_MAX, asked_audience, predict_audience
from tiketi.queue import api as queue
from tiketi.queue.api import Mode, WaitingRoom
from tiketi.reservations import api as reservations

# An event counts as past once its rush is: an hour after its opening.
RUSH_LASTS = timedelta(hours=1)
# Looked at, since nobody may have been counted at some of them.
PAST_EVENTS_READ_MAX = 10


async def plan_event(
    reader: Reader,
    event: Event,
    services: Sequence[SizedService],
    *,
    server: str,
    now: datetime,
    asked: int | None = None,
) -> CapacityPlan:
    """The plan of an event in any state; ``asked`` people instead of a prediction."""
    room = await queue.get_room(reader, event.id)
    if asked is None:
        audience = await predict(reader, event, now=now)
    else:
        audience = asked_audience(asked)
    return make_plan(_sale(event, room), audience, services, server=server, now=now)


async def predict(reader: Reader, event: Event, *, now: datetime) -> Audience:
    """The audience by the organizer's number, the artist's past, or the number of places."""
    past = await list_past_audiences(reader, event, now=now)
    return predict_audience(said=event.expected_audience, past=past, places=event.places)


async def list_past_audiences(reader: Reader, event: Event, *, now: datetime) -> list[PastAudience]:
    """How many came to the artist's past events, the latest first; those without a figure not."""
    sales = await events.list_past_sales(
        reader, event, lasted=RUSH_LASTS, limit=PAST_EVENTS_READ_MAX, now=now
    )
    ids = [sale.event_id for sale in sales]
    joined = await queue.count_joined(reader, ids)
    bought = await reservations.count_buyers(reader, ids)
    found = []
    for sale in sales:
        in_line, buyers = joined.get(sale.event_id, 0), bought.get(sale.event_id, 0)
        people = max(in_line, buyers)
        if people:
            found.append(PastAudience(people, sale.places, is_lower_bound=buyers > in_line))
    return found[:PAST_EVENTS_MAX]


def _sale(event: Event, room: WaitingRoom) -> Sale:
    return Sale(
        event_id=event.id,
        title=event.title,
        opens_at=event.sale_opens_at,
        closes_at=event.sale_closes_at,
        places=event.places,
        queue_enabled=event.queue_enabled,
        capacity=room.settings.capacity,
        rate_per_minute=room.settings.rate_per_minute,
        is_draw=event.queue_enabled and room.settings.mode is Mode.DRAW,
    )
