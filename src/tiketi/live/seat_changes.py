"""From one availability to the next, as messages whose versions follow on each other."""

from collections.abc import Iterator

from tiketi.live.messages import Message, seats_message
from tiketi.seats.api import Availability

# Versions that passed between two looks are sent empty before the one that has all the changes:
# states are absolute, so whoever has any of them is right after the last. Beyond this many a gap
# is left, and clients fetch availability again.
PASSED_MAX = 20


class SeatChanges:
    """Remembers what was told last. The first look only says from where on."""

    def __init__(self) -> None:
        self._told: Availability | None = None

    def since(self, latest: Availability) -> Iterator[Message]:
        """The messages from what was told last to ``latest``."""
        told, self._told = self._told, latest
        if told is None or told.version == latest.version:
            return
        if 1 < latest.version - told.version <= PASSED_MAX:
            for version in range(told.version + 1, latest.version):
                yield seats_message(version, {}, {})
        sections = {
            name: changed
            for name, states in latest.sections.items()
            if (changed := _changed(told.sections.get(name, ""), states))
        }
        general = {
            str(tier_id): remaining
            for tier_id, remaining in latest.general.items()
            if told.general.get(tier_id) != remaining
        }
        yield seats_message(latest.version, sections, general)


def _changed(before: str, after: str) -> list[list[int | str]]:
    """``[index, state]`` of each seat that differs, by its index within the section."""
    if before == after:
        return []
    known = before.ljust(len(after))
    return [[index, state] for index, state in enumerate(after) if known[index] != state]
