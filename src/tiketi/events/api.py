"""What other modules may use of events."""

from tiketi.events.cache import EventCache
from tiketi.events.domain import (
    Event,
    EventStatus,
    EventSummary,
    Limits,
    NewEvent,
    NewTier,
    RefundPolicy,
    Tier,
    TierKind,
    Venue,
)
from tiketi.events.errors import EventCancelled, EventEnded, EventPublished, SaleNotOpen
from tiketi.events.listing import EventFilter, EventPage, EventSort
from tiketi.events.service import (
    cancel_event,
    create_event,
    delete_draft,
    get_event,
    list_events,
    names_layout,
    publish_event,
    replace_event,
    set_queue_enabled,
    set_sold_out,
)

__all__ = [
    "Event",
    "EventCache",
    "EventCancelled",
    "EventEnded",
    "EventFilter",
    "EventPage",
    "EventPublished",
    "EventSort",
    "EventStatus",
    "EventSummary",
    "Limits",
    "NewEvent",
    "NewTier",
    "RefundPolicy",
    "SaleNotOpen",
    "Tier",
    "TierKind",
    "Venue",
    "cancel_event",
    "create_event",
    "delete_draft",
    "get_event",
    "list_events",
    "names_layout",
    "publish_event",
    "replace_event",
    "set_queue_enabled",
    "set_sold_out",
]
