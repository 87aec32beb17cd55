"""A standing as the contract has it. By hand, not by a model: it is told a million times."""

from typing import Any

from tiketi.kernel.clock import rfc3339
from tiketi.queue.domain import PlaceState, Standing


def describe_standing(standing: Standing) -> dict[str, Any]:
    """Its fields, ready for JSON; as queue/schemas.py ``StandingView`` declares them."""
    place, estimate = standing.place, standing.estimate
    assert place.state is not PlaceState.ABSENT
    position = place.position
    fields: dict[str, Any] = {
        "state": place.state,  # a text, as an enumeration of texts
        "number": place.number,
        "position": position,
        "ahead": None if position is None else position - 1,
        "eta_seconds": estimate and estimate.seconds,
        "eta_range_seconds": estimate and [estimate.low_seconds, estimate.high_seconds],
        "poll_after_seconds": standing.poll_after_seconds,
        "receipt": standing.receipt,
    }
    if standing.pass_token is not None:
        fields["pass"] = standing.pass_token
        if place.expires_at is not None:
            fields["pass_expires_at"] = rfc3339(place.expires_at)
    if standing.held_back is not None:
        fields["held_back"] = standing.held_back.value
    return fields
