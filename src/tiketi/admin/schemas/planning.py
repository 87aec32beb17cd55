"""An event's audience and its plan, as they are asked for."""

from typing import Annotated

from pydantic import Field

from tiketi.infra.http.wire import Body, Query, View
from tiketi.planning.api import AUDIENCE_MAX, AudienceView


class AudienceBody(Body):
    expected: Annotated[int, Field(ge=1, le=AUDIENCE_MAX)] | None = Field(
        description="People who will come to the opening; null takes the number back."
    )


class ExpectedView(View):
    """The organizer's number, and what is predicted with it."""

    expected: int | None
    audience: AudienceView


class PlanQuery(Query):
    audience: Annotated[int, Field(ge=1, le=AUDIENCE_MAX)] | None = Field(
        None, description="Plan for so many people instead of the predicted ones."
    )
