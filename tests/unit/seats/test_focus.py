"""What is near and what is beside what, as a layout's coordinates say."""

import pytest

from tiketi.kernel.errors import Invalid
from tiketi.seats.domain import SeatRow, SeatSection
from tiketi.seats.focus import count_distances, find_aisles, focal_point, measure_distances
from tiketi.seats.layouts import (
    LayoutRow,
    LayoutSeat,
    LayoutSection,
    check_sections,
    expand_sections,
)


def rows_at(*rows):
    return tuple(
        LayoutRow(str(y), tuple(LayoutSeat(number, x, y) for number, x in enumerate(xs, start=1)))
        for y, xs in enumerate(rows)
    )


def section(rows, **more):
    return LayoutSection("A", rows, **more)


def test_the_focal_point_is_the_middle_of_the_front_row():
    rows = rows_at([0, 1, 2, 3], [0, 1])
    assert focal_point(section(rows), rows) == (1.5, 0)
    counted = section(2, seats_per_row=5)
    (placed,) = expand_sections([counted])
    assert focal_point(counted, placed) == (0, 0)


def test_a_section_may_name_its_focal_point():
    rows = rows_at([0, 1, 2])
    named = section(rows, focal_point=(2, 0))
    assert measure_distances(named, rows) == [2000, 1000, 0]


def test_distances_are_in_thousandths_and_the_same_on_both_sides():
    rows = rows_at([0, 1, 2], [0, 1, 2])
    assert measure_distances(section(rows), rows) == [1000, 0, 1000, 1414, 1000, 1414]


def test_seats_that_all_stand_at_one_point_are_counted_by_row_and_number():
    rows = tuple(LayoutRow(str(n), tuple(LayoutSeat(i, 0, 0) for i in (1, 2, 3))) for n in (1, 2))
    assert measure_distances(section(rows), rows) == [1000, 0, 1000, 1414, 1000, 1414]


def test_a_map_without_coordinates_is_counted_by_row_and_number():
    sections = [
        SeatSection("A", "A", None, 0, 3, (SeatRow("1", 0, (1, 2, 3)),)),
        SeatSection("B", "B", None, 3, 2, (SeatRow("1", 3, (7,)), SeatRow("2", 4, (7,)))),
    ]
    assert count_distances(sections) == [1000, 0, 1000, 0, 1000]


def test_a_gap_wider_than_usual_is_an_aisle():
    # In units of anybody's choosing: here 20 from seat to seat.
    rows = rows_at([0, 20, 60, 80], [0, 20, 40])
    assert list(find_aisles(rows)) == [2]
    assert list(find_aisles(rows_at([0, 0, 0]))) == []
    assert list(find_aisles(rows_at([0]))) == []


def test_a_focal_point_lies_within_the_coordinates_there_are():
    check_sections([section(1, seats_per_row=2, focal_point=(0.5, -3))])
    for far in ((float("nan"), 0), (0, 1e9)):
        with pytest.raises(Invalid) as refused:
            check_sections([section(1, seats_per_row=2, focal_point=far)])
        assert refused.value.fields["errors"][0]["loc"] == ["body", "sections", 0, "focal_point"]
