"""Use cases on what comes free at an event with a waiting list: kept, offered, or everybody's.

Places that are kept or offered are blocked for everybody else from the transaction on in which
they came free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from tiketi.infra.postgres import Reader, Tx
from tiketi.seats import offers_repository
from tiketi.seats import returns_repository as repository
from tiketi.seats.returns_repository import Returns

# Longer than a transaction that gives places back, and that began before they were to be kept.
LOOK_SECONDS = 10.0
# Who comes while there is more left of that than this, need not ask for it again.
LOOK_AGAIN_SECONDS = 5.0
# What is no longer kept was asked for so long ago that nobody is still asking for it.
KEPT_SECONDS_MIN = 60.0


@dataclass(frozen=True, slots=True)
class Places:
    """Seats by index, general places by tier."""

    seats: Sequence[int] = ()
    general: Mapping[UUID, int] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.seats or self.general)

    @property
    def count(self) -> int:
        return len(self.seats) + sum(self.general.values())


@dataclass(frozen=True, slots=True)
class OfferedPlaces:
    """``id`` is the offer's allotment."""

    id: UUID
    places: Places


@dataclass(frozen=True, slots=True)
class SettledOffers:
    """How many places each offer has sold since it was last asked, and which offers are over."""

    bought: Mapping[UUID, int]
    ended: frozenset[UUID]


async def keep_returns(tx: Tx, event_id: UUID, now: datetime) -> None:
    """From this transaction on what comes free at the event is kept."""
    known = await repository.find(tx, event_id)
    if known is None or not known.is_kept or (
        known.look_until < now + timedelta(seconds=LOOK_AGAIN_SECONDS)
    ):  # fmt: skip
        until = now + timedelta(seconds=LOOK_SECONDS)
        await repository.keep(tx, event_id, look_until=until, now=now)


async def look_for_returns(tx: Tx, event_id: UUID, now: datetime) -> None:
    """Places came free for everybody that a waiting list of the event has to look at."""
    await repository.look(tx, event_id, now + timedelta(seconds=LOOK_SECONDS))


async def lock_returns(tx: Tx, event_id: UUID) -> Returns | None:
    """Alone from now on with what came free; None where another is, or nothing is ever kept."""
    return await repository.lock(tx, event_id)


async def read_returned(reader: Reader, returns: Returns) -> Places:
    """What came free and is not yet offered."""
    return Places(
        sorted(await repository.list_seats(reader, returns)),
        await repository.list_places(reader, returns),
    )


async def lock_places(tx: Tx, returns: Returns, places: Sequence[Places]) -> None:
    """Lock all that will be offered or freed in this transaction, in the order of every writer."""
    indexes = sorted({index for each in places for index in each.seats})
    tier_ids = sorted({tier_id for each in places for tier_id in each.general})
    if indexes:
        await repository.lock_seats(tx, returns.event_id, indexes)
    if tier_ids:
        await repository.lock_buckets(tx, tier_ids)


async def offer_places(
    tx: Tx, returns: Returns, offers: Sequence[OfferedPlaces], now: datetime
) -> set[UUID]:
    """Keep the places for the offers, all of each or none; answers the offers that were made.

    What is not there any more was everybody's and is taken.
    """
    wanted = [(index, each.id) for each in offers for index in each.places.seats]
    taken = await offers_repository.take_seats(tx, returns, wanted) if wanted else set()
    lost = {offer_id for index, offer_id in wanted if index not in taken}
    general = [
        (tier_id, each.id, quantity)
        for each in offers
        for tier_id, quantity in each.places.general.items()
    ]
    for tier_id, offer_id, quantity in sorted(general):
        if not await offers_repository.take_places(tx, returns, offer_id, tier_id, quantity):
            lost.add(offer_id)
    if lost:
        await offers_repository.return_seats(tx, returns, sorted(lost))
    made = [each for each in offers if each.id not in lost]
    for each in made:
        await repository.insert_allotment(
            tx,
            returns.event_id,
            each.id,
            "offer",
            now=now,
            seat_indexes=each.places.seats,
            general=each.places.general,
        )
    return {each.id for each in made}


async def settle_offers(
    tx: Tx, returns: Returns, *, live: Sequence[UUID], over: Sequence[UUID], now: datetime
) -> SettledOffers:
    """What is left of the offers ``over`` came free; what any has sold is no part of it any more.

    An offer is over for good when nothing of it is left, or held.
    """
    ids = sorted({*live, *over})
    bought: dict[UUID, int] = {}
    await offers_repository.lock_seats(tx, returns, ids)
    if over:
        await offers_repository.return_seats(tx, returns, sorted(over))
    for offer_id in await offers_repository.let_sold_seats_go(tx, returns, ids):
        bought[offer_id] = bought.get(offer_id, 0) + 1
    sold = await offers_repository.settle_places(tx, returns, ids, set(over))
    for offer_id, quantity in sold.items():
        bought[offer_id] = bought.get(offer_id, 0) + quantity
    return SettledOffers(bought, frozenset(await offers_repository.end(tx, ids, now)))


async def free_returned(tx: Tx, returns: Returns, places: Places) -> None:
    """What came free and fits nobody is everybody's."""
    if places.seats:
        await repository.free_seats(tx, returns, places.seats)
    for tier_id in sorted(places.general):
        await repository.free_places(tx, returns, tier_id, places.general[tier_id])


async def end_look(tx: Tx, returns: Returns, now: datetime, *, is_wanted: bool) -> None:
    """What came free was looked at. Without a waiting list nothing is kept, some time later."""
    is_old = returns.look_until < now - timedelta(seconds=KEPT_SECONDS_MIN)
    is_kept = returns.is_kept and (is_wanted or not is_old)
    await repository.mark_looked(tx, returns.event_id, now, is_kept=is_kept)
