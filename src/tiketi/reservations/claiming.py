"""Claims of this process are decided together: all or nothing a buyer, nobody at another's cost.

PostgreSQL decides, in one statement a batch (claims_repository). Here are the batch's bounds, what
each caller hears, and what follows a claim that was granted.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from tiketi.infra.batching import AGAIN, Again, Batcher
from tiketi.infra.idempotency import DecidedBefore, RefusedAnew
from tiketi.infra.idempotency_store import Answers, Kept, Key
from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import TiketiError
from tiketi.reservations import claims_repository, repository
from tiketi.reservations.claims_repository import Claim, Outcome, Verdict
from tiketi.reservations.domain import Reservation, ReservationStatus
from tiketi.reservations.errors import AccessCodeUsedUp, LimitExceeded
from tiketi.reservations.ordering import Plan, order_reservation
from tiketi.seats.api import SeatTaken, SoldOut

Render = Callable[[Reservation], bytes]

CREATED = 201


class Claims:
    """The claims of this process."""

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings
        self._runtime = runtime
        self._batcher: Batcher[Claim, Verdict] = Batcher(
            "claims",
            self._decide,
            batch_max=settings.claim_batch_max,
            waiting_max=settings.claims_waiting_max,
            flights_max=settings.claim_flights_max,
            wait_seconds_max=settings.claim_wait_seconds_max,
        )

    async def decide(self, claim: Claim) -> Verdict:
        """Unavailable, at once, when too many wait, or when the database is away."""
        return await self._batcher.submit(claim)

    async def _decide(self, claims: Sequence[Claim]) -> Sequence[Verdict | Again]:
        ttl_seconds = self._runtime.settings.idempotency_ttl_seconds
        async with self._runtime.database.latest() as writer:
            verdicts = await claims_repository.decide(writer, claims, key_ttl_seconds=ttl_seconds)
        for claim, verdict in zip(claims, verdicts, strict=True):
            # General places that one bucket had too few of, perhaps: then all are asked.
            if verdict.outcome is Outcome.AGAIN and claim.reservation.general:
                claim.gather = True
        return [AGAIN if verdict.outcome is Outcome.AGAIN else verdict for verdict in verdicts]


async def hold_order(
    runtime: Runtime, plan: Plan, user_id: UUID, *, now: datetime, key: Key, render: Render
) -> bytes:
    """Hold everything planned, or nothing; the answer to the buyer, as it is rendered.

    RefusedAnew with SeatTaken, SoldOut, LimitExceeded or AccessCodeUsedUp; DecidedBefore. A buyer
    who is refused what a pending reservation of their own already holds is given that: they have
    come back to it.
    """
    reservation = order_reservation(plan, user_id, now, runtime.settings.hold_ttl_seconds)
    answer = render(reservation)
    most = plan.event.limits.seats_per_user
    if reservation.places > most:
        raise LimitExceeded(most)
    claim = Claim(reservation, most, key, answer, plan.opened, plan.code_ids)
    verdict = await runtime.one(Claims).decide(claim)
    if verdict.outcome is Outcome.REPLAYED:
        raise DecidedBefore(verdict.kept)
    if verdict.outcome is Outcome.HELD:
        return answer
    if verdict.own is not None:
        own = await _find_same(runtime, verdict.own, reservation, now)
        if own is not None:
            answer = render(own)
            await runtime.one(Answers).keep(key, Kept(CREATED, answer, key.fingerprint))
            return answer
    raise RefusedAnew(_refusal(verdict, plan))


async def find_key(runtime: Runtime, reader: Reader, key: Key) -> Kept | None:
    """The answer of a reservation that the key made."""
    return await claims_repository.find_key(reader, key, runtime.settings.idempotency_ttl_seconds)


async def _find_same(
    runtime: Runtime, own_id: UUID, asked: Reservation, now: datetime
) -> Reservation | None:
    """The account's own hold, if it is of just what is asked for and can still be paid."""
    async with runtime.database.latest() as reader:
        own = await repository.find(reader, own_id)
    if (
        own is None
        or own.status is not ReservationStatus.PENDING
        or own.expires_at <= now
        or set(own.items) != set(asked.items)
    ):
        return None
    return own


def _refusal(verdict: Verdict, plan: Plan) -> TiketiError:
    match verdict.outcome:
        case Outcome.TAKEN:
            if plan.seat_map is None:
                raise AssertionError("a seat was asked for without a map")
            return SeatTaken([plan.seat_map.seat_ids[index] for index in verdict.missing])
        case Outcome.SOLD_OUT:
            return SoldOut()
        case Outcome.OVER_LIMIT:
            return LimitExceeded(plan.event.limits.seats_per_user)
        case Outcome.CODE_USED_UP:
            return AccessCodeUsedUp()
    raise AssertionError(f"no refusal: {verdict.outcome}")
