"""Lists of events: which, in what order, and where a page goes on."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tiketi.events.domain import EventStatus, EventSummary
from tiketi.infra.http.wire import decode_cursor, encode_cursor
from tiketi.kernel.errors import Invalid


class EventSort(StrEnum):
    STARTS_AT = "starts_at"
    STARTS_AT_DESCENDING = "-starts_at"
    SALE_OPENS_AT = "sale_opens_at"

    @property
    def column(self) -> str:
        return self.value.removeprefix("-")

    @property
    def is_descending(self) -> bool:
        return self.value.startswith("-")


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which events: ``starts_from`` and ``starts_to`` are both included.

    Buyers see ``visible_only``; an organizer's own are those of ``organizer_id``.
    """

    status: EventStatus | None = None
    query: str = ""
    starts_from: datetime | None = None
    starts_to: datetime | None = None
    organizer_id: UUID | None = None
    visible_only: bool = True


@dataclass(frozen=True, slots=True)
class Position:
    """The place in a list of the last event seen: its sort key, then its id.

    ``forgiving`` says that the list is of what resembles the query, nothing having its words.
    """

    moment: datetime
    event_id: UUID
    forgiving: bool


@dataclass(frozen=True, slots=True)
class EventPage:
    items: tuple[EventSummary, ...]
    next_cursor: str | None


def position_after(item: EventSummary, sort: EventSort, *, forgiving: bool) -> str:
    """The cursor that goes on after the event."""
    moment = item.sale_opens_at if sort is EventSort.SALE_OPENS_AT else item.starts_at
    return encode_cursor(sort.value, moment, item.id, int(forgiving))


def read_position(cursor: str, sort: EventSort) -> Position:
    """The position that a cursor of ours names; Invalid for any other text or another order."""
    named, moment, event_id, forgiving = decode_cursor(cursor, str, datetime, UUID, int)
    if named != sort.value or not isinstance(moment, datetime) or not isinstance(event_id, UUID):
        raise Invalid.at(("query", "cursor"), "is a cursor of another order")
    return Position(moment, event_id, bool(forgiving))
