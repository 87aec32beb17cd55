"""Use case at the door: a ticket lets one person in, once."""

from dataclasses import dataclass
from datetime import datetime

from tiketi.admin.access import get_managed_event
from tiketi.admin.trail import record
from tiketi.auth import api as auth
from tiketi.events.api import Event, Tier
from tiketi.infra.postgres import Tx
from tiketi.kernel.actor import Actor
from tiketi.reservations import api as reservations
from tiketi.tickets import api as tickets
from tiketi.tickets.api import Ticket, TicketVoid

# Codes are in Crockford's base 32, which takes these letters for the digits they look like.
_AS_WRITTEN = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})


@dataclass(frozen=True, slots=True)
class CheckIn:
    """Who was let in to what. ``holder_name`` None: the account was erased."""

    ticket: Ticket
    event: Event
    tier: Tier | None
    reservation_number: str
    holder_name: str | None


async def check_in(tx: Tx, actor: Actor, code: str, *, gate: str | None, now: datetime) -> CheckIn:
    """Let the ticket of a code in. Of several calls at once exactly one does.

    NotFound for an unknown code and for a ticket to another organizer's event; AlreadyCheckedIn,
    with when and where; TicketVoid, also once the event is cancelled.
    """
    ticket = await tickets.find_ticket(tx, code.upper().translate(_AS_WRITTEN))
    event = await get_managed_event(tx, actor, ticket.event_id)
    if event.cancelled_at is not None:
        raise TicketVoid
    used = await tickets.check_in(tx, ticket, actor_id=actor.user_id, gate=gate, now=now)
    await record(tx, actor, "ticket.check_in", ticket.id, now=now, detail={"gate": gate})
    reservation = await reservations.get_reservation(tx, ticket.reservation_id)
    holder = (await auth.find_accounts(tx, [reservation.user_id])).get(reservation.user_id)
    return CheckIn(
        ticket=used,
        event=event,
        tier=event.tier(ticket.tier_id),
        reservation_number=reservation.number,
        holder_name=holder.name if holder else None,
    )
