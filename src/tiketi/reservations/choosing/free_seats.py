"""Which seats are free: as everybody is shown, less what this process took a moment ago; and, when
that leaves nothing to choose from, as PostgreSQL says.
"""

import math
from collections import OrderedDict
from collections.abc import Sequence
from uuid import UUID

from tiketi.infra.cache import AgingCache
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Unavailable
from tiketi.reservations.choosing.hall import Hall
from tiketi.reservations.choosing.seat_sets import read_flags, set_of
from tiketi.seats import api as seats

# As long as what everybody is shown may not have heard of a hold yet.
RECENT_SECONDS = 1.0
EVENTS_MAX = 200
# Other losers at this moment widen the choice of one who begins; beyond this it is wide enough.
LOSSES_MAX = 32
# What a process asks of PostgreSQL: a hall of 50,000 seats at most once a second.
LOOKED_SEATS_A_SECOND_MAX = 50_000

# Which seats an allotment has never changes.
KEPT_FRESH_SECONDS = 300.0
KEPT_STALE_SECONDS = 86_400.0
KEPT_BYTES_MAX = 16 * 1024 * 1024

_FREE = str.maketrans("ahsb", "1000")
_BLOCKED = str.maketrans("ahsb", "0001")


class FreeSeats:
    """One process's knowledge; sets of seats as ``seat_sets`` has them."""

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._recent: OrderedDict[UUID, _Recent] = OrderedDict()
        # One question at a time for all who look.
        self._states: AgingCache[UUID, str] = AgingCache(
            runtime, self._read, fresh_seconds=0.0, stale_seconds=0.0, weight_max=EVENTS_MAX
        )

        self._kept: AgingCache[UUID, int] = AgingCache(
            runtime,
            self._read_kept,
            fresh_seconds=KEPT_FRESH_SECONDS,
            stale_seconds=KEPT_STALE_SECONDS,
            weight_max=KEPT_BYTES_MAX,
            weigh=lambda kept: 1 + kept.bit_length() // 8,
        )

    async def opened(self, allotment_ids: Sequence[UUID]) -> int:
        """The seats of the allotments, whoever has them."""
        found = 0
        for allotment_id in allotment_ids:
            found |= await self._kept.value(allotment_id)
        return found

    async def glance(self, hall: Hall, opened: int) -> int:
        """The free seats as everybody is shown them, up to a second old, less those taken here
        since. Of blocked seats those are free that are also in ``opened``.
        """
        shown = await seats.read_availability(self._runtime, hall.seat_map.event_id)
        states = "".join(shown.sections.get(each.name, "") for each in hall.seat_map.sections)
        if len(states) != hall.size:
            return 0
        recent = self._recent_of(hall.seat_map.event_id)
        return _free(states, opened) & ~(recent.young | recent.old)

    async def look(self, hall: Hall, opened: int) -> int:
        """The free seats as PostgreSQL has them, the locked ones among them; in a large hall as
        it had them a moment ago, when it was last asked, less those taken here since.
        """
        event_id, now = hall.seat_map.event_id, self._runtime.clock.monotonic()
        recent = self._recent_of(event_id)
        asks = now - recent.looked_at >= hall.size / LOOKED_SEATS_A_SECOND_MAX
        if asks:
            recent.states = (await self._states.get(event_id)).value
            recent.looked_at = now
        if len(recent.states) != hall.size:
            recent.looked_at = -math.inf
            raise Unavailable("The seat map is being replaced.")
        taken = 0 if asks else recent.young | recent.old
        return _free(recent.states, opened) & ~taken

    async def locked(self, hall: Hall, user_id: UUID) -> int:
        """The seats that somebody other than the user has locked."""
        locked = await seats.locked_indexes(
            self._runtime, hall.seat_map.event_id, hall.seat_map, but_not_by=user_id
        )
        return set_of(locked, hall.size)

    def note_taken(self, hall: Hall, indexes: Sequence[int]) -> None:
        """The seats are being taken here: nobody is offered them for a moment."""
        self._recent_of(hall.seat_map.event_id).young |= set_of(indexes, hall.size)

    def note_loss(self, event_id: UUID) -> None:
        """Somebody else was faster."""
        recent = self._recent_of(event_id)
        recent.losses = min(recent.losses + 1, LOSSES_MAX)

    def losses(self, event_id: UUID) -> int:
        """How often that happened here a moment ago, at most ``LOSSES_MAX``."""
        return self._recent_of(event_id).losses

    def _recent_of(self, event_id: UUID) -> "_Recent":
        now = self._runtime.clock.monotonic()
        recent = self._recent.get(event_id)
        if recent is None:
            recent = self._recent[event_id] = _Recent(now)
            if len(self._recent) > EVENTS_MAX:
                self._recent.popitem(last=False)
        recent.turn(now)
        self._recent.move_to_end(event_id)
        return recent

    async def _read(self, event_id: UUID) -> tuple[str, float]:
        async with self._runtime.database.latest() as reader:
            return await seats.read_states(reader, event_id), 0.0

    async def _read_kept(self, allotment_id: UUID) -> tuple[int, float]:
        async with self._runtime.database.latest() as reader:
            indexes = await seats.list_allotment_seats(reader, allotment_id)
        return set_of(indexes, indexes[-1] + 1 if indexes else 0), 0.0


class _Recent:
    """Two generations: what is noted is remembered for one to two times ``RECENT_SECONDS``."""

    __slots__ = ("looked_at", "losses", "old", "states", "turned_at", "young")

    def __init__(self, now: float) -> None:
        self.turned_at = now
        self.young = self.old = self.losses = 0
        self.states, self.looked_at = "", -math.inf

    def turn(self, now: float) -> None:
        passed = now - self.turned_at
        if passed >= RECENT_SECONDS:
            self.old = self.young if passed < 2 * RECENT_SECONDS else 0
            self.young = self.losses = 0
            self.turned_at = now


def _free(states: str, opened: int) -> int:
    free = read_flags(states.translate(_FREE))
    if opened:
        free |= read_flags(states.translate(_BLOCKED)) & opened
    return free
