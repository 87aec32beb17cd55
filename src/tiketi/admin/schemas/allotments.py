"""Allotments as their organizers write and read them."""

from collections.abc import Sequence
from typing import Annotated, Any
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from tiketi.admin.schemas.codes import Code, UsesMax
from tiketi.admin.schemas.events import CAPACITY_MAX, TIERS_MAX, Line
from tiketi.admin.schemas.layouts import SectionName
from tiketi.events.api import AccessCode
from tiketi.infra.http.wire import Body, Moment, MomentIn, View
from tiketi.seats.api import Allotment, Left, NewAllotment, SeatMap

# As many as a body has room for; whole rows and sections have names of their own.
NAMES_MAX = 5_000

Label = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Labels = Annotated[list[Label], Field(max_length=NAMES_MAX)]


class KeptPlacesBody(Body):
    tier_id: UUID
    quantity: Annotated[int, Field(ge=1, le=CAPACITY_MAX)]


def _each_once(places: list[KeptPlacesBody]) -> list[KeptPlacesBody]:
    if len({each.tier_id for each in places}) < len(places):
        raise ValueError("has a tier twice")
    return places


class AllotmentBody(Body):
    name: Line
    seat_ids: Labels = Field(default_factory=list)
    rows: Labels = Field(default_factory=list, description="Whole rows: VIP-1.")
    sections: Annotated[list[SectionName], Field(max_length=NAMES_MAX)] = Field(
        default_factory=list
    )
    general: Annotated[
        list[KeptPlacesBody], Field(max_length=TIERS_MAX), AfterValidator(_each_once)
    ] = Field(default_factory=list)
    access_code: Code | None = Field(
        None, description="Who sends it may buy them; null: nobody, before they are released."
    )
    uses_max: UsesMax | None = Field(None, description="Orders with the code; null: any number.")
    release_at: MomentIn | None = Field(None, description="null: released by hand.")

    @model_validator(mode="after")
    def _limit_is_of_a_code(self) -> "AllotmentBody":
        if self.uses_max is not None and self.access_code is None:
            raise ValueError("uses_max is of an access_code")
        return self

    def as_new(self) -> NewAllotment:
        return NewAllotment(
            name=self.name,
            seat_ids=self.seat_ids,
            rows=self.rows,
            sections=self.sections,
            general={each.tier_id: each.quantity for each in self.general},
            access_code=self.access_code,
            uses_max=self.uses_max,
            release_at=self.release_at,
        )


class KeptPlacesView(View):
    tier_id: UUID
    quantity: int
    left: int


class AllotmentSummaryView(View):
    """``seats_left`` and ``left``: what nobody has taken yet; 0 once it is released."""

    id: UUID
    event_id: UUID
    name: str
    seats: int
    seats_left: int
    general: list[KeptPlacesView]
    access_code: str | None
    uses_max: int | None
    uses: int | None = Field(description="Counted where there is a limit.")
    release_at: Moment | None
    released_at: Moment | None
    created_at: Moment

    @classmethod
    def of(
        cls, allotment: Allotment, left: Left, codes: Sequence[AccessCode]
    ) -> "AllotmentSummaryView":
        return cls(**_fields(allotment, left, codes))


class AllotmentView(AllotmentSummaryView):
    seat_ids: list[str]

    @classmethod
    def of_whole(
        cls, allotment: Allotment, left: Left, codes: Sequence[AccessCode], seat_map: SeatMap
    ) -> "AllotmentView":
        seat_ids = [seat_map.seat_ids[index] for index in allotment.seat_indexes]
        return cls(**_fields(allotment, left, codes), seat_ids=seat_ids)


def _fields(allotment: Allotment, left: Left, codes: Sequence[AccessCode]) -> dict[str, Any]:
    code = next((each for each in codes if each.subject_id == allotment.id), None)
    is_counted = code is not None and code.uses_max is not None
    return {
        "id": allotment.id,
        "event_id": allotment.event_id,
        "name": allotment.name,
        "seats": len(allotment.seat_indexes),
        "seats_left": left.seats,
        "general": [
            KeptPlacesView(tier_id=tier_id, quantity=quantity, left=left.general.get(tier_id, 0))
            for tier_id, quantity in allotment.general.items()
        ],
        "access_code": code.code if code else None,
        "uses_max": code.uses_max if code else None,
        "uses": code.uses if code and is_counted else None,
        "release_at": allotment.release_at,
        "released_at": allotment.released_at,
        "created_at": allotment.created_at,
    }
