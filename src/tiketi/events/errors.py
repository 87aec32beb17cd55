"""What may go wrong with an event."""

from tiketi.kernel.errors import Kind, TiketiError


class EventPublished(TiketiError):
    """Buyers rely on what was published: only a little of it may still change."""

    code = "event_published"
    kind = Kind.CONFLICT
    title = "The event is published"


class EventCancelled(TiketiError):
    code = "event_cancelled"
    kind = Kind.CONFLICT
    title = "The event is cancelled"


class EventEnded(TiketiError):
    code = "event_ended"
    kind = Kind.CONFLICT
    title = "The event has ended"


class SaleNotOpen(TiketiError):
    code = "sale_not_open"
    kind = Kind.CONFLICT
    title = "The event is not on sale"
