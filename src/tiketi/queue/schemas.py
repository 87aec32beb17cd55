"""The waiting room on the wire."""

from typing import Literal
from uuid import UUID

from pydantic import ConfigDict, Field

from tiketi.infra.http.wire import Body, Moment, View
from tiketi.queue.api import Board, Draw, HeldBack

_HELD_BACK = (
    "sold_out: nobody is admitted until a seat returns; paused: nobody until the operator goes on; "
    "slowed: people are admitted slower, since holds or payments are slow"
)


class JoinBody(Body):
    receipt: str | None = Field(None, description="restores the place after a loss of the data")


class StandingView(View):
    """What describing.py tells."""

    # ``pass`` is a keyword of Python and a word of the contract.
    model_config = ConfigDict(serialize_by_alias=True)

    state: Literal["waiting", "admitted", "expired", "not_required"]
    number: int | None
    position: int | None
    ahead: int | None
    eta_seconds: int | None
    eta_range_seconds: tuple[int, int] | None
    poll_after_seconds: int
    receipt: str
    pass_: str | None = Field(
        None, serialization_alias="pass", exclude_if=lambda value: value is None
    )
    pass_expires_at: Moment | None = Field(None, exclude_if=lambda value: value is None)
    held_back: HeldBack | None = Field(
        None,
        description=f"only while waiting, and admission is held back: {_HELD_BACK}",
        exclude_if=lambda value: value is None,
    )


class DrawView(View):
    commitment: str = Field(description="SHA-256 of the key's bytes, in hex")
    key: str | None = Field(
        None,
        description="in hex, from the opening on; docs/draw.md says how it draws",
        exclude_if=lambda value: value is None,
    )
    entrants: int = Field(description="numbers given before the opening")

    @classmethod
    def of(cls, draw: Draw) -> "DrawView":
        key = None if draw.key is None else draw.key.hex()
        return cls(commitment=draw.commitment, key=key, entrants=draw.entrants)


class BoardView(View):
    event_id: UUID
    state: Literal["pre", "open", "paused", "closed"]
    epoch: int
    serving: int
    waiting: int
    admitted: int
    capacity: int
    rate_per_minute: int
    as_of: Moment
    draw: DrawView | None = Field(None, exclude_if=lambda value: value is None)
    held_back: HeldBack | None = Field(
        None,
        description=f"only while admission is held back: {_HELD_BACK}",
        exclude_if=lambda value: value is None,
    )

    @classmethod
    def of(cls, event_id: UUID, board: Board) -> "BoardView":
        return cls(
            event_id=event_id,
            state=board.state.value,
            epoch=board.epoch,
            serving=board.serving,
            waiting=board.waiting,
            admitted=board.admitted,
            capacity=board.capacity,
            rate_per_minute=board.rate_per_minute,
            as_of=board.as_of,
            draw=board.draw and DrawView.of(board.draw),
            held_back=board.held_back,
        )
