"""What no single value says: what goes with what, prices, sums, and the order of times."""

from collections.abc import Iterator, Mapping
from datetime import datetime

from tiketi.admin.catalogue.counting import capacity_of, labels_of
from tiketi.admin.catalogue.models import CAPACITY_MAX, Event, Layout, Section, Venue
from tiketi.admin.catalogue.moments import needs_start, resolve_moment
from tiketi.admin.catalogue.node import Loc

SEATS_PER_FILE_MAX = 1_000_000

Finding = tuple[Loc, str]


def check_rules(
    venues: list[tuple[int, Venue]],
    layouts: list[tuple[int, Layout]],
    events: list[tuple[int, Event]],
    *,
    now: datetime,
) -> Iterator[Finding]:
    """The findings about the items that are well formed, each with its index in the file."""
    by_name = {layout.name: layout for _, layout in reversed(layouts)}
    zones = {venue.name: venue.timezone for _, venue in reversed(venues)}
    for index, layout in layouts:
        yield from _at(("layouts", index), _check_layout(layout))
    for index, event in events:
        yield from _at(("events", index), _check_event(event, by_name.get(event.layout or "")))
        if event.venue in zones:
            yield from _at(("events", index), _check_times(event, zones[event.venue], now))
    yield from _check_sum(events, by_name)


def check_section(section: Section) -> Iterator[Finding]:
    """The findings about one well-formed section, whatever the rest of its layout is like."""
    if isinstance(section.rows, int):
        if section.seats_per_row is None:
            yield ("seats_per_row",), "required, since rows is a count"
            return
    else:
        for field in ("seats_per_row", "start_row"):
            if getattr(section, field) is not None:
                yield (field,), "goes with a count of rows; here each row is listed"
        yield from _check_rows(section)
    if not (section.accessible or section.companion):
        return
    seats = set(labels_of(section))
    for field in ("accessible", "companion"):
        for index, label in enumerate(getattr(section, field)):
            if label not in seats:
                yield (field, index), f"no seat {label} in section {section.name}"


def _check_sum(events: list[tuple[int, Event]], layouts: Mapping[str, Layout]) -> Iterator[Finding]:
    sizes = {name: capacity_of(layout) for name, layout in layouts.items()}
    seats = sum(sizes.get(event.layout or "", 0) for _, event in events)
    if seats > SEATS_PER_FILE_MAX:
        yield ("events",), f"{seats:,} seats in all: at most {SEATS_PER_FILE_MAX:,} a file"


def _at(prefix: Loc, findings: Iterator[Finding]) -> Iterator[Finding]:
    return (((*prefix, *loc), reason) for loc, reason in findings)


def _check_layout(layout: Layout) -> Iterator[Finding]:
    for index, section in enumerate(layout.sections):
        if section.price is not None and layout.currency is None:
            loc: Loc = ("sections", index, "price")
            yield loc, "a price needs the layout's currency: add it beside its name"
    if (seats := capacity_of(layout)) > CAPACITY_MAX:
        yield ("sections",), f"{seats:,} seats: at most {CAPACITY_MAX:,}"


def _check_rows(section: Section) -> Iterator[Finding]:
    assert isinstance(section.rows, list)
    written_out = [not isinstance(row.seats, int) for row in section.rows]
    if any(written_out) and not all(written_out):
        index = written_out.index(not written_out[0])
        yield ("rows", index, "seats"), "count every row of a section or write out every row"
    if not any(written_out):
        return
    if section.place is not None:
        yield ("place",), "goes with counted seats; here each has its own x and y"
    for field in ("accessible", "companion"):
        if getattr(section, field):
            yield (field,), "goes with counted seats; here each says it of itself"
    yield from _check_points(section)


def _check_points(section: Section) -> Iterator[Finding]:
    taken: dict[tuple[float, float], str] = {}
    for index, row in enumerate(section.rows if isinstance(section.rows, list) else []):
        for at, seat in enumerate(row.seats if isinstance(row.seats, list) else []):
            label = f"{row.name}-{seat.number}"
            first = taken.setdefault((seat.x, seat.y), label)
            if first != label:
                yield ("rows", index, "seats", at), f"stands where {first} stands"


def _check_event(event: Event, layout: Layout | None) -> Iterator[Finding]:
    if event.layout is None and not event.tiers:
        yield ("layout",), "nothing to sell: name a layout, or give tiers"
    if event.limits and event.limits.seats_per_order > event.limits.seats_per_user:
        yield ("limits", "seats_per_order"), "more than seats_per_user"
    if event.layout is None:
        reason = "prices are of sections: there is no layout"
        yield from ((("prices", name), reason) for name in event.prices)
    elif layout is not None:
        yield from _check_prices(event, layout)
    places = sum(tier.capacity for tier in event.tiers)
    if layout is not None and places:
        places += capacity_of(layout)
    if places > CAPACITY_MAX:
        yield ("tiers",), f"{places:,} places with its seats: at most {CAPACITY_MAX:,}"


def _check_prices(event: Event, layout: Layout) -> Iterator[Finding]:
    sections = {section.name: section for section in layout.sections}
    for name in event.prices:
        if name not in sections:
            yield ("prices", name), f"no section {name} in layout {layout.name!r}"
    for tier_index, tier in enumerate(event.tiers):
        if tier.name in sections:
            yield ("tiers", tier_index, "name"), "a section of the layout has this name"
    for section in sections.values():
        if section.name in event.prices:
            continue
        if section.price is None:
            yield ("prices", section.name), "required, since the layout gives no price"
        elif layout.currency not in (None, event.currency):
            reason = f"required in {event.currency}, since the layout's price is {layout.currency}"
            yield ("prices", section.name), reason


def _check_times(event: Event, timezone: str, now: datetime) -> Iterator[Finding]:
    times: dict[str, datetime] = {}
    until = event.refund_policy.until if event.refund_policy else "start"
    fields = ("starts_at", "sale_opens_at", "sale_closes_at")
    texts = [(field, getattr(event, field)) for field in fields]
    for field, text in [*texts, ("until", until)]:
        if needs_start(text) and "starts_at" not in times and field != "starts_at":
            continue  # that one is reported already
        loc: Loc = ("refund_policy", "until") if field == "until" else (field,)
        try:
            start = times.get("starts_at")
            times[field] = resolve_moment(text, now=now, timezone=timezone, start=start)
        except ValueError as error:
            yield loc, str(error)
    opens, closes = times.get("sale_opens_at"), times.get("sale_closes_at")
    if opens and closes and opens >= closes:
        yield ("sale_opens_at",), "not before sale_closes_at"
