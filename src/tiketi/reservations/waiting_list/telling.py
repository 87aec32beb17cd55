"""The letters that tell of offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from tiketi.auth import api as auth
from tiketi.infra.postgres import Tx
from tiketi.infra.runtime import Runtime
from tiketi.notifications import api as notifications
from tiketi.reservations.waiting_list.domain import Entry
from tiketi.reservations.waiting_list.matching import Sale
from tiketi.seats.api import OfferedPlaces


@dataclass(frozen=True, slots=True)
class Made:
    """Offers that were made just now, to whom, and until when."""

    offers: Sequence[tuple[Entry, OfferedPlaces]]
    expires_at: datetime


async def tell_of_offers(tx: Tx, runtime: Runtime, sale: Sale, made: Made) -> None:
    """A letter to each whose account was not erased since."""
    if not made.offers:
        return
    event = sale.event
    accounts = await auth.find_accounts(tx, [entry.user_id for entry, _ in made.offers])
    letters = []
    for entry, offer in made.offers:
        account = accounts.get(entry.user_id)
        if account is None:
            continue
        letter = notifications.places_offered(
            event_title=event.title,
            venue_name=event.venue.name,
            starts_at=event.starts_at,
            timezone=event.venue.timezone,
            places=_name(sale, offer),
            until=made.expires_at,
            link=f"{runtime.settings.public_url}/events/{event.id}",
        )
        letters.append((account.email, letter))
    await notifications.enqueue_letters(tx, letters)


def _name(sale: Sale, offer: OfferedPlaces) -> Sequence[str]:
    hall = sale.hall
    names = [hall.seat_map.seat_ids[index] for index in offer.places.seats] if hall else []
    for tier_id, quantity in offer.places.general.items():
        tier = sale.event.tier(tier_id)
        names.append(f"{quantity} · {tier.name if tier else tier_id}")
    return names
