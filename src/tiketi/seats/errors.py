"""What may go wrong with places, and with the layouts they come from."""

from tiketi.kernel.errors import Kind, TiketiError


class SeatTaken(TiketiError):
    """``seat_ids`` are those of the asked seats that somebody else has."""

    code = "seat_taken"
    kind = Kind.CONFLICT
    title = "Some of the seats are taken"

    def __init__(self, seat_ids: list[str]) -> None:
        super().__init__(seat_ids=sorted(seat_ids))


class SoldOut(TiketiError):
    code = "sold_out"
    kind = Kind.CONFLICT
    title = "Not enough places are left"


class NoSeatsTogether(TiketiError):
    code = "no_seats_together"
    kind = Kind.CONFLICT
    title = "No such group of seats is left"


class LockLost(TiketiError):
    code = "lock_lost"
    kind = Kind.CONFLICT
    title = "The lock has lapsed"


class LayoutInUse(TiketiError):
    code = "layout_in_use"
    kind = Kind.CONFLICT
    title = "An event was made from the layout"


class AllotmentNameTaken(TiketiError):
    code = "allotment_name_taken"
    kind = Kind.CONFLICT
    title = "The event has an allotment of that name"
