"""When two texts are one access code."""

import pytest

from tiketi.events.codes import digest_of
from tiketi.kernel.ids import new_id

EVENT = new_id()


@pytest.mark.parametrize(
    "typed",
    [
        "fan-클럽",
        "FAN-클럽",
        "  Fan-클럽 ",
        "fan-\u110f\u1173\u11af\u1105\u1165\u11b8",
        "\uff46\uff41\uff4e-클럽",
    ],
)
def test_what_people_type_for_one_code_is_one(typed):
    assert digest_of(EVENT, typed) == digest_of(EVENT, "Fan-클럽")


def test_other_codes_and_other_events_are_others():
    assert digest_of(EVENT, "fan-1") != digest_of(EVENT, "fan-2")
    assert digest_of(EVENT, "fan-1") != digest_of(new_id(), "fan-1")
