"""What may go wrong with waiting for places."""

from uuid import UUID

from tiketi.kernel.errors import Kind, TiketiError


class PlacesAvailable(TiketiError):
    """Nobody has to wait for what can be bought at once."""

    code = "places_available"
    kind = Kind.CONFLICT
    title = "There are places to be had now"


class AlreadyWaiting(TiketiError):
    """``entry_id`` is the account's own entry, for something else."""

    code = "already_waiting"
    kind = Kind.CONFLICT
    title = "One waits for something else at this event already"

    def __init__(self, entry_id: UUID) -> None:
        super().__init__(entry_id=str(entry_id))
