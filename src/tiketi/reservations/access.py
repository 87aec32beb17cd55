"""What a buyer's access code opens: a presale, tiers, allotments."""

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tiketi.events.api import AccessCode, AccessCodes, CodeFor, Event
from tiketi.infra.runtime import Runtime
from tiketi.reservations.errors import AccessCodeRequired


@dataclass(frozen=True, slots=True)
class Access:
    """``presale``: whether the code opens the event's presale, if it has one at this moment."""

    codes: Sequence[AccessCode] = ()
    presale: bool = False

    @property
    def allotments(self) -> tuple[UUID, ...]:
        """Sorted, as is locked."""
        found = (code.subject_id for code in self.codes if code.opens is CodeFor.ALLOTMENT)
        return tuple(sorted(each for each in found if each is not None))

    def opens_tier(self, event: Event, tier_id: UUID) -> bool:
        """Whether places of the tier may be bought."""
        return tier_id not in event.coded_tiers or any(
            code.opens is CodeFor.TIER and code.subject_id == tier_id for code in self.codes
        )

    def require_tiers(self, event: Event, tier_ids: Iterable[UUID]) -> None:
        """AccessCodeRequired when one of them is not open."""
        if not all(self.opens_tier(event, tier_id) for tier_id in tier_ids):
            raise AccessCodeRequired

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
    runtime: Runtime, event: Event, access_code: str | None, now: datetime
) -> Access:
    """What the code opens; AccessCodeRequired for one that opens nothing at the event, and while
    only who has a code of the presale may buy, for every other.
    """
    if access_code is None:
        codes: Sequence[AccessCode] = ()
    else:
        codes = await runtime.one(AccessCodes).find(event.id, access_code)
        if not codes:
            raise AccessCodeRequired
    presale = event.is_in_presale(now)
    if presale and not any(code.opens is CodeFor.PRESALE for code in codes):
        raise AccessCodeRequired
    return Access(codes, presale) if codes else NO_CODE
