"""How sales stand: what is sold, what it brought, and how far people have come."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from tiketi.admin import stats_repository as repository
from tiketi.admin.stats_repository import Scope
from tiketi.events.api import TierKind
from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable
from tiketi.kernel.ids import least_id_at
from tiketi.queue import api as queue
from tiketi.queue.api import Board
from tiketi.reservations.api import ReservationStatus

MINUTES_MAX = 180
QUEUES_MAX = 200
QUEUES_AT_ONCE_MAX = 16
# Between a reservation and its confirmation: the reconciler gives a payment up after an hour.
PAYING_LASTS_MAX = timedelta(days=1)
# An id's time is read a little after the request's.
_ID_SLACK = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TierSales:
    id: UUID
    name: str
    kind: TierKind
    capacity: int
    available: int
    held: int
    sold: int


@dataclass(frozen=True, slots=True)
class Revenue:
    """Minor units of one currency: taken in all, and what of it went back."""

    gross_minor: int
    refunded_minor: int

    @property
    def net_minor(self) -> int:
        return self.gross_minor - self.refunded_minor


@dataclass(frozen=True, slots=True)
class Funnel:
    """People who wait, people inside, holds, paid reservations, tickets, tickets used."""

    waiting: int
    admitted: int
    held: int
    paid: int
    tickets: int
    used: int


@dataclass(frozen=True, slots=True)
class Minute:
    """``amounts_minor`` is what was confirmed in that minute, by currency."""

    start: datetime
    reserved: int
    confirmed: int
    amounts_minor: dict[str, int]


@dataclass(frozen=True, slots=True)
class Stats:
    """``tiers`` and ``board`` are there for one event only; the board if its store answers."""

    as_of: datetime
    reservations: dict[ReservationStatus, int]
    revenue: dict[str, Revenue]
    funnel: Funnel
    by_minute: tuple[Minute, ...]
    tiers: tuple[TierSales, ...] = ()
    board: Board | None = None


async def read_boards(runtime: Runtime, event_ids: Sequence[UUID]) -> list[Board]:
    """The boards of these events, as far as their store answers."""
    at_once = asyncio.Semaphore(QUEUES_AT_ONCE_MAX)

    async def read(event_id: UUID) -> Board | None:
        async with at_once:
            try:
                return await queue.read_board(runtime, event_id)
            except Unavailable:
                return None

    found = await asyncio.gather(*(read(event_id) for event_id in event_ids))
    return [board for board in found if board is not None]


async def list_open_queues(reader: Reader, scope: Scope, now: datetime) -> list[UUID]:
    """The events of the scope whose waiting people count."""
    return await repository.list_open_queues(reader, scope.organizer_id, now=now, limit=QUEUES_MAX)


async def read_stats(
    reader: Reader, scope: Scope, boards: Sequence[Board], *, minutes: int, now: datetime
) -> Stats:
    """The figures of one moment, and of each of the last minutes."""
    counted = await repository.count_by_status(reader, scope)
    reservations = {status: counted.get(status, 0) for status in ReservationStatus}
    revenue = await repository.sum_revenue(reader, scope)
    issued, used = await repository.count_tickets(reader, scope)
    tiers = [] if scope.event_id is None else await repository.list_tiers(reader, scope.event_id)
    return Stats(
        as_of=now,
        reservations=reservations,
        revenue={currency: Revenue(*amounts) for currency, amounts in revenue.items()},
        funnel=Funnel(
            waiting=sum(board.waiting for board in boards),
            admitted=sum(board.admitted for board in boards),
            held=reservations[ReservationStatus.PENDING],
            paid=reservations[ReservationStatus.CONFIRMED],
            tickets=issued,
            used=used,
        ),
        by_minute=await _by_minute(reader, scope, minutes, now),
        tiers=tuple(TierSales(**{**tier, "kind": TierKind(tier["kind"])}) for tier in tiers),
        board=boards[0] if boards and scope.event_id is not None else None,
    )


async def _by_minute(
    reader: Reader, scope: Scope, minutes: int, now: datetime
) -> tuple[Minute, ...]:
    """Every one of the last minutes, the present one included, the quiet ones too."""
    last = now.replace(second=0, microsecond=0)
    starts = [last - timedelta(minutes=back) for back in reversed(range(minutes))]
    since = starts[0]
    made = await repository.count_made(
        reader, scope, since=since, made_from=least_id_at(since - _ID_SLACK)
    )
    paid_from = least_id_at(since - PAYING_LASTS_MAX)
    confirmed: dict[datetime, int] = {}
    amounts: dict[datetime, dict[str, int]] = {}
    for row in await repository.list_confirmed(reader, scope, since=since, paid_from=paid_from):
        confirmed[row.minute] = confirmed.get(row.minute, 0) + row.reservations
        amounts.setdefault(row.minute, {})[row.currency] = row.amount_minor
    return tuple(
        Minute(start, made.get(start, 0), confirmed.get(start, 0), amounts.get(start, {}))
        for start in starts
    )
