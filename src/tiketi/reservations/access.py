"""What a buyer's access code opens: a presale, tiers, allotments; and what an offer adds."""

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tiketi.events.api import AccessCode, AccessCodes, CodeFor, Event
from tiketi.infra.runtime import Runtime
from tiketi.queue.api import QueuePassRequired
from tiketi.reservations.errors import AccessCodeRequired
from tiketi.reservations.waiting_list.domain import Offer
from tiketi.reservations.waiting_list.offers import Admitted


@dataclass(frozen=True, slots=True)
class Access:
    """``presale``: whether the code opens the event's presale, if it has one at this moment.

    ``by_offer``: for want of a pass, nothing but what is offered.
    """

    codes: Sequence[AccessCode] = ()
    presale: bool = False
    offer: Offer | None = None
    by_offer: bool = False

    @property
    def allotments(self) -> tuple[UUID, ...]:
        """Sorted, as is locked."""
        offered = () if self.offer is None else (self.offer.allotment_id,)
        if self.by_offer:
            return offered
        found = (code.subject_id for code in self.codes if code.opens is CodeFor.ALLOTMENT)
        return tuple(sorted({*(each for each in found if each is not None), *offered}))

    def opens_tier(self, event: Event, tier_id: UUID) -> bool:
        """Whether places of the tier may be bought."""
        return tier_id not in event.coded_tiers or any(
            code.opens is CodeFor.TIER and code.subject_id == tier_id for code in self.codes
        )

    def require_tiers(self, event: Event, tier_ids: Iterable[UUID]) -> None:
        """AccessCodeRequired when one of them is not open."""
        if not all(self.opens_tier(event, tier_id) for tier_id in tier_ids):
            raise AccessCodeRequired

    def require_offered(self, seat_indexes: Sequence[int], general: Mapping[UUID, int]) -> None:
        """QueuePassRequired for anything else than the offer that stands in for a pass."""
        if self.by_offer and not (self.offer and self.offer.covers(seat_indexes, general)):
            raise QueuePassRequired

    def counted(self, tier_ids: AbstractSet[UUID]) -> tuple[UUID, ...]:
        """The limited codes that an order of these tiers uses once, sorted."""
        return tuple(
            sorted(
                code.id
                for code in self.codes
                if code.uses_max is not None
                and (code.opens is not CodeFor.PRESALE or self.presale)
                and (code.opens is not CodeFor.TIER or code.subject_id in tier_ids)
            )
        )


NO_CODE = Access()


async def read_access(
    runtime: Runtime, admitted: Admitted, access_code: str | None, now: datetime
) -> Access:
    """What the buyer's code and offer open; AccessCodeRequired for a code that opens nothing at the
    event, and while only who has a code of the presale may buy, for every other.
    """
    event, offer = admitted.event, admitted.offer
    if access_code is None:
        codes: Sequence[AccessCode] = ()
    else:
        codes = await runtime.one(AccessCodes).find(event.id, access_code)
        if not codes:
            raise AccessCodeRequired
    presale = event.is_in_presale(now)
    if presale and not any(code.opens is CodeFor.PRESALE for code in codes):
        raise AccessCodeRequired
    if not codes and offer is None:
        return NO_CODE
    return Access(codes, presale, offer, admitted.by_offer)
