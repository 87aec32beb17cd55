"""Everybody's standing in one event, computed from one read of the line.

Whoever waits is moved on by arithmetic; only whose turn may have come, whose number was left, or
who belongs to another epoch or life of the data is looked up, in batches. Who has no place, or has
one that does not move, is looked up now and then, since joining elsewhere may give them one.

When a place that waited is gone (a reset, a loss of the store, or leaving from another device), its
owner is told once: ``queue.position`` with state ``expired`` and the receipt they had. Joining with
it restores the place after a loss and gives a new one otherwise.
"""

import asyncio
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from heapq import nsmallest

from tiketi.events.api import Event
from tiketi.infra.runtime import Runtime
from tiketi.live.connection import Connection
from tiketi.live.messages import Message, standing_message
from tiketi.queue import api as queue
from tiketi.queue.api import Place, PlaceState

LOOKS_AT_ONCE_MAX = 500  # people a script call
LOOKS_A_TICK_MAX = 5_000
IDLE_LOOKS_A_TICK_MAX = 200
IDLE_LOOK_SECONDS = 5.0  # between looks at one who does not wait
RESEND_SECONDS = 5.0  # a standing that waits is sent at least so often
SIGNED_A_TICK_MAX = 100  # receipts renewed on the way: a signature costs a thirtieth of a tick's ms
MOVED_AT_ONCE_MAX = 250  # then others have their turn on the loop
SIGNED_AT_ONCE_MAX = 20


@dataclass(slots=True)
class Spot:
    """What one connection was told. ``place`` None: none, as far as is known.

    ``receipt_position`` is the position that the receipt proves: at half of it another is signed.
    """

    receipt: str = ""
    receipt_position: int = 0
    place: Place | None = None
    epoch: int = 0
    life: int = 0
    run: str = ""
    sent_position: int | None = None
    sent_at: float = 0.0
    look_at: float = 0.0

    def is_of(self, board: queue.Board) -> bool:
        """Whether what is known of the place is said in numbers of this board."""
        is_drawn = self.place is None or self.place.is_drawn == board.is_drawn
        data = (self.epoch, self.life, self.run)
        return is_drawn and data == (board.epoch, board.life, board.run)


