"""Standing in line: joining, asking, leaving."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from tiketi.events.api import Event, EventCache, EventStatus, SaleNotOpen
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor
from tiketi.kernel.errors import Unavailable
from tiketi.queue import store
from tiketi.queue.domain import Board, Place, PlaceState, Proof, Standing
from tiketi.queue.drawing import hold_draw
from tiketi.queue.errors import NotInQueue
from tiketi.queue.estimate import POLL_SECONDS_MAX, Outlook
from tiketi.queue.line import Line, wait_standing
from tiketi.queue.lines import Lines
from tiketi.queue.metrics import ADMISSIONS, JOINS
from tiketi.queue.numbers import supply_numbers
from tiketi.queue.replies import DrawDue, NumbersUsedUp, RoomLost, Seen
from tiketi.queue.syncing import sync_room
from tiketi.queue.tokens import Receipt, Receipts, find_receipt, sign_pass, sign_receipt
from tiketi.queue.waiting import Waiting

# A join admits whose turn it is; the admitter does the rest, so nobody's join pays for hundreds.
ADMITTED_BY_JOIN_MAX = 50
# A lost room, its draw, its first numbers, then the place; once more if it is lost again meanwhile.
TRIES_MAX = 8
# No epoch has this number: such a pass stops counting when the queue is turned on.
_NO_EPOCH = 0


async def join_queue(
    runtime: Runtime, actor: Actor, event_id: UUID, *, receipt: str | None, now: datetime
) -> Standing:
    """Take a place at the end, or the one that one has or that the receipt restores.

    NotFound; SaleNotOpen once the sale is over. Staff and admins are admitted beside the line.
    """
    event = await runtime.one(EventCache).get(event_id)
    if not event.queue_enabled:
        _refuse_the_late(event, now)
        return _not_required(runtime, event, actor.user_id, now)
    line = await runtime.one(Lines).get(event_id)
    # A line's end is by the store's clock, as its opening is: processes may disagree.
    _refuse_the_late(event, line.board.as_of)
    proof = _restoring(find_receipt(runtime, receipt), actor.user_id, event_id)
    seen = await _join(runtime, actor, event_id, proof, line)
    seen = replace(seen, place=as_told(seen.place, seen.board, proof))
    JOINS.inc(seen.is_new)
    ADMISSIONS.inc(seen.admitted)
    if proof is not None and seen.is_new:
        # Restored: the number that they had meanwhile is left.
        runtime.one(Lines).forget(event_id)
    return _learn(runtime, event, actor.user_id, seen, run=line.board.run)


async def read_status(
    runtime: Runtime, actor: Actor, event_id: UUID, *, shown: Receipt | None, now: datetime
) -> Standing:
    """Where one stands; NotInQueue. The receipt ``shown`` is given back while it says the same.

    Who waits is told from the line that the process knows (waiting.py): the store is not asked.
    """
    event = await runtime.one(EventCache).get(event_id)
    if not event.queue_enabled:
        return _not_required(runtime, event, actor.user_id, now)
    waiting = runtime.one(Waiting)
    known = await waiting.find(event_id, actor.user_id, shown)
    if known is not None:
        place, outlook, given = known
        if given.proof.is_all_of(place, outlook.board):
            return wait_standing(outlook, place, given.text)
        standing, receipt = _sign(runtime, event, actor.user_id, place, outlook, shown=given)
        if receipt is not given:
            waiting.keep(event_id, actor.user_id, receipt)
        return standing
    run = runtime.one(Lines).find_run(event_id)
    seen = await _find_place(runtime, event_id, actor.user_id)
    if isinstance(seen, RoomLost) or seen.place.state is PlaceState.ABSENT:
        raise NotInQueue
    proof = shown.proof if shown else None
    seen = replace(seen, place=as_told(seen.place, seen.board, proof))
    return _learn(runtime, event, actor.user_id, seen, run=run, shown=shown)


async def leave_queue(runtime: Runtime, actor: Actor, event_id: UUID) -> None:
    """Give up the place and the pass; again is no error."""
    await store.leave(runtime.redis, event_id, actor.user_id)
    runtime.one(Waiting).forget(event_id, actor.user_id)


async def _find_place(runtime: Runtime, event_id: UUID, user_id: UUID) -> Seen | RoomLost:
    for _ in range(TRIES_MAX):
        seen = await store.read_place(runtime.redis, event_id, user_id)
        if not isinstance(seen, DrawDue):
            return seen
        await hold_draw(runtime, event_id, seen)
    raise Unavailable("The draw is being held.")


async def _join(
    runtime: Runtime, actor: Actor, event_id: UUID, proof: Proof | None, line: Line
) -> Seen:
    # Where nobody waited a moment ago the plain case is hardly there, and asking for it is in vain.
    if proof is None and not actor.is_crew and line.board.waiting > 0:
        new = await store.join_plain(runtime.redis, event_id, actor.user_id)
        if new is not None and (new.epoch, new.life, new.place.is_drawn) == line.data:
            return Seen(new.place, line.board, is_new=True, admitted=0)
    for _ in range(TRIES_MAX):
        seen: Seen | NumbersUsedUp | DrawDue | RoomLost
        if actor.is_crew:
            seen = await store.join_crew(runtime.redis, event_id, actor.user_id)
        else:
            seen = await store.join(
                runtime.redis, event_id, actor.user_id, proof, admit_max=ADMITTED_BY_JOIN_MAX
            )
        if isinstance(seen, RoomLost):
            await sync_room(runtime, event_id)
        elif isinstance(seen, NumbersUsedUp):
            await supply_numbers(runtime, event_id, seen)
        elif isinstance(seen, DrawDue):
            await hold_draw(runtime, event_id, seen)
        else:
            return seen
    raise Unavailable("The waiting room is being set up.")


def _refuse_the_late(event: Event, moment: datetime) -> None:
    if event.status(moment) in (EventStatus.ENDED, EventStatus.CANCELLED):
        raise SaleNotOpen


def _restoring(proof: Proof | None, user_id: UUID, event_id: UUID) -> Proof | None:
    """The proof if it may restore a place: the user's own here, and of a number."""
    if proof is None or (proof.user_id, proof.event_id) != (user_id, event_id):
        return None
    return proof if proof.number > 0 else None


