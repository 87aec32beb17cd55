"""Live messages: flat JSON, rendered once however many are told."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

import orjson

from tiketi.events.api import EventStatus
from tiketi.queue.api import Standing, describe_standing


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
