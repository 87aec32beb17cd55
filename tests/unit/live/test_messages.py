"""A standing on the socket is the standing of the API."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tiketi.live.messages import describe_standing, standing_message
from tiketi.queue.api import Estimate, Place, PlaceState, Standing
from tiketi.queue.schemas import StandingView

LATER = datetime(2030, 1, 2, 3, 4, 5, 678_000, tzinfo=UTC)
STANDINGS = [
    Standing(Place(PlaceState.WAITING, 9, 3), Estimate(30, 10, 60), 4, "receipt"),
    Standing(Place(PlaceState.WAITING, 9, 3), None, 4, "receipt"),
    Standing(Place(PlaceState.ADMITTED, 9, 9, LATER), None, 30, "receipt", "pass"),
    Standing(Place(PlaceState.NOT_REQUIRED, None, 0, LATER), None, 30, "receipt", "pass"),
    Standing(Place(PlaceState.EXPIRED, 9, 9, LATER - timedelta(days=1)), None, 30, "receipt"),
]


@pytest.mark.parametrize("standing", STANDINGS)
def test_it_has_the_same_fields(standing):
    polled = orjson.loads(StandingView.of(standing).model_dump_json())
    assert describe_standing(standing) == polled


@pytest.mark.parametrize("standing", STANDINGS)
def test_a_pass_makes_it_an_admission(standing):
    message = orjson.loads(standing_message(standing).text)
    assert message["type"] == ("queue.admitted" if "pass" in message else "queue.position")