class Standings:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._spots: dict[Connection, Spot] = {}
        tick_seconds = runtime.settings.live_tick_seconds
        # Sent by the last tick before it would be late.
        self._resend_seconds = max(0.0, RESEND_SECONDS - 1.5 * tick_seconds)

    def add(self, connection: Connection) -> None:
        self._spots[connection] = Spot()

    def remove(self, connection: Connection) -> None:
        self._spots.pop(connection, None)

    async def welcome(self, event: Event, arrived: Sequence[Connection]) -> None:
        """Tell those who came where they stand."""
        if event.queue_enabled:
            await self._look(event, arrived)

    async def tick(self, event: Event) -> None:
        """Tell whoever's standing changed, and who has not heard for long."""
        if not event.queue_enabled:
            await self._open_the_doors(event)
            return
        line = await self._runtime.one(queue.Lines).renew(event.id)
        urgent, idle = await self._move_on(event, line)
        chosen = nsmallest(IDLE_LOOKS_A_TICK_MAX, idle, key=lambda pair: pair[1].look_at)
        await self._look(event, [*urgent[:LOOKS_A_TICK_MAX], *(who for who, _ in chosen)])

    async def _move_on(
        self, event: Event, line: queue.Line
    ) -> tuple[list[Connection], list[tuple[Connection, Spot]]]:
        """Move everybody who still waits; who has to be looked up, at once or when convenient."""
        outlook = line.outlook
        urgent: list[Connection] = []
        idle: list[tuple[Connection, Spot]] = []
        now, signed, most_signed = self._runtime.clock.monotonic(), 0, SIGNED_A_TICK_MAX
        # Computed first, then written: the clients wake once for many messages, not for each.
        told: list[tuple[Connection, Message]] = []
        for turn, (connection, spot) in enumerate(list(self._spots.items()), start=1):
            if turn % MOVED_AT_ONCE_MAX == 0:
                _post(told)
                await asyncio.sleep(0)
            place = spot.place
            if place is not None and _must_look(spot, place, line):
                urgent.append(connection)
            elif place is None or place.state is not PlaceState.WAITING or place.number is None:
                if now >= spot.look_at:
                    idle.append((connection, spot))
            else:
                spot.place = place = line.move(place)
                position = place.position
                halved = position is not None and 2 * position <= spot.receipt_position
                if halved and signed < most_signed:
                    signed += 1
                    self._sign(event, connection, spot, line.board)
                elif (message := self._news(spot, place, outlook, now)) is not None:
                    told.append((connection, message))
        _post(told)
        return urgent, idle

    async def _look(self, event: Event, connections: Sequence[Connection]) -> None:
        for batch in _batches(connections, LOOKS_AT_ONCE_MAX):
            user_ids = [connection.actor.user_id for connection in batch]
            reply = await queue.read_places(self._runtime, event.id, user_ids)
            if reply is None:
                return  # lost: the next tick's read of the line brings it back
            board, places = reply
            for turn, (connection, place) in enumerate(zip(batch, places, strict=True), start=1):
                spot = self._spots.get(connection)
                if spot is not None:
                    self._learn(event, connection, spot, place, board)
                if turn % SIGNED_AT_ONCE_MAX == 0:
                    await asyncio.sleep(0)

    def _learn(
        self,
        event: Event,
        connection: Connection,
        spot: Spot,
        place: Place,
        board: queue.Board,
    ) -> None:
        """Take in what the store says of a person, and tell them if it is news."""
        was, is_same_life = spot.place, spot.is_of(board)
        place = queue.as_told(place, board, connection.shown.proof if connection.shown else None)
        if was is not None and (spot.epoch, spot.life) == (board.epoch, board.life):
            # Also by another run of the server, which may have forgotten who went in.
            place = place.not_behind(was)
        spot.look_at = self._runtime.clock.monotonic() + IDLE_LOOK_SECONDS
        if place.state is PlaceState.ABSENT:
            spot.place = None
            if was is not None and _is_lost(was, same_life=is_same_life):
                self._send(connection, spot, queue.rest_standing(spot.receipt))
            return
        spot.place = place
        spot.epoch, spot.life, spot.run = board.epoch, board.life, board.run
        if not is_same_life or _is_news(was, place):
            self._sign(event, connection, spot, board)
        elif place.state is PlaceState.WAITING:
            now = self._runtime.clock.monotonic()
            message = self._news(spot, place, queue.Outlook(board), now)
            if message is not None:
                connection.post(message)

    def _news(self, spot: Spot, place: Place, outlook: queue.Outlook, now: float) -> Message | None:
        """The standing of one who waits, if the line moved or they have not heard for long."""
        position = place.position
        if position == spot.sent_position and now - spot.sent_at < self._resend_seconds:
            return None
        spot.sent_position, spot.sent_at = position, now
        return standing_message(queue.wait_standing(outlook, place, spot.receipt))

    def _sign(self, event: Event, connection: Connection, spot: Spot, board: queue.Board) -> None:
        assert spot.place is not None
        standing = queue.sign_standing(
            self._runtime,
            event,
            connection.actor.user_id,
            spot.place,
            board=board,
            shown=connection.shown,
        )
        spot.receipt, spot.receipt_position = standing.receipt, spot.place.position or 0
        self._send(connection, spot, standing)

    def _send(self, connection: Connection, spot: Spot, standing: queue.Standing) -> None:
        spot.sent_position = standing.place.position
        spot.sent_at = self._runtime.clock.monotonic()
        connection.post(standing_message(standing))

    async def _open_the_doors(self, event: Event) -> None:
        """The queue was turned off: who waited gets the pass that nobody needs to wait for."""
        waiting = [
            (connection, spot)
            for connection, spot in self._spots.items()
            if spot.place is not None and spot.place.state is PlaceState.WAITING
        ]
        for connection, spot in waiting[:SIGNED_A_TICK_MAX]:
            standing = await queue.read_status(
                self._runtime,
                connection.actor,
                event.id,
                shown=None,
                now=self._runtime.clock.now(),
            )
            spot.place, spot.receipt = standing.place, standing.receipt
            self._send(connection, spot, standing)


def _post(told: list[tuple[Connection, Message]]) -> None:
    for connection, message in told:
        connection.post(message)
    told.clear()


def _must_look(spot: Spot, place: Place, line: queue.Line) -> bool:
    """Whether arithmetic cannot say where this person stands."""
    if place.state is PlaceState.WAITING:
        return (
            not spot.is_of(line.board) or place.number is None or not line.still_waits(place.number)
        )
    if place.state is PlaceState.ADMITTED and place.expires_at is not None:
        return not spot.is_of(line.board) or place.expires_at <= line.board.as_of
    return False


def _is_lost(was: Place, *, same_life: bool) -> bool:
    """Whether a place that is no more was taken away: a pass that was spent or left was not."""
    if was.state is PlaceState.ADMITTED:
        return not same_life
    return was.state is PlaceState.WAITING


def _is_news(was: Place | None, place: Place) -> bool:
    """Whether the papers change: another state, number or pass."""
    if was is None:
        return True
    before = (was.state, was.number, was.expires_at)
    return before != (place.state, place.number, place.expires_at)


def _batches(connections: Sequence[Connection], at_once_max: int) -> Iterable[Sequence[Connection]]:
    for start in range(0, len(connections), at_once_max):
        yield connections[start : start + at_once_max]
