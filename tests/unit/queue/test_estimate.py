from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi.queue.domain import Board, Draw, HeldBack
from tiketi.queue.estimate import (
    POLL_IDLE_SECONDS,
    POLL_SECONDS_MAX,
    POLL_SECONDS_MIN,
    Outlook,
    poll_after_seconds,
    poll_before_draw_seconds,
)

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def _board(**changes):
    figures = {
        "as_of": NOW,
        "epoch": 1,
        "life": 7,
        "serving": 0,
        "waiting": 1_000,
        "admitted": 0,
        "capacity": 100,
        "rate_per_minute": 600,
        "pass_ttl_seconds": 300.0,
        "paused": False,
        "opens_at": NOW - timedelta(hours=1),
        "closes_at": NOW + timedelta(hours=1),
        "pace_per_minute": 0.0,
        "over_capacity": 0,
    }
    return Board(**{**figures, **changes})


def test_where_places_are_free_the_rate_decides():
    estimate = Outlook(_board()).estimate(50)
    assert (estimate.low_seconds, estimate.seconds, estimate.high_seconds) == (5, 5, 5)


def test_behind_a_full_sale_one_waits_for_passes_to_lapse_at_worst():
    estimate = Outlook(_board(admitted=100)).estimate(150)
    assert estimate.low_seconds == 15
    assert estimate.high_seconds == 600
    assert estimate.seconds == 600


def test_the_measured_pace_decides_within_the_range():
    assert Outlook(_board(admitted=100, pace_per_minute=60.0)).estimate(150).seconds == 150
    assert Outlook(_board(admitted=100, pace_per_minute=1.0)).estimate(150).seconds == 600
    assert Outlook(_board(admitted=100, pace_per_minute=9e9)).estimate(150).seconds == 15


def test_before_the_opening_the_wait_for_it_counts():
    board = _board(opens_at=NOW + timedelta(seconds=100))
    estimate = Outlook(board).estimate(50)
    assert (estimate.low_seconds, estimate.seconds, estimate.high_seconds) == (105, 105, 105)


@pytest.mark.parametrize(
    "change",
    [
        {"capacity": 0},
        {"rate_per_minute": 0},
        {"paused": True},
        {"sold_out": True},
        {"closes_at": NOW},
    ],
)
def test_where_nobody_is_admitted_there_is_no_estimate(change):
    assert Outlook(_board(**change)).estimate(1) is None


def test_at_best_the_full_speed_is_back_at_once_and_till_then_one_waits_longer():
    estimate = Outlook(_board(speed=0.25)).estimate(50)
    assert (estimate.low_seconds, estimate.seconds, estimate.high_seconds) == (5, 20, 20)
    # The last minute was faster than it is now.
    estimate = Outlook(_board(speed=0.25, admitted=100, pace_per_minute=600.0)).estimate(50)
    assert estimate.seconds == 20


def test_no_shows_shorten_the_wait():
    estimate = Outlook(_board(rate_times=2.0)).estimate(50)
    assert (estimate.low_seconds, estimate.seconds, estimate.high_seconds) == (2, 3, 3)


def test_while_nobody_is_admitted_the_front_asks_first():
    board = _board(sold_out=True)
    polls = [poll_after_seconds(None, 0.0, board, position) for position in (1, 600, 10_000)]
    assert polls == [POLL_IDLE_SECONDS, 15, POLL_SECONDS_MAX]


@pytest.mark.parametrize(
    ("changes", "held_back"),
    [
        ({}, None),
        ({"speed": 0.999}, HeldBack.SLOWED),
        ({"speed": 0.5, "paused": True}, HeldBack.PAUSED),
        ({"paused": True, "opens_at": NOW + timedelta(hours=1)}, HeldBack.PAUSED),
        ({"speed": 0.5, "opens_at": NOW + timedelta(hours=1)}, None),
        ({"sold_out": True, "paused": True, "speed": 0.5}, HeldBack.SOLD_OUT),
        ({"sold_out": True, "paused": True, "closes_at": NOW}, None),
    ],
)
def test_what_stops_everybody_is_said_before_what_slows(changes, held_back):
    assert _board(**changes).held_back is held_back


def test_the_further_from_the_front_the_later_one_asks():
    polls = [poll_after_seconds(Outlook(_board()).estimate(place), 0.0) for place in (1, 100, 500)]
    assert polls == sorted(polls)
    assert polls[0] == POLL_SECONDS_MIN
    assert poll_after_seconds(Outlook(_board()).estimate(1_000_000), 0.0) == POLL_SECONDS_MAX


def test_the_jitter_spreads_those_who_are_equally_far():
    far = Outlook(_board()).estimate(1_000_000)
    assert len({poll_after_seconds(far, roll / 100) for roll in range(100)}) >= 6


def test_without_an_estimate_one_asks_now_and_then():
    assert poll_after_seconds(None, 0.0) == POLL_IDLE_SECONDS


@given(
    position=st.integers(1, 10**7),
    figures=st.fixed_dictionaries(
        {
            "capacity": st.integers(1, 10**6),
            "rate_per_minute": st.integers(1, 10**6),
            "admitted": st.integers(0, 10**6),
            "pace_per_minute": st.floats(0, 10**7, allow_nan=False),
            "speed": st.floats(0.05, 1),
            "rate_times": st.floats(1, 2),
        }
    ),
    roll=st.floats(0, 1, exclude_max=True),
)
def test_estimates_lie_in_their_range_and_polls_in_their_bounds(position, figures, roll):
    estimate = Outlook(_board(**figures)).estimate(position)
    assert 0 <= estimate.low_seconds <= estimate.seconds <= estimate.high_seconds
    assert POLL_SECONDS_MIN <= poll_after_seconds(estimate, roll) <= POLL_SECONDS_MAX


def _awaiting(entrants, **before):
    draw = Draw("00" * 32, None, entrants)
    return _board(draw=draw, opens_at=NOW + timedelta(**before))


@given(st.integers(0, 1_000_000), st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_polls_before_a_draw_stay_within_bounds(entrants, seconds, roll):
    board = _awaiting(entrants, seconds=seconds)
    assert POLL_SECONDS_MIN <= poll_before_draw_seconds(board, roll) <= POLL_SECONDS_MAX


def test_a_few_ask_right_after_the_opening_and_a_million_spread_over_it():
    few, many = (_awaiting(entrants, seconds=5) for entrants in (100, 1_000_000))
    rolls = [i / 100 for i in range(100)]
    assert {poll_before_draw_seconds(few, roll) for roll in rolls} <= {5, 6, 7}
    asked = [poll_before_draw_seconds(many, roll) for roll in rolls]
    assert (min(asked), max(asked)) == (5, 24)
