"""Live messages: flat JSON, rendered once however many are told."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from tiketi.events.api import EventStatus
from tiketi.kernel.clock import rfc3339
from tiketi.queue.api import PlaceState, Standing


class Kind(StrEnum):
    POSITION = "queue.position"
    ADMITTED = "queue.admitted"
    SEATS = "seats.changed"
    STATUS = "event.status"
    NOTICE = "notice"
    PING = "ping"


_POSITION = b'{"type":"%s",' % Kind.POSITION.encode()


@dataclass(frozen=True, slots=True)
class Message:
    """``text`` is the JSON, its type included."""

    kind: Kind
    text: str


def standing_message(standing: Standing) -> Message:
    """``queue.admitted`` where there is a pass, else ``queue.position``."""
    fields = describe_standing(standing)
    if standing.pass_token is None:
        return Message(Kind.POSITION, (_POSITION + orjson.dumps(fields)[1:]).decode())
    return _message(Kind.ADMITTED, fields)


def describe_standing(standing: Standing) -> dict[str, Any]:
    """The fields of a standing as the contract has them. By hand: it is sent a million times."""
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


def status_message(event_id: UUID, status: EventStatus) -> Message:
    return _message(Kind.STATUS, {"event_id": str(event_id), "status": status.value})


def notice_message(text: str | None) -> Message:
    """``text`` null: the operator took the notice back."""
    return _message(Kind.NOTICE, {"text": text})


def seats_message(
    version: int, sections: dict[str, list[list[int | str]]], general: dict[str, int]
) -> Message:
    """``general`` only where a tier's remaining places changed."""
    fields: dict[str, Any] = {"version": version, "sections": sections}
    if general:
        fields["general"] = general
    return _message(Kind.SEATS, fields)


def _message(kind: Kind, fields: dict[str, Any]) -> Message:
    return Message(kind, orjson.dumps({"type": kind.value, **fields}).decode())


PING = _message(Kind.PING, {})
