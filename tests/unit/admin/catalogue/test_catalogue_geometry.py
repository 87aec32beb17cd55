"""Seats stand as in a hall: apart, in rows, turned and bent as the file says."""

from dataclasses import replace
from math import dist

import pytest

from tiketi.admin.catalogue.counting import capacity_of, labels_of
from tiketi.admin.catalogue.geometry import place_sections
from tiketi.admin.catalogue.models import Layout
from tiketi.seats.layouts import check_sections, expand_sections


def layout(*sections):
    return Layout.model_validate({"name": "L", "sections": list(sections)})


def section(name="A", rows=3, seats_per_row=5, **more):
    return {"name": name, "rows": rows, "seats_per_row": seats_per_row, **more}


def place_seats(whole):
    """The sections with their rows written out, by the seats module where they are counts."""
    sections = place_sections(whole)
    return [
        replace(one, rows=rows)
        for one, rows in zip(sections, expand_sections(sections), strict=True)
    ]


def points(planned):
    return [(seat.x, seat.y) for row in planned.rows for seat in row.seats]


def test_straight_section_is_a_grid_about_its_middle():
    (placed,) = place_seats(layout(section(rows=2, seats_per_row=3)))
    assert points(placed) == [(-1, 0), (0, 0), (1, 0), (-1, 1), (0, 1), (1, 1)]
    assert [row.name for row in placed.rows] == ["1", "2"]


def test_sections_without_a_place_line_up_behind_each_other():
    placed = place_seats(layout(section("A"), section("B"), section("C", start_row=7)))
    assert [min(y for _, y in points(each)) for each in placed] == [0, 4, 8]
    assert [row.name for row in placed[2].rows] == ["7", "8", "9"]


def test_a_section_says_where_its_best_seats_are_and_is_the_same_without():
    whole = layout(section(), section("B", focal_point={"x": -2, "y": 6}, accessible=["1-1"]))
    plain, marked = place_sections(whole)
    assert (plain.focal_point, marked.focal_point) == (None, (-2, 6))
    # Its id follows from this text.
    assert "focal_point" not in whole.sections[0].model_dump_json()


def test_marked_section_stands_where_a_plain_one_would():
    plain = place_seats(layout(section("A"), section("B"), section("C")))
    marked = place_seats(layout(section("A"), section("B", accessible=["1-1"]), section("C")))
    assert [points(each) for each in plain] == [points(each) for each in marked]
    assert isinstance(place_sections(layout(section()))[0].rows, int)


def test_turned_stand_faces_the_middle():
    left = section(rows=4, place={"x": -20, "y": 5, "turn": 90})
    (placed,) = place_seats(layout(left))
    first, last = placed.rows[0], placed.rows[3]
    assert all(seat.x == -20 for seat in first.seats)
    assert all(seat.x == -23 for seat in last.seats)
    # Seat 1 is on the left of somebody who faces the field from there: nearer to the stage.
    assert [seat.y for seat in first.seats] == [3, 4, 5, 6, 7]


def test_bent_rows_keep_seats_apart_and_rows_parallel():
    (placed,) = place_seats(
        layout(section(rows=5, seats_per_row=21, place={"x": 0, "y": 0, "curve": 12}))
    )
    for row in placed.rows:
        gaps = [
            dist((a.x, a.y), (b.x, b.y)) for a, b in zip(row.seats, row.seats[1:], strict=False)
        ]
        assert all(0.97 < gap < 1.01 for gap in gaps)
    centre = (0, -12)
    for index, row in enumerate(placed.rows):
        assert all(abs(dist((s.x, s.y), centre) - 12 - index) < 0.02 for s in row.seats)


def test_rows_of_different_lengths_are_centred():
    rows = [{"name": "A", "seats": 2}, {"name": "B", "seats": 4}]
    (placed,) = place_seats(layout({"name": "A", "rows": rows}))
    assert [seat.x for seat in placed.rows[0].seats] == [-0.5, 0.5]
    assert [seat.x for seat in placed.rows[1].seats] == [-1.5, -0.5, 0.5, 1.5]


def test_written_out_seats_keep_their_points():
    seats = [{"number": 7, "x": 3.25, "y": -1, "accessible": True}]
    (placed,) = place_seats(layout({"name": "A", "rows": [{"name": "K", "seats": seats}]}))
    (seat,) = placed.rows[0].seats
    assert (seat.number, seat.x, seat.y, seat.accessible, seat.companion) == (
        7,
        3.25,
        -1,
        True,
        False,
    )


def test_wheelchair_places_are_marked():
    (placed,) = place_seats(layout(section(accessible=["3-1"], companion=["3-2"])))
    marked = {(r.name, s.number): (s.accessible, s.companion) for r in placed.rows for s in r.seats}
    assert marked["3", 1] == (True, False)
    assert marked["3", 2] == (False, True)
    assert sum(a or c for a, c in marked.values()) == 2


@pytest.mark.parametrize(
    "one",
    [
        section(),
        section(start_row=4),
        section(rows=1_000, seats_per_row=2),
        section(rows=2, seats_per_row=9_999),
        {"name": "A", "rows": [{"name": "X", "seats": 4}, {"name": "Y", "seats": 9}]},
        {"name": "A", "rows": [{"name": "X", "seats": [{"number": 3, "x": 0, "y": 0}]}]},
    ],
)
def test_counting_agrees_with_placing(one):
    whole = layout(one)
    (placed,) = place_seats(whole)
    check_sections(place_sections(whole))
    labels = [f"{row.name}-{seat.number}" for row in placed.rows for seat in row.seats]
    assert list(labels_of(whole.sections[0])) == labels
    assert capacity_of(whole) == len(labels)
