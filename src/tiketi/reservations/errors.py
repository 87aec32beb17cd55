"""What may go wrong with a reservation."""

from tiketi.kernel.errors import Kind, TiketiError


class LimitExceeded(TiketiError):
    """Over the order's or the account's limit; ``limit`` is the one that was met."""

    code = "limit_exceeded"
    kind = Kind.CONFLICT
    title = "More places than one may have"

    def __init__(self, limit: int) -> None:
        super().__init__(limit=limit)


class AccessCodeRequired(TiketiError):
    """What is asked for is sold only with a code, and none that opens it came."""

    code = "access_code_required"
    kind = Kind.FORBIDDEN
    title = "A valid access code is required"


class AccessCodeUsedUp(TiketiError):
    code = "access_code_used_up"
    kind = Kind.CONFLICT
    title = "The access code has been used as often as it may be"


class ReservationExpired(TiketiError):
    code = "reservation_expired"
    kind = Kind.CONFLICT
    title = "The reservation has expired"


class ReservationCancelled(TiketiError):
    code = "reservation_cancelled"
    kind = Kind.CONFLICT
    title = "The reservation was cancelled"


class ReservationConfirmed(TiketiError):
    code = "reservation_confirmed"
    kind = Kind.CONFLICT
    title = "The reservation is already paid"


class NotConfirmed(TiketiError):
    code = "not_confirmed"
    kind = Kind.CONFLICT
    title = "The reservation is not confirmed"


class RefundNotAllowed(TiketiError):
    code = "refund_not_allowed"
    kind = Kind.CONFLICT
    title = "The event's policy does not allow a refund now"
