import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi.events.domain import Tier, TierKind
from tiketi.kernel.errors import Invalid
from tiketi.kernel.ids import new_id
from tiketi.seats.drawing import draw_map, tiers_of
from tiketi.seats.layouts import (
    LayoutRow,
    LayoutSeat,
    LayoutSection,
    check_sections,
    expand_sections,
)

COUNTED = LayoutSection("VIP", rows=3, seats_per_row=4, price_minor=150_000)
LISTED = LayoutSection(
    "101",
    rows=(
        LayoutRow("A", (LayoutSeat(1, 0.5, 9), LayoutSeat(3, 2.5, 9, accessible=True))),
        LayoutRow("B", (LayoutSeat(7, 0, 10, companion=True),)),
    ),
    price_minor=90_000,
    title="1층 1구역",
)


def tiers(event_id, sections) -> list[Tier]:
    return [
        Tier(new_id(), event_id, position, s.name, 1, TierKind.SEATED, s.name, s.size)
        for position, s in enumerate(sections)
    ]


def mistakes(*sections) -> dict[tuple, str]:
    with pytest.raises(Invalid) as caught:
        check_sections(sections)
    return {tuple(error["loc"][2:]): error["msg"] for error in caught.value.fields["errors"]}


def test_seats_stand_in_the_order_of_sections_rows_and_seats():
    event_id = new_id()
    seat_map, _ = draw_map(event_id, [COUNTED, LISTED], tiers(event_id, [COUNTED, LISTED]))
    assert list(seat_map.seat_ids) == [
        *(f"VIP-{row}-{number}" for row in (1, 2, 3) for number in (1, 2, 3, 4)),
        "101-A-1", "101-A-3", "101-B-7",
    ]  # fmt: skip
    assert [(s.name, s.first, s.size) for s in seat_map.sections] == [
        ("VIP", 0, 12),
        ("101", 12, 3),
    ]
    assert seat_map.section("101").title == "1층 1구역"
    assert seat_map.section("VIP").title == "VIP"
    assert seat_map.section("nowhere") is None
    assert [row.indexes for row in seat_map.sections[1].rows] == [range(12, 14), range(14, 15)]


def test_a_place_knows_its_seat():
    event_id = new_id()
    made = tiers(event_id, [COUNTED, LISTED])
    seat_map, _ = draw_map(event_id, [COUNTED, LISTED], made)
    place = seat_map.find("101-A-3")
    assert (place.index, place.section, place.row, place.number) == (13, "101", "A", 3)
    assert (place.tier_id, place.accessible, place.companion) == (made[1].id, True, False)
    assert seat_map.places[14].companion
    assert [each.seat_id for each in seat_map.places[12:14]] == ["101-A-1", "101-A-3"]
    assert len(seat_map) == len(seat_map.places) == 15
    assert seat_map.find("VIP-4-1") is None
    for index in (-1, 15):
        with pytest.raises(IndexError):
            seat_map.places[index]


def test_counted_rows_are_centred_one_behind_the_other():
    behind = LayoutSection("R", rows=2, seats_per_row=1, start_row=9)
    vip, r = expand_sections([COUNTED, behind])
    assert [seat.x for seat in vip[0].seats] == [-1.5, -0.5, 0.5, 1.5]
    assert [row.seats[0].y for row in vip] == [0, 1, 2]
    assert [(row.name, row.seats[0].x, row.seats[0].y) for row in r] == [("9", 0, 4), ("10", 0, 5)]


def test_a_section_becomes_a_tier_of_its_name_and_price():
    vip, listed = tiers_of([COUNTED, LISTED], {"101": 80_000})
    assert (vip.name, vip.price_minor, vip.capacity, vip.section) == ("VIP", 150_000, 12, "VIP")
    assert (listed.price_minor, listed.kind) == (80_000, TierKind.SEATED)
    unpriced = LayoutSection("R", rows=1, seats_per_row=1)
    with pytest.raises(Invalid):
        tiers_of([unpriced])
    assert tiers_of([unpriced], {"R": 0})[0].price_minor == 0


def test_a_right_layout_passes():
    check_sections([COUNTED, LISTED])
    check_sections([LayoutSection(f"S{n}", 200, 500) for n in range(1)])


@pytest.mark.parametrize(
    ("section", "where"),
    [
        (LayoutSection("vip", 1, 1), ("name",)),
        (LayoutSection("", 1, 1), ("name",)),
        (LayoutSection("ABCDEFGHIJKLM", 1, 1), ("name",)),
        (LayoutSection("A\n", 1, 1), ("name",)),
        (LayoutSection("A", 0, 1), ("rows",)),
        (LayoutSection("A", 201, 1), ("rows",)),
        (LayoutSection("A", 1, None), ("seats_per_row",)),
        (LayoutSection("A", 1, 0), ("seats_per_row",)),
        (LayoutSection("A", 1, 1001), ("seats_per_row",)),
        (LayoutSection("A", 1, 1, start_row=0), ("start_row",)),
        (LayoutSection("A", 1, 1, price_minor=-1), ("price",)),
        (LayoutSection("A", ()), ("rows",)),
        (LayoutSection("A", (LayoutRow("1", ()),)), ("rows", 0, "seats")),
        (LayoutSection("A", (LayoutRow("a", (LayoutSeat(1, 0, 0),)),)), ("rows", 0, "name")),
        (LayoutSection("A", LISTED.rows, seats_per_row=3), ("rows",)),
        (LayoutSection("A", (*LISTED.rows, LISTED.rows[0])), ("rows", 2, "name")),
        (
            LayoutSection("A", (LayoutRow("1", (LayoutSeat(1, 0, 0), LayoutSeat(1, 1, 0))),)),
            ("rows", 0, "seats", 1, "number"),
        ),
        (
            LayoutSection("A", (LayoutRow("1", (LayoutSeat(0, 0, 0),)),)),
            ("rows", 0, "seats", 0, "number"),
        ),
        (
            LayoutSection("A", (LayoutRow("1", (LayoutSeat(1, float("nan"), 0),)),)),
            ("rows", 0, "seats", 0, "x"),
        ),
        (
            LayoutSection("A", (LayoutRow("1", (LayoutSeat(1, 0, 1e6),)),)),
            ("rows", 0, "seats", 0, "y"),
        ),
    ],
)
def test_each_mistake_is_named_by_its_place(section, where):
    assert list(mistakes(section)) == [(0, *where)]


def test_the_whole_has_bounds_too():
    assert mistakes() == {(): "has 1 to 500 sections"}
    assert list(mistakes(COUNTED, COUNTED)) == [(1, "name")]
    too_many = [LayoutSection("A", 100, 1000), LayoutSection("B", 1, 1)]
    assert mistakes(*too_many) == {(): "has at most 100000 seats in all"}


@given(
    st.lists(
        st.tuples(st.integers(1, 6), st.integers(1, 8), st.integers(1, 50)), min_size=1, max_size=5
    )
)
def test_every_seat_has_its_own_label_and_index(shapes):
    sections = [
        LayoutSection(f"S{n}", rows=rows, seats_per_row=seats, start_row=start)
        for n, (rows, seats, start) in enumerate(shapes)
    ]
    event_id = new_id()
    seat_map, _ = draw_map(event_id, sections, tiers(event_id, sections))
    assert len(set(seat_map.seat_ids)) == len(seat_map) == sum(s.size for s in sections)
    for index, seat_id in enumerate(seat_map.seat_ids):
        assert seat_map.find(seat_id).index == index
