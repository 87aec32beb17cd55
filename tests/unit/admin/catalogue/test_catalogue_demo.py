"""The data that is shipped: right, quick, and a fair picture of what Tiketi sells."""

from math import floor

import pytest

from tests.support.catalogues import NOW
from tiketi.admin.catalogue.counting import capacity_of
from tiketi.admin.catalogue.demo import DEMO_NAMES, demo_data
from tiketi.admin.catalogue.geometry import place_sections
from tiketi.admin.catalogue.parse import parse_catalogue
from tiketi.admin.catalogue.plan import plan_catalogue
from tiketi.seats.layouts import expand_sections


@pytest.fixture(params=DEMO_NAMES)
def catalogue(request):
    return parse_catalogue(demo_data(request.param), filename=request.param, now=NOW)


def read_demo(name):
    return parse_catalogue(demo_data(name), filename=name, now=NOW)


def test_halls_have_the_sizes_that_their_names_say():
    sizes = [capacity_of(layout) for layout in read_demo("demo").layouts]
    assert sizes == [300, 1_500, 5_000]
    assert [capacity_of(layout) for layout in read_demo("stadium").layouts] == [50_000]


def test_demo_shows_every_kind_of_event():
    plan = plan_catalogue(read_demo("demo"), now=NOW)
    events = [event.draft for event in plan.events]
    assert len(events) >= 6
    assert {event.currency for event in events} == {"KRW", "USD"}
    assert any(event.tiers and event.layout_id is None for event in events)
    assert any(event.tiers and event.layout_id for event in events)
    assert {event.queue.get("enabled", False) for event in events} == {True, False}
    assert {event.queue["mode"] for event in events if event.queue} == {"fifo", "draw"}
    assert {event.sale_opens_at <= NOW for event in events} == {True, False}
    hangul = [any("\uac00" <= letter <= "\ud7a3" for letter in event.title) for event in events]
    assert 0 < sum(hangul) < len(events)


def test_no_two_seats_of_a_hall_overlap(catalogue):
    for layout in catalogue.layouts:
        cells = {}
        for rows in expand_sections(place_sections(layout)):
            for seat in (seat for row in rows for seat in row.seats):
                column, line = floor(seat.x), floor(seat.y)
                for near in ((column + i, line + j) for i in (-1, 0, 1) for j in (-1, 0, 1)):
                    for x, y in cells.get(near, ()):
                        assert (x - seat.x) ** 2 + (y - seat.y) ** 2 > 0.8, (layout.name, seat)
                cells.setdefault((column, line), []).append((seat.x, seat.y))
