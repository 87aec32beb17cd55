"""Figures on the wire: money in minor units, by currency."""

from uuid import UUID

from pydantic import Field

from tiketi.admin.schemas.queue import BoardView
from tiketi.admin.stats import MINUTES_MAX, Funnel, Minute, Stats, TierSales
from tiketi.events.api import TierKind
from tiketi.infra.http.wire import Moment, Query, View
from tiketi.reservations.api import ReservationStatus

MINUTES_DEFAULT = 60


class StatsQuery(Query):
    minutes: int = Field(
        MINUTES_DEFAULT, ge=1, le=MINUTES_MAX, description="How many of the last in by_minute."
    )


class TierSalesView(View):
    tier_id: UUID
    name: str
    kind: TierKind
    capacity: int
    available: int
    held: int
    sold: int

    @classmethod
    def of(cls, tier: TierSales) -> "TierSalesView":
        return cls(
            tier_id=tier.id,
            name=tier.name,
            kind=tier.kind,
            capacity=tier.capacity,
            available=tier.available,
            held=tier.held,
            sold=tier.sold,
        )


class RevenueView(View):
    gross: int
    refunded: int
    net: int


class FunnelView(View):
    """People who wait, people inside, holds, paid reservations, tickets, tickets used."""

    waiting: int
    admitted: int
    held: int
    paid: int
    tickets: int
    used: int

    @classmethod
    def of(cls, funnel: Funnel) -> "FunnelView":
        return cls(
            waiting=funnel.waiting,
            admitted=funnel.admitted,
            held=funnel.held,
            paid=funnel.paid,
            tickets=funnel.tickets,
            used=funnel.used,
        )


class MinuteView(View):
    """``revenue`` is what was confirmed in that minute, by currency."""

    minute: Moment
    reserved: int
    confirmed: int
    revenue: dict[str, int]

    @classmethod
    def of(cls, minute: Minute) -> "MinuteView":
        return cls(
            minute=minute.start,
            reserved=minute.reserved,
            confirmed=minute.confirmed,
            revenue=minute.amounts_minor,
        )


class StatsView(View):
    """``sales`` counts reservations by status."""

    as_of: Moment
    sales: dict[ReservationStatus, int]
    revenue: dict[str, RevenueView]
    funnel: FunnelView
    by_minute: list[MinuteView]

    @classmethod
    def of(cls, stats: Stats) -> "StatsView":
        return cls(
            as_of=stats.as_of,
            sales=stats.reservations,
            revenue=_revenue(stats),
            funnel=FunnelView.of(stats.funnel),
            by_minute=[MinuteView.of(minute) for minute in stats.by_minute],
        )


class EventStatsView(StatsView):
    """``queue`` null: there is none, or its store is away."""

    event_id: UUID
    tiers: list[TierSalesView]
    queue: BoardView | None

    @classmethod
    def of_event(cls, event_id: UUID, stats: Stats) -> "EventStatsView":
        return cls(
            event_id=event_id,
            as_of=stats.as_of,
            sales=stats.reservations,
            revenue=_revenue(stats),
            funnel=FunnelView.of(stats.funnel),
            by_minute=[MinuteView.of(minute) for minute in stats.by_minute],
            tiers=[TierSalesView.of(tier) for tier in stats.tiers],
            queue=None if stats.board is None else BoardView.of(stats.board),
        )


def _revenue(stats: Stats) -> dict[str, RevenueView]:
    return {
        currency: RevenueView(
            gross=amounts.gross_minor, refunded=amounts.refunded_minor, net=amounts.net_minor
        )
        for currency, amounts in stats.revenue.items()
    }
