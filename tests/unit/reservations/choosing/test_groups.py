"""Groups as the rules want them, against the same rules seat by seat."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tests.unit.reservations.choosing.halls import (
    as_set,
    ask_for,
    every_group,
    make_hall,
    strands,
)
from tiketi.reservations.choosing.groups import NEARLY_SOLD_OUT, find_group, together

HALL = make_hall([9, 9, 7], aisles=[4])
EVERY = set(range(HALL.size))
WIDE = make_hall([10] * 10)


def first(options):
    return next(options, None)


def best(hall, free, quantity, **wish):
    return find_group(hall, as_set(hall, free), ask_for(hall, quantity, **wish), first)


def groups_of(hall, free, quantity, one_of=None):
    marked = None if one_of is None else as_set(hall, one_of)
    sections = hall.seat_map.sections
    return list(together(hall, as_set(hall, free), sections, quantity, marked))


def test_the_first_group_is_in_the_middle_of_the_front_row():
    assert list(best(make_hall([9, 9]), range(18), 3)) == [3, 4, 5]


def test_the_middle_of_the_next_row_is_nearer_than_the_end_of_the_first():
    hall = make_hall([9, 9])
    assert list(best(hall, set(range(18)) - {2, 3, 4, 5, 6}, 3)) == [12, 13, 14]


def test_a_group_never_spans_two_rows_or_an_aisle():
    assert best(HALL, {7, 8, 9, 10}, 3) is None
    assert best(HALL, {2, 3, 4, 5}, 3) is None
    assert best(HALL, {4, 5, 6}, 3) == range(4, 7)


def test_a_lonely_seat_is_not_left_while_there_is_another_way():
    hall = make_hall([5])
    assert best(hall, range(5), 2) == range(2)
    assert best(hall, range(5), 1) == range(2, 3)
    # Here every way leaves one.
    assert best(hall, {0, 1, 2}, 2) == range(1, 3)


def test_the_rule_gives_way_before_a_seat_in_another_section_is_left_alone_only():
    hall = make_hall([3], [4])
    assert best(hall, range(7), 2) == range(3, 5)
    assert best(hall, range(3), 2) == range(2)


def test_a_section_nearly_sold_out_sells_what_is_nearest():
    few = int(NEARLY_SOLD_OUT * WIDE.size)
    assert few == 2
    hall = make_hall([20] * 10)
    assert best(hall, range(8, 12), 1) == range(9, 10)
    assert best(hall, range(8, 13), 1) == range(10, 11)


@given(st.sets(st.sampled_from(sorted(EVERY))), st.integers(1, 9))
def test_every_group_is_free_neighbours_and_no_two_share_a_seat(free, quantity):
    groups = groups_of(HALL, free, quantity)
    seen = [index for group in groups for index in group]
    assert len(seen) == len(set(seen))
    assert set(seen) <= free
    known = every_group(HALL, free, quantity)
    assert all(group in known for group in groups)
    assert bool(groups) == bool(known)


@given(st.sets(st.sampled_from(sorted(EVERY))), st.integers(1, 9))
def test_the_best_group_is_the_nearest_of_those_that_strand_nobody(free, quantity):
    known = every_group(HALL, free, quantity)
    tidy = [group for group in known if not strands(HALL, free, group)]
    found = best(HALL, free, quantity)
    if not known:
        assert found is None
        return
    assert found in (tidy or known)
    assert HALL.distance(found) == min(map(HALL.distance, tidy or known))


@given(st.sets(st.sampled_from(sorted(EVERY))), st.sets(st.integers(0, 24)), st.integers(1, 9))
def test_every_group_has_one_of_those_asked_for(free, one_of, quantity):
    groups = groups_of(HALL, free, quantity, one_of)
    assert all(one_of & set(group) for group in groups)
    known = [group for group in every_group(HALL, free, quantity) if one_of & set(group)]
    assert bool(groups) == bool(known)


@given(
    st.sets(st.sampled_from(sorted(EVERY)), min_size=1),
    st.integers(1, 9),
    st.booleans(),
    st.booleans(),
)
def test_a_party_is_seated_whenever_that_many_are_free_and_it_may_be_split(
    free, quantity, accessible, adjacent
):
    hall = make_hall([9, 9, 7], aisles=[4], accessible=[3, 20], companion=[2, 21])
    reserved = {2, 3, 20, 21}
    found = best(hall, free, quantity, adjacent=adjacent, accessible=accessible)
    if found is None:
        enough = len(free) if accessible and free & {3, 20} else 0
        enough = enough if accessible else len(free - reserved)
        assert adjacent or enough < quantity
        return
    assert len(set(found)) == len(found) == quantity
    assert set(found) <= free
    if accessible:
        assert set(found) & {3, 20}
    else:
        assert not set(found) & reserved
    if adjacent:
        assert all(right == left + 1 for left, right in pairwise(found))


def test_companions_sit_beside_the_accessible_seat_and_others_where_that_has_no_room():
    hall = make_hall([6], accessible=[1], companion=[2])
    assert best(hall, range(6), 2, accessible=True) == range(1, 3)
    assert set(best(hall, range(6), 3, accessible=True)) > {1}
    assert best(hall, {2, 3, 4}, 1, accessible=True) is None
    assert best(hall, {1, 2}, 1) is None
