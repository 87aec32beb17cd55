"""The one door of the waiting room for other modules."""

from tiketi.infra.invariants import Invariant
from tiketi.queue.admitter import Admitter, count_over_capacity
from tiketi.queue.audience import AudienceRecorder
from tiketi.queue.audience_repository import count_joined
from tiketi.queue.boards import read_board, read_latest_board
from tiketi.queue.describing import describe_standing
from tiketi.queue.domain import (
    CAPACITY_MAX,
    PASS_TTL_SECONDS_MAX,
    PASS_TTL_SECONDS_MIN,
    RATE_PER_MINUTE_MAX,
    Board,
    BoardState,
    Draw,
    Estimate,
    HeldBack,
    Mode,
    Place,
    PlaceState,
    Standing,
    WaitingRoom,
    WaitingRoomSettings,
)
from tiketi.queue.errors import NotInQueue, QueueModeFixed, QueuePassRequired
from tiketi.queue.estimate import Outlook
from tiketi.queue.line import Line, rest_standing, wait_standing
from tiketi.queue.lines import Lines, read_places
from tiketi.queue.passes import require_pass, spend_pass
from tiketi.queue.permutation import commitment_of, draw_place, find_number
from tiketi.queue.places import as_told, join_queue, leave_queue, read_status, sign_standing
from tiketi.queue.pressure import measure_holds, measure_payments, report_pressure
from tiketi.queue.rooms import (
    close_room,
    configure,
    drop_room,
    find_notice,
    get_room,
    open_room,
    reset_room,
    set_notice,
)
from tiketi.queue.tokens import Receipt, read_claims

# What the waiting room promises is in Redis: ``count_over_capacity`` counts its violations.
INVARIANTS: tuple[Invariant, ...] = ()

__all__ = [
    "CAPACITY_MAX",
    "INVARIANTS",
    "PASS_TTL_SECONDS_MAX",
    "PASS_TTL_SECONDS_MIN",
    "RATE_PER_MINUTE_MAX",
    "Admitter",
    "AudienceRecorder",
    "Board",
    "BoardState",
    "Draw",
    "Estimate",
    "HeldBack",
    "Line",
    "Lines",
    "Mode",
    "NotInQueue",
    "Outlook",
    "Place",
    "PlaceState",
    "QueueModeFixed",
    "QueuePassRequired",
    "Receipt",
    "Standing",
    "WaitingRoom",
    "WaitingRoomSettings",
    "as_told",
    "close_room",
    "commitment_of",
    "configure",
    "count_joined",
    "count_over_capacity",
    "describe_standing",
    "draw_place",
    "drop_room",
    "find_notice",
    "find_number",
    "get_room",
    "join_queue",
    "leave_queue",
    "measure_holds",
    "measure_payments",
    "open_room",
    "read_board",
    "read_claims",
    "read_latest_board",
    "read_places",
    "read_status",
    "report_pressure",
    "require_pass",
    "reset_room",
    "rest_standing",
    "set_notice",
    "sign_standing",
    "spend_pass",
    "wait_standing",
]
