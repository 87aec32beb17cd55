"""Where a waiting person stands, said without asking the store.

A number is given once and its place computed from the line (line.py). So who asks again and again
costs the store nothing, however many they are: promise 4. The store is asked only when the line
says that the turn may have come or the number was left, when the data or the server's run is
another, or when nobody has shown or asked before which number it is.
"""

from collections import OrderedDict
from dataclasses import dataclass
from uuid import UUID

from tiketi.infra.runtime import Runtime
from tiketi.queue.domain import Board, Place, PlaceState, Proof
from tiketi.queue.estimate import Outlook
from tiketi.queue.line import Line
from tiketi.queue.lines import Lines
from tiketi.queue.permutation import draw_place
from tiketi.queue.tokens import Receipt

# Those who show no receipt; some 1 KB each.
REMEMBERED_MAX = 50_000


# Event and user. A UUID's own hash is computed in Python, its number's is not.
_Key = tuple[int, int]


@dataclass(slots=True)
class _Remembered:
    place: Place
    epoch: int
    life: int
    run: str
    receipt: Receipt


class Waiting:
    """The people whom this process has seen waiting, the last seen kept longest."""

    def __init__(self, runtime: Runtime) -> None:
        self._lines = runtime.one(Lines)
        self._people: OrderedDict[_Key, _Remembered] = OrderedDict()

    async def find(
        self, event_id: UUID, user_id: UUID, shown: Receipt | None
    ) -> tuple[Place, Outlook, Receipt] | None:
        """Place, what its moment's board says, the receipt last given; None: only the store knows.

        NotFound where the event has no waiting room.
        """
        line = await self._lines.get(event_id)
        if not line.board.run:
            return None
        key = event_id.int, user_id.int
        known = self._people.get(key)
        if known is not None:
            self._people.move_to_end(key)
        elif shown is not None:
            known = _read_receipt(shown, line)
        if known is None or known.place.number is None or not _is_of(known, line):
            return None
        if not line.still_waits(known.place.number):
            return None
        place = known.place = line.move(known.place)
        return place, line.outlook, known.receipt

    def not_behind(self, event_id: UUID, user_id: UUID, place: Place, board: Board) -> Place:
        """The place, no further back than this process has told: see ``Place.not_behind``."""
        known = self._people.get((event_id.int, user_id.int))
        if known is None or (known.epoch, known.life) != (board.epoch, board.life):
            return place
        return place.not_behind(known.place)

    def remember(
        self, event_id: UUID, user_id: UUID, place: Place, board: Board, receipt: Receipt
    ) -> None:
        """What the store said, under the run in which it was asked: the receipt's."""
        key = event_id.int, user_id.int
        self._people.pop(key, None)
        if place.state is not PlaceState.WAITING or not receipt.proof.run:
            return
        self._people[key] = _Remembered(place, board.epoch, board.life, receipt.proof.run, receipt)
        if len(self._people) > REMEMBERED_MAX:
            self._people.popitem(last=False)

    def keep(self, event_id: UUID, user_id: UUID, receipt: Receipt) -> None:
        """The receipt that was given last, to one who shows none."""
        known = self._people.get((event_id.int, user_id.int))
        if known is not None:
            known.receipt = receipt

    def forget(self, event_id: UUID, user_id: UUID) -> None:
        """They left; what they gave up counts for those behind them at once."""
        self._people.pop((event_id.int, user_id.int), None)
        self._lines.forget(event_id)


def _is_of(known: _Remembered, line: Line) -> bool:
    board = line.board
    return known.place.is_drawn == board.is_drawn and (known.epoch, known.life, known.run) == (
        board.epoch,
        board.life,
        board.run,
    )


def _read_receipt(shown: Receipt, line: Line) -> _Remembered | None:
    """The place that a receipt of somebody waiting proves."""
    proof: Proof = shown.proof
    if proof.number < 1 or proof.expires_at is not None:
        return None
    number, draw = proof.number, line.board.draw
    if draw is not None and draw.key is not None:
        number = draw_place(draw.key, draw.entrants, number)
    place = Place(
        PlaceState.WAITING,
        number=number,
        gone=proof.gone if line.board.is_drawn else 0,
        given=proof.number,
        is_drawn=line.board.is_drawn,
    )
    return _Remembered(place, proof.epoch, proof.life, proof.run, shown)
