"""The draw's permutation: a bijection, the documented one, and fair as far as counting can tell."""

import hashlib
import re
from itertools import permutations
from math import factorial
from pathlib import Path
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tiketi.queue.permutation import commitment_of, draw_place, find_number

KEY = bytes(range(32))
keys = st.binary(min_size=32, max_size=32)


@given(keys, st.integers(1, 400))
def test_every_number_gets_one_place_and_every_place_one_number(key, entrants):
    numbers = range(1, entrants + 1)
    places = [draw_place(key, entrants, number) for number in numbers]
    assert sorted(places) == list(numbers)
    assert [find_number(key, entrants, place) for place in places] == list(numbers)


@given(keys, st.integers(1, 10**12), st.data())
def test_among_any_number_of_entrants_a_place_leads_back_to_its_number(key, entrants, data):
    number = data.draw(st.integers(1, entrants))
    place = draw_place(key, entrants, number)
    assert 1 <= place <= entrants
    assert find_number(key, entrants, place) == number


@given(keys, st.integers(0, 1_000), st.integers(1, 1_000))
def test_who_joined_after_the_opening_is_not_drawn(key, entrants, later):
    assert draw_place(key, entrants, entrants + later) == entrants + later
    assert find_number(key, entrants, entrants + later) == entrants + later


def test_the_documented_vectors_hold():
    page = (Path(__file__).parents[3] / "docs/draw.md").read_text(encoding="utf-8")
    vectors = re.findall(r"^\| (\d+) \| (\d+) \| (\d+) \|$", page, flags=re.MULTILINE)
    assert len(vectors) == 27
    assert (KEY.hex() in page, commitment_of(KEY) in page) == (True, True)
    for entrants, number, place in (map(int, vector) for vector in vectors):
        assert draw_place(KEY, entrants, number) == place
        assert find_number(KEY, entrants, place) == number


def test_the_commitment_is_the_key_s_sha256():
    assert commitment_of(KEY) == hashlib.sha256(KEY).hexdigest()


def _keys(count):
    rng = Random(11)
    return [rng.randbytes(32) for _ in range(count)]


def _chi_squared(counts, expected):
    return sum((count - expected) ** 2 / expected for count in counts)


def test_each_number_gets_each_place_equally_often():
    """40,000 keys, 10 entrants. With 9 degrees of freedom 40 is passed once in 130,000 times."""
    drawn, entrants = _keys(40_000), 10
    for number in (1, 4, 10):
        counts = [0] * entrants
        for key in drawn:
            counts[draw_place(key, entrants, number) - 1] += 1
        assert _chi_squared(counts, len(drawn) / entrants) < 40


def test_all_orders_of_a_few_are_equally_frequent():
    """12,000 keys, 4 entrants. With 23 degrees of freedom 65 is passed once in 140,000 times."""
    drawn, entrants = _keys(12_000), 4
    counts = dict.fromkeys(permutations(range(1, entrants + 1)), 0)
    for key in drawn:
        counts[tuple(draw_place(key, entrants, number) for number in range(1, entrants + 1))] += 1
    assert _chi_squared(counts.values(), len(drawn) / factorial(entrants)) < 65


def test_having_come_early_is_worth_nothing():
    """The mean place of the first tenth, within five of its standard deviations."""
    entrants = 10_000
    for key in _keys(3):
        places = [draw_place(key, entrants, number) for number in range(1, 1_001)]
        deviation = entrants / 12**0.5 / len(places) ** 0.5
        assert abs(sum(places) / len(places) - entrants / 2) < 5 * deviation


def test_one_more_entrant_changes_the_whole_draw():
    same = sum(draw_place(KEY, 1_000, n) == draw_place(KEY, 1_001, n) for n in range(1, 1_001))
    assert same < 10
