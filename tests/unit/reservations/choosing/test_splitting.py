"""Parties in more than one group: as few as can be."""

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.reservations.choosing.halls import as_set, ask_for, make_hall
from tiketi.reservations.choosing.groups import find_group
from tiketi.reservations.choosing.seat_sets import runs


def first(options):
    return next(options, None)


def seat(hall, free, quantity, **wish):
    return find_group(hall, as_set(hall, free), ask_for(hall, quantity, **wish), first)


def groups_in(hall, seated):
    return len(runs(as_set(hall, seated), hall.joined, hall.size))


def test_a_party_longer_than_any_row_sits_in_neighbouring_rows():
    hall = make_hall([5, 5, 5, 5])
    assert sorted(seat(hall, range(20), 8)) == [0, 1, 2, 3, 4, 5, 6, 7]


def test_a_party_that_a_row_could_seat_is_not_split_unless_it_says_so():
    hall = make_hall([5, 5])
    free = {0, 1, 2, 7, 8, 9}
    assert seat(hall, free, 5) is None
    assert sorted(seat(hall, free, 5, adjacent=False)) in ([0, 1, 2, 7, 8], [1, 2, 7, 8, 9])


def test_a_party_stays_in_one_section_while_one_has_room():
    hall = make_hall([4], [3, 3])
    assert set(seat(hall, range(10), 5)) <= set(range(4, 10))
    assert len(seat(hall, range(10), 9)) == 9


def test_a_split_party_has_its_accessible_seat():
    hall = make_hall([3, 3], accessible=[4])
    seated = seat(hall, {0, 1, 4}, 3, adjacent=False, accessible=True)
    assert sorted(seated) == [0, 1, 4]
    assert seat(hall, {0, 1, 3}, 3, adjacent=False, accessible=True) is None


@given(st.sets(st.integers(0, 23), min_size=1), st.data())
def test_there_are_never_more_groups_than_the_longest_runs_need(free, data):
    hall = make_hall([6, 6, 6, 6], aisles=[3])
    quantity = data.draw(st.integers(1, len(free)))
    lengths = sorted(map(len, runs(as_set(hall, free), hall.joined, hall.size)), reverse=True)
    least = next(k for k in range(1, 25) if sum(lengths[:k]) >= quantity)
    seated = seat(hall, free, quantity, adjacent=False)
    assert len(set(seated)) == quantity
    assert set(seated) <= free
    # Groups that touch end to end are one run: never more of them than were needed.
    assert groups_in(hall, seated) <= least


def test_a_hall_in_crumbs_is_no_long_search():
    hall = make_hall([100] * 100)
    seated = seat(hall, range(0, hall.size, 2), 100, adjacent=False)
    assert len(set(seated)) == 100
