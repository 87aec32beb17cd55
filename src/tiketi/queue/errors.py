"""What the waiting room refuses."""

from tiketi.kernel.errors import Kind, NotFound, TiketiError


class NotInQueue(NotFound):
    code = "not_in_queue"
    title = "You have no place in this queue"


class QueueModeFixed(TiketiError):
    """The draw was held: the line is in its order until a reset."""

    code = "queue_mode_fixed"
    kind = Kind.CONFLICT
    title = "The draw was held; only a reset undoes it"


class QueuePassRequired(TiketiError):
    """No pass, or one of another user, event or epoch, or one that has lapsed or was spent."""

    code = "queue_pass_required"
    kind = Kind.FORBIDDEN
    title = "A valid queue pass for this event is required"
