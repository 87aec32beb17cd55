"""The catalogue's shape. What one value cannot say alone is in ``rules``.

The descriptions become the published JSON Schema; docs/catalogue.md tells the same in prose.
"""

from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Discriminator, Field, Tag

from tiketi.admin.catalogue.moments import MOMENT_PATTERN, check_moment
from tiketi.kernel.money import AMOUNT_MINOR_MAX

SECTION_PATTERN = "^[A-Z0-9]{1,12}$"
ROW_PATTERN = "^[A-Z0-9]{1,8}$"
SEAT_PATTERN = "^[A-Z0-9]{1,8}-[1-9][0-9]{0,3}$"
SLUG_PATTERN = "^[a-z0-9]+(-[a-z0-9]+)*$"
URL_PATTERN = r"^(https?://[^\s]+|/[^\s]*)$"
TIMEZONE_PATTERN = "^[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*$"

SEAT_NUMBER_MAX = 9_999
ROWS_MAX = 1_000
SECTIONS_MAX = 500
ITEMS_MAX = 1_000
CAPACITY_MAX = 100_000
AUDIENCE_MAX = 10_000_000
COORDINATE_MAX = 100_000


def _one_line(text: str) -> str:
    if not text.strip():
        raise ValueError("blank")
    if "\n" in text:
        raise ValueError("one line expected, found a line break")
    return text


def _known_timezone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        raise ValueError("no such IANA time zone: write it like Asia/Seoul") from None
    return name


def _count_or_list(value: Any) -> str:
    return "list" if isinstance(value, list) else "count"


class Strict(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(_one_line)]
Moment = Annotated[
    str,
    AfterValidator(check_moment),
    Field(max_length=64, json_schema_extra={"pattern": MOMENT_PATTERN}),
]
Amount = Annotated[int, Field(ge=0, le=AMOUNT_MINOR_MAX)]
Currency = Literal["KRW", "JPY", "USD", "EUR", "GBP", "CNY", "SGD", "AUD"]
SectionName = Annotated[str, Field(pattern=SECTION_PATTERN)]
SeatLabel = Annotated[str, Field(pattern=SEAT_PATTERN)]
SeatNumber = Annotated[int, Field(ge=1, le=SEAT_NUMBER_MAX)]
Coordinate = Annotated[float, Field(ge=-COORDINATE_MAX, le=COORDINATE_MAX)]


class Venue(Strict):
    name: Line = Field(description="What buyers read; events name it in `venue`.")
    address: Line
    timezone: Annotated[
        str, Field(pattern=TIMEZONE_PATTERN, max_length=64), AfterValidator(_known_timezone)
    ] = Field(description="IANA name, such as Asia/Seoul.")


class Place(Strict):
    """Where a generated section stands. One unit is the gap between two seats of a row."""

    x: Coordinate = Field(description="Middle of the first row; the stage's middle is 0.")
    y: Coordinate = Field(description="Middle of the first row; away from the stage it grows.")
    turn: Annotated[float, Field(ge=-360, le=360)] = Field(
        0, description="Degrees clockwise on the map about (x, y); at 0 the stage is above."
    )
    curve: Annotated[float, Field(ge=0, le=COORDINATE_MAX)] = Field(
        0,
        description="Units from the first row to the point that the rows bend around; 0: straight.",
    )


class FocalPoint(Strict):
    """Where a section's best seats are, in the coordinates of the seats."""

    x: Coordinate
    y: Coordinate


class Seat(Strict):
    number: SeatNumber
    x: Coordinate
    y: Coordinate
    accessible: bool = False
    companion: bool = False


class Row(Strict):
    name: Annotated[str, Field(pattern=ROW_PATTERN)]
    seats: Annotated[
        Annotated[SeatNumber, Tag("count")]
        | Annotated[list[Seat], Field(min_length=1, max_length=SEAT_NUMBER_MAX), Tag("list")],
        Discriminator(_count_or_list),
    ] = Field(description="How many, numbered from 1 on the left as one faces the stage, or each.")


