"""Use cases on places in PostgreSQL: hold, sell, give back. All or none."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from uuid import UUID

from tiketi.infra.invariants import Invariant
from tiketi.infra.lookups import Lookups
from tiketi.infra.postgres import Reader, Tx
from tiketi.infra.runtime import Runtime
from tiketi.seats import claims_repository as repository
from tiketi.seats.domain import Holding, SeatMap
from tiketi.seats.errors import SeatTaken, SoldOut


async def claim_places(
    tx: Tx,
    *,
    seat_map: SeatMap | None,
    event_id: UUID,
    reservation_id: UUID,
    indexes: Sequence[int],
    general: Mapping[UUID, int],
    opened: Sequence[UUID] = (),
) -> None:
    """Hold every place that somebody had before: seats by index, general places by tier and
    quantity, those that are offered to the same account (``opened``) among them. New claims are
    decided in batches (reservations/claiming.py).

    Raises SeatTaken or SoldOut, and then the caller's transaction (or savepoint) must roll back.
    """
    if indexes and seat_map is not None:
        claimed = await repository.claim_seats(tx, event_id, reservation_id, indexes, opened=opened)
        missing = set(indexes) - claimed
        if missing:
            raise SeatTaken([seat_map.places[index].seat_id for index in missing])
    for tier_id in sorted(general):
        parts = await repository.take_general(tx, tier_id, general[tier_id], opened=opened)
        if not parts:
            raise SoldOut
        await repository.keep_general_claims(tx, reservation_id, tier_id, parts)


async def sell_places(tx: Tx, holdings: Sequence[Holding]) -> None:
    """What the reservations hold becomes sold, their general places too."""
    if holdings:
        await repository.sell(tx, holdings)


async def release_places(tx: Tx, holdings: Sequence[Holding]) -> None:
    """What the reservations hold or bought is available again, their general places too."""
    if holdings:
        await repository.release(tx, holdings)


async def list_available_seats(
    runtime: Runtime, event_id: UUID, indexes: Sequence[int], opened: Sequence[UUID] = ()
) -> AbstractSet[int]:
    """Those of the seats that nobody holds or bought, and that are kept for nobody else."""
    return await runtime.one(_looks).find((event_id, tuple(indexes), tuple(opened))) or frozenset()


# Seats of an event, and the allotments that their buyer may take from.
_Look = tuple[UUID, tuple[int, ...], tuple[UUID, ...]]


def _looks(runtime: Runtime) -> Lookups[_Look, AbstractSet[int]]:
    return Lookups("seats", runtime.database, _look)


async def _look(reader: Reader, looks: Sequence[_Look]) -> dict[_Look, AbstractSet[int]]:
    asked = {(event_id, index) for event_id, indexes, _ in looks for index in indexes}
    kept_by = await repository.read_unowned(reader, asked)
    return {
        look: {
            index
            for index in look[1]
            if (seat := (look[0], index)) in kept_by
            and (kept_by[seat] is None or kept_by[seat] in look[2])
        }
        for look in looks
    }


async def list_changed_sold_out(reader: Reader) -> list[tuple[UUID, bool]]:
    """The events on sale whose sold-out mark is no longer right, and what it should be."""
    return await repository.list_changed_sold_out(reader)


INVARIANTS = (
    # One row a seat and one owner column: a second live owner could only be a second row.
    Invariant(
        "at_most_one_live_owner_a_seat",
        """
        SELECT count(*) FROM (
            SELECT item.seat_id FROM reservations.item AS item
            JOIN reservations.reservation AS r ON r.id = item.reservation_id
            WHERE r.status IN ('pending', 'confirmed') AND item.seat_id IS NOT NULL
            GROUP BY r.event_id, item.seat_id HAVING count(*) > 1) AS twice""",
    ),
    Invariant(
        "sold_held_and_available_make_the_capacity",
        """
        SELECT count(*) FROM (
            SELECT tier.id FROM events.tier AS tier
            JOIN events.event AS e ON e.id = tier.event_id AND e.published_at IS NOT NULL
            LEFT JOIN LATERAL (
                SELECT count(*) AS seats FROM seats.seat
                WHERE seat.event_id = tier.event_id AND seat.tier_id = tier.id) AS s ON true
            LEFT JOIN LATERAL (
                SELECT coalesce(sum(remaining + held + sold), 0) AS places
                FROM seats.general_bucket AS b WHERE b.tier_id = tier.id) AS g ON true
            WHERE tier.capacity
                <> CASE tier.kind WHEN 'seated' THEN s.seats ELSE g.places END) AS wrong""",
    ),
    Invariant(
        "what_is_kept_back_has_its_unreleased_allotment",
        """
        SELECT count(*) FROM (
            SELECT allotment_id FROM seats.seat WHERE state = 'b' OR allotment_id IS NOT NULL
            UNION ALL
            SELECT allotment_id FROM seats.general_bucket WHERE allotment_id IS NOT NULL) AS kept
        LEFT JOIN seats.allotment AS a ON a.id = kept.allotment_id AND a.released_at IS NULL
        WHERE a.id IS NULL""",
    ),
    Invariant(
        "general_places_match_their_claims",
        """
        SELECT count(*) FROM seats.general_bucket AS b
        LEFT JOIN (
            SELECT tier_id, bucket,
                coalesce(sum(quantity) FILTER (WHERE state = 'h'), 0) AS held,
                coalesce(sum(quantity) FILTER (WHERE state = 's'), 0) AS sold
            FROM seats.general_claim GROUP BY tier_id, bucket) AS c USING (tier_id, bucket)
        WHERE b.held <> coalesce(c.held, 0) OR b.sold <> coalesce(c.sold, 0)""",
    ),
)
