"""How many come, and why one thinks so."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi.planning.domain import AUDIENCE_MAX, PastAudience, Source
from tiketi.planning.prediction import PAST_EVENTS_MAX, asked_audience, predict_audience


def line(people, places=1_000):
    return PastAudience(people, places, is_lower_bound=False)


def buyers(people, places=1_000):
    return PastAudience(people, places, is_lower_bound=True)


def predict(*past, said=None, places=1_000):
    return predict_audience(said=said, past=past, places=places)


@given(
    st.none() | st.integers(1, AUDIENCE_MAX),
    st.lists(
        st.builds(
            PastAudience, st.integers(1, AUDIENCE_MAX), st.integers(0, 100_000), st.booleans()
        ),
        max_size=10,
    ),
    st.integers(0, 1_000_000),
)
def test_the_range_holds_what_is_expected(said, past, places):
    audience = predict_audience(said=said, past=past, places=places)
    assert 1 <= audience.low <= audience.expected <= audience.high <= AUDIENCE_MAX
    assert audience.reason


def test_without_history_the_places_are_all_there_is():
    audience = predict(places=1_000)
    assert (audience.low, audience.expected, audience.high) == (1_000, 3_000, 10_000)
    assert audience.source is Source.CAPACITY
    assert audience.reason == "no history: 3 people for each of 1,000 places"


def test_one_past_event_of_the_artist_is_a_wide_range():
    audience = predict(line(40_000))
    assert (audience.low, audience.expected, audience.high) == (20_000, 40_000, 80_000)
    assert audience.source is Source.ARTIST
    assert audience.reason == "from 1 past event of the artist"


def test_the_latest_event_counts_most_and_more_events_narrow_the_range():
    audience = predict(line(40_000), line(20_000), line(10_000))
    assert audience.expected == 30_000  # (40,000 + 10,000 + 2,500) / 1.75
    assert (audience.low, audience.high) == (7_500, 53_334)
    assert audience.reason == "from 3 past events of the artist"


def test_only_the_latest_events_count():
    latest = [line(1_000)] * PAST_EVENTS_MAX
    assert predict(*latest, line(1_000_000)) == predict(*latest)


def test_buyers_are_a_lower_bound_that_a_larger_hall_lifts():
    assert predict(buyers(800), places=5_000).expected == 4_000
    assert predict(buyers(800), places=500).expected == 800
    assert predict(line(800), places=5_000).expected == 800
    assert "1 by its buyers alone" in predict(buyers(800)).reason


def test_the_organizers_number_wins_and_history_is_told_beside_it():
    audience = predict(line(40_000), said=100_000)
    assert (audience.low, audience.expected, audience.high) == (50_000, 100_000, 150_000)
    assert audience.source is Source.ORGANIZER
    assert audience.reason == (
        "organizer's number; from 1 past event of the artist it would be 40,000"
    )
    assert predict(said=7).reason == "organizer's number"


@pytest.mark.parametrize("people", [1, AUDIENCE_MAX])
def test_who_asks_for_a_number_gets_the_plan_of_that_number(people):
    audience = asked_audience(people)
    assert audience.low == audience.expected == audience.high == people
