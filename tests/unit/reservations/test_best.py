from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tiketi.reservations.best import apart, together
from tiketi.seats.api import SeatRow

ROWS = [SeatRow("1", 0, range(1, 10)), SeatRow("2", 9, range(1, 10))]
ALL = set(range(18))


def test_the_first_group_is_in_the_middle_of_the_front_row():
    assert list(next(together(ROWS, ALL, 3))) == [3, 4, 5]


def test_a_group_never_spans_two_rows():
    assert list(together(ROWS, {7, 8, 9, 10}, 3)) == []


def test_a_broken_row_gives_way_to_the_next():
    free = ALL - {2, 5, 8}
    assert list(next(together(ROWS, free, 3))) == [12, 13, 14]


@given(st.sets(st.integers(0, 17)), st.integers(1, 9))
def test_every_group_is_free_neighbours_and_no_two_share_a_seat(free, quantity):
    groups = [list(group) for group in together(ROWS, free, quantity)]
    seen = [index for group in groups for index in group]
    assert len(seen) == len(set(seen))
    assert set(seen) <= free
    for group in groups:
        assert len(group) == quantity
        assert all(right == left + 1 for left, right in pairwise(group))


@given(st.sets(st.integers(0, 17)), st.integers(1, 18))
def test_apart_finds_a_group_whenever_enough_are_free(free, quantity):
    found = next(apart(ROWS, free, quantity), None)
    assert (found is not None) == (len(free) >= quantity)


def test_whoever_needs_an_accessible_seat_is_not_given_a_companions_alone():
    accessible = {3}
    assert list(together(ROWS, {2, 3, 4}, 1, accessible)) == [range(3, 4)]
    assert list(together(ROWS, {4, 5}, 1, accessible)) == []
    assert list(apart(ROWS, {0, 3, 17}, 1, accessible)) == [[3]]
    assert list(apart(ROWS, {0, 3, 17}, 2, accessible)) == [[3, 0]]
    assert list(apart(ROWS, {0, 17}, 2, accessible)) == []


@given(st.sets(st.integers(0, 17)), st.sets(st.integers(0, 17)), st.integers(1, 9))
def test_every_group_has_one_of_those_asked_for(free, one_of, quantity):
    for group in [
        *together(ROWS, free, quantity, one_of),
        *apart(ROWS, free, quantity, one_of),
    ]:
        assert one_of & set(group)