def as_told(place: Place, board: Board, proof: Proof | None) -> Place:
    """The place, nobody further back than their receipt says they stood.

    Within a life of the data only a fail-over can have forgotten who went in or left before them.
    """
    if proof is None or proof.expires_at is not None or place.position is None:
        return place
    if (proof.epoch, proof.life, proof.number) != (board.epoch, board.life, place.given):
        return place
    return replace(place, gone=max(place.gone, proof.gone))


def _learn(
    runtime: Runtime,
    event: Event,
    user_id: UUID,
    seen: Seen,
    *,
    run: str,
    shown: Receipt | None = None,
) -> Standing:
    """The standing of what the store said; the process remembers who waits.

    ``run`` is the store's as it was known before it was asked: if it is another one by now, nobody
    takes the receipt for more than it proves.
    """
    board = seen.board
    if board.run != run:
        board = replace(board, run=run)
        runtime.one(Lines).note(event.id, board)
    waiting = runtime.one(Waiting)
    place = waiting.not_behind(event.id, user_id, seen.place, board)
    standing, receipt = _sign(runtime, event, user_id, place, Outlook(board), shown=shown)
    waiting.remember(event.id, user_id, place, board, receipt)
    return standing


def sign_standing(
    runtime: Runtime,
    event: Event,
    user_id: UUID,
    place: Place,
    *,
    board: Board,
    shown: Receipt | None = None,
) -> Standing:
    """The standing of a place that was read already, with its papers."""
    return _sign(runtime, event, user_id, place, Outlook(board), shown=shown)[0]


def _sign(
    runtime: Runtime,
    event: Event,
    user_id: UUID,
    place: Place,
    outlook: Outlook,
    *,
    shown: Receipt | None,
) -> tuple[Standing, Receipt]:
    board = outlook.board
    # What has expired proves nothing any more.
    counts = place.state is not PlaceState.EXPIRED
    proof = Proof(
        user_id=user_id,
        event_id=event.id,
        epoch=board.epoch,
        life=board.life,
        number=(place.given or 0) if counts else 0,
        gone=place.gone if counts else 0,
        expires_at=place.expires_at if counts else None,
        run=board.run,
    )
    receipt = runtime.one(Receipts).renew(
        shown, proof, number=place.number, sale_closes_at=event.sale_closes_at
    )
    if place.state is PlaceState.WAITING:
        return wait_standing(outlook, place, receipt.text), receipt
    pass_token = None
    if place.state is PlaceState.ADMITTED and place.expires_at is not None:
        pass_token = sign_pass(runtime, proof, expires_at=place.expires_at)
    return Standing(place, None, POLL_SECONDS_MAX, receipt.text, pass_token), receipt


def _not_required(runtime: Runtime, event: Event, user_id: UUID, now: datetime) -> Standing:
    expires_at = now + timedelta(seconds=runtime.settings.pass_ttl_seconds)
    proof = Proof(user_id, event.id, _NO_EPOCH, life=0, number=0, gone=0, expires_at=expires_at)
    return Standing(
        place=Place(PlaceState.NOT_REQUIRED, expires_at=expires_at),
        estimate=None,
        poll_after_seconds=POLL_SECONDS_MAX,
        receipt=sign_receipt(runtime, proof, sale_closes_at=event.sale_closes_at),
        pass_token=sign_pass(runtime, proof, expires_at=expires_at),
    )
