"""Use cases that only look."""

from collections.abc import Sequence
from uuid import UUID

from tiketi.events import api as events
from tiketi.infra.lookups import Lookups
from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import NotFound
from tiketi.reservations import repository
from tiketi.reservations.domain import Reservation, ReservationStatus
from tiketi.reservations.errors import NotConfirmed
from tiketi.tickets import api as tickets
from tiketi.tickets.api import Ticket, TicketSheet


async def get_reservation(reader: Reader, reservation_id: UUID) -> Reservation:
    """Anybody's reservation; NotFound."""
    found = await repository.find(reader, reservation_id)
    if found is None:
        raise NotFound
    return found


async def look_up(runtime: Runtime, reservation_id: UUID) -> Reservation:
    """Anybody's reservation, read with others that are looked up at this moment; NotFound."""
    found = await runtime.one(_reservations).find(reservation_id)
    if found is None:
        raise NotFound
    return found


def _reservations(runtime: Runtime) -> Lookups[UUID, Reservation]:
    return Lookups("reservations", runtime.database, repository.find_all)


async def list_reservations(reader: Reader, ids: Sequence[UUID]) -> list[Reservation]:
    """Anybody's reservations of these ids, newest first; for the one who searched for them."""
    return await repository.list_by_id(reader, ids)


async def get_own(reader: Reader, reservation_id: UUID, user_id: UUID) -> Reservation:
    """One's own reservation; NotFound for any other."""
    found = await repository.find(reader, reservation_id)
    if found is None or found.user_id != user_id:
        raise NotFound
    return found


async def list_own(
    reader: Reader,
    user_id: UUID,
    *,
    before: UUID | None,
    status: ReservationStatus | None,
    event_id: UUID | None,
    limit: int,
) -> list[Reservation]:
    """One's own, newest first."""
    return await repository.list_of_user(
        reader, user_id, before=before, status=status, event_id=event_id, limit=limit
    )


async def look_up_own(runtime: Runtime, reservation_id: UUID, user_id: UUID) -> Reservation:
    """One's own reservation, read with others that are looked up at this moment; NotFound."""
    found = await look_up(runtime, reservation_id)
    if found.user_id != user_id:
        raise NotFound
    return found


async def look_up_own_tickets(
    runtime: Runtime, reservation_id: UUID, user_id: UUID
) -> list[Ticket]:
    """The tickets, void ones of a refund included; NotConfirmed before there were any, NotFound of
    another's reservation.
    """
    found = await tickets.look_up_tickets(runtime, reservation_id)
    if not found:
        await look_up_own(runtime, reservation_id, user_id)
        raise NotConfirmed
    # All of a reservation are its buyer's.
    if found[0].user_id != user_id:
        raise NotFound
    return found


async def get_own_sheet(reader: Reader, reservation_id: UUID, user_id: UUID) -> TicketSheet:
    """The same, with what is printed beside them."""
    reservation = await get_own(reader, reservation_id, user_id)
    found = await tickets.list_tickets(reader, reservation.id)
    if not found:
        raise NotConfirmed
    event = await events.get_event(reader, reservation.event_id)
    return TicketSheet(event, reservation.number, found)


async def count_buyers(reader: Reader, event_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many people have reserved anything, by event, whether or not they paid."""
    return await repository.count_buyers(reader, event_ids)
