from uuid import UUID

import orjson

from tiketi.infra.http.cacheable import Document
from tiketi.kernel.ids import new_id
from tiketi.live.seat_changes import PASSED_MAX, SeatChanges
from tiketi.seats.api import Availability

EVENT, TIER = new_id(), new_id()


def availability(version: int, general: dict[UUID, int] | None = None, **sections: str):
    return Availability(EVENT, version, sections, general or {}, Document(b""), str(version))


def told(changes: SeatChanges, latest: Availability):
    return [orjson.loads(message.text) for message in changes.since(latest)]


def test_the_first_look_tells_nothing():
    assert told(SeatChanges(), availability(7, A="aaa")) == []


def test_only_what_changed_is_told():
    changes = SeatChanges()
    told(changes, availability(7, A="aaa", B="aa"))
    [message] = told(changes, availability(8, A="aha", B="aa"))
    assert message == {"type": "seats.changed", "version": 8, "sections": {"A": [[1, "h"]]}}
    assert told(changes, availability(8, A="aha", B="aa")) == []


def test_versions_that_passed_unseen_leave_no_gap():
    changes = SeatChanges()
    told(changes, availability(7, A="aaa"))
    messages = told(changes, availability(10, A="hha"))
    assert [message["version"] for message in messages] == [8, 9, 10]
    # The last has it all, so that whoever fetched a version between them is right too.
    assert [len(message["sections"]) for message in messages] == [0, 0, 1]


def test_a_long_leap_is_a_gap():
    changes = SeatChanges()
    told(changes, availability(7, A="a"))
    assert [m["version"] for m in told(changes, availability(8 + PASSED_MAX, A="h"))] == [28]


def test_general_places_are_told_only_when_they_change():
    changes = SeatChanges()
    told(changes, availability(1, {TIER: 5}))
    [message] = told(changes, availability(2, {TIER: 4}))
    assert message["general"] == {str(TIER): 4}
