"""A standing on the socket is the standing of the API."""

from datetime import UTC, datetime, timedelta

import orjson
import pytest

from tiketi.live.messages import standing_message
from tiketi.queue.api import Estimate, Place, PlaceState, Standing, describe_standing
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
    described = orjson.loads(orjson.dumps(describe_standing(standing)))
    declared = {"pass_" if name == "pass" else name: value for name, value in described.items()}
    assert orjson.loads(StandingView(**declared).model_dump_json()) == described


@pytest.mark.parametrize("standing", STANDINGS)
def test_a_pass_makes_it_an_admission(standing):
    message = orjson.loads(standing_message(standing).text)
    assert message["type"] == ("queue.admitted" if "pass" in message else "queue.position")