class Section(Strict):
    name: SectionName = Field(description="The first part of a seat's id: VIP in VIP-1-5.")
    title: Line | None = Field(None, description="What buyers read; unset: the name.")
    rows: Annotated[
        Annotated[int, Field(ge=1, le=ROWS_MAX), Tag("count")]
        | Annotated[list[Row], Field(min_length=1, max_length=ROWS_MAX), Tag("list")],
        Discriminator(_count_or_list),
    ] = Field(description="How many, all alike, or each.")
    seats_per_row: SeatNumber | None = Field(None, description="With a count of `rows` only.")
    start_row: Annotated[int, Field(ge=1, le=9_999)] | None = Field(
        None, description="The first row's number, with a count of `rows`; unset: 1."
    )
    price: Amount | None = Field(
        None, description="In the minor unit of the layout's currency; events may say otherwise."
    )
    place: Place | None = Field(None, description="Unset: behind the section before, centred.")
    accessible: list[SeatLabel] = Field([], description="Wheelchair places, as ROW-NUMBER.")
    companion: list[SeatLabel] = Field([], description="Seats beside them, as ROW-NUMBER.")
    # A layout is known by all that is in it: without the field it stays the one it was.
    focal_point: FocalPoint | None = Field(
        None,
        description="Best available is nearest to it; unset: the middle of the front row.",
        exclude_if=lambda point: point is None,
    )


class Layout(Strict):
    name: Line = Field(description="Events name it in `layout`.")
    currency: Currency | None = Field(None, description="Of the sections' prices.")
    sections: Annotated[list[Section], Field(min_length=1, max_length=SECTIONS_MAX)]


class GeneralTier(Strict):
    name: Line
    price: Amount = Field(description="In the minor unit of the event's currency.")
    capacity: Annotated[int, Field(ge=1, le=CAPACITY_MAX)]


class Limits(Strict):
    seats_per_order: Annotated[int, Field(ge=1, le=100)] = 4
    seats_per_user: Annotated[int, Field(ge=1, le=1_000)] = 8


class Queue(Strict):
    enabled: bool = True
    capacity: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        1_000, description="How many may be inside at once."
    )
    rate_per_minute: Annotated[int, Field(ge=0, le=1_000_000)] = Field(
        1_000, description="How many are let in a minute."
    )
    pass_ttl_seconds: Annotated[int, Field(ge=2, le=86_400)] | None = Field(
        None, description="Unset: the system's setting."
    )
    mode: Literal["fifo", "draw"] = "fifo"
    paused: bool = False


class RefundPolicy(Strict):
    until: Moment
    percent: Annotated[int, Field(ge=0, le=100)] = 100


class Event(Strict):
    slug: Annotated[str, Field(pattern=SLUG_PATTERN, max_length=64)] = Field(
        description="The event's own name for ever: seeding it again changes nothing."
    )
    title: Line
    artist: Line | None = None
    description: Annotated[str, Field(max_length=10_000)] = ""
    venue: Line = Field(description="The name of one of `venues`.")
    layout: Line | None = Field(None, description="The name of one of `layouts`; unset: no seats.")
    starts_at: Moment
    sale_opens_at: Moment
    sale_closes_at: Moment = Field("start", description="Unset: when the event starts.")
    currency: Currency
    prices: dict[SectionName, Amount] = Field({}, description="By section; wins over the layout's.")
    tiers: Annotated[list[GeneralTier], Field(max_length=50)] = Field(
        [], description="General admission: places without seats."
    )
    limits: Limits | None = None
    queue: Queue | None = Field(None, description="Unset: no waiting room.")
    expected_audience: Annotated[int, Field(ge=1, le=AUDIENCE_MAX)] | None = Field(
        None, description="People at the opening, for the capacity plan; unset: predicted."
    )
    refund_policy: RefundPolicy | None = None
    poster_url: Annotated[str, Field(pattern=URL_PATTERN, max_length=2_048)] | None = None
    publish: bool = Field(True, description="false leaves a draft that only organizers see.")


class Catalogue(Strict):
    """Venues, layouts and events for ``tiketi seed``."""

    version: Literal[1] = 1
    venues: Annotated[list[Venue], Field(max_length=ITEMS_MAX)] = []
    layouts: Annotated[list[Layout], Field(max_length=ITEMS_MAX)] = []
    events: Annotated[list[Event], Field(max_length=ITEMS_MAX)] = []
