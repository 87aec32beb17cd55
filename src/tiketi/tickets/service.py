"""Use cases on tickets: issue, void, show, let in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from tiketi.infra.invariants import Invariant
from tiketi.infra.lookups import Lookups
from tiketi.infra.postgres import Reader, Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id
from tiketi.tickets import repository
from tiketi.tickets.domain import Ticket, TicketOrder, TicketStatus, new_code
from tiketi.tickets.errors import AlreadyCheckedIn, TicketVoid


async def issue_tickets(tx: Tx, orders: Sequence[TicketOrder]) -> None:
    """One ticket a seat and one a general place, in the transaction that confirms them."""
    rows = [
        {
            "id": new_id(),
            "code": new_code(),
            "reservation_id": order.reservation_id,
            "event_id": order.event_id,
            "user_id": order.user_id,
            "position": order.position,
            "place": place,
            "tier_id": order.tier_id,
            "seat_id": order.seat_id,
        }
        for order in orders
        for place in range(order.quantity)
    ]
    await repository.insert(tx, rows)


async def void_tickets(tx: Tx, reservation_id: UUID) -> None:
    await repository.void_of_reservation(tx, reservation_id)


async def list_tickets(reader: Reader, reservation_id: UUID) -> list[Ticket]:
    """A reservation's tickets in the order of its items."""
    found = await repository.list_of_reservations(reader, [reservation_id])
    return found.get(reservation_id, [])


async def look_up_tickets(runtime: Runtime, reservation_id: UUID) -> list[Ticket]:
    """The same, read with others that are looked up at this moment."""
    return await runtime.one(_tickets).find(reservation_id) or []


def _tickets(runtime: Runtime) -> Lookups[UUID, list[Ticket]]:
    return Lookups("tickets", runtime.database, repository.list_of_reservations)


async def find_ticket(reader: Reader, code: str) -> Ticket:
    """The ticket of a code; NotFound when there is none."""
    ticket = await repository.find_by_code(reader, code)
    if ticket is None:
        raise NotFound
    return ticket


async def check_in(
    tx: Tx, ticket: Ticket, *, actor_id: UUID, gate: str | None, now: datetime
) -> Ticket:
    """Let the ticket in, once: AlreadyCheckedIn says when and where it was, TicketVoid if void."""
    if await repository.check_in(tx, ticket.code, now=now, actor_id=actor_id, gate=gate):
        return replace(ticket, status=TicketStatus.USED, checked_in_at=now, gate=gate)
    current = await find_ticket(tx, ticket.code)
    if current.status is TicketStatus.VOID or current.checked_in_at is None:
        raise TicketVoid
    raise AlreadyCheckedIn(current.checked_in_at, current.gate)


INVARIANTS = (
    Invariant(
        "confirmed_has_one_live_ticket_a_place",
        """
        SELECT count(*) FROM (
            SELECT r.id FROM reservations.reservation AS r
            LEFT JOIN (SELECT reservation_id, sum(quantity) AS places
                FROM reservations.item GROUP BY reservation_id) AS i ON i.reservation_id = r.id
            LEFT JOIN (SELECT reservation_id, count(*) AS tickets
                FROM tickets.ticket WHERE status <> 'void' GROUP BY reservation_id) AS t
                ON t.reservation_id = r.id
            WHERE coalesce(t.tickets, 0)
                <> CASE r.status WHEN 'confirmed' THEN i.places ELSE 0 END) AS wrong""",
    ),
    Invariant(
        "seat_ticket_belongs_to_the_seats_owner",
        """
        SELECT count(*) FROM tickets.ticket AS t
        JOIN reservations.item AS i
            ON i.reservation_id = t.reservation_id AND i.position = t.position
        LEFT JOIN seats.seat AS s
            ON s.event_id = t.event_id AND s.seat_index = i.seat_index
            AND s.reservation_id = t.reservation_id AND s.state = 's'
        WHERE t.seat_id IS NOT NULL AND t.status <> 'void' AND s.event_id IS NULL""",
    ),
)
