import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.cli.simulate.houses import snapshot
from tiketi.cli.simulate.choice import choose_seats
from tiketi.cli.simulate.house import Snapshot, Taste


def chosen(seen: Snapshot, taste: Taste, party: int, avoid: tuple[int, ...] = ()) -> list[str]:
    rng = random.Random(1)
    return [seat.id for seat in choose_seats(seen, taste=taste, party=party, avoid=avoid, rng=rng)]


EMPTY = snapshot("aaaaaaaa", "aaaa")


@pytest.mark.parametrize(
    ("taste", "first"),
    [
        (Taste.ASCENDING, ["VIP-1-1", "VIP-1-2"]),
        (Taste.DESCENDING, ["A-1-4", "A-1-3"]),
        (Taste.BEST, ["VIP-1-2", "VIP-1-3"]),
    ],
)
def test_each_taste_begins_elsewhere(taste: Taste, first: list[str]) -> None:
    assert chosen(EMPTY, taste, 2) == first


def test_seats_side_by_side_are_preferred() -> None:
    assert chosen(snapshot("ahaaaaaa", "aaaa"), Taste.ASCENDING, 2) == ["VIP-1-3", "VIP-1-4"]


def test_the_ends_of_two_rows_are_not_side_by_side() -> None:
    assert chosen(snapshot("sssaaasa", "ssss"), Taste.ASCENDING, 2) == ["VIP-2-1", "VIP-2-2"]


def test_scattered_seats_are_better_than_none() -> None:
    assert chosen(snapshot("asasssss", "sssa"), Taste.ASCENDING, 3) == [
        "VIP-1-1", "VIP-1-3", "A-1-4",
    ]  # fmt: skip


def test_fewer_seats_are_better_than_none() -> None:
    assert chosen(snapshot("ssssssss", "sssa"), Taste.BEST, 4) == ["A-1-4"]


def test_places_known_to_be_taken_are_avoided() -> None:
    assert chosen(EMPTY, Taste.ASCENDING, 1, avoid=(0, 1)) == ["VIP-1-3"]


@pytest.mark.parametrize("taste", list(Taste))
def test_nothing_free_gives_nothing(taste: Taste) -> None:
    assert chosen(snapshot("shbshbsh", "ssss"), taste, 2) == []


@given(
    states=st.text("ahsb", min_size=12, max_size=12),
    taste=st.sampled_from(list(Taste)),
    party=st.integers(1, 4),
    seed=st.integers(0, 5),
)
def test_only_free_seats_are_chosen_each_once(
    states: str, taste: Taste, party: int, seed: int
) -> None:
    seen = snapshot(states[:8], states[8:])
    rng = random.Random(seed)
    seats = choose_seats(seen, taste=taste, party=party, avoid=(), rng=rng)
    assert len({seat.id for seat in seats}) == len(seats) == min(party, states.count("a"))
    assert all(seen.states[seat.place] == "a" for seat in seats)


def test_a_house_is_exhausted_when_nothing_is_free_or_held() -> None:
    assert snapshot("ssssssbb", "ssss").exhausted
    assert not snapshot("sssssssh", "ssss").exhausted
    assert not snapshot("ssssssss", "sssa").exhausted


def test_an_availability_that_does_not_fit_the_map_is_refused() -> None:
    with pytest.raises(ValueError, match="11 states for 12 seats"):
        snapshot("aaaaaaaa", "aaa")
