"""Who is calling."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID


class Role(StrEnum):
    USER = "user"
    STAFF = "staff"
    ORGANIZER = "organizer"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Actor:
    """A signed-in person, as their access token says.

    ``generation`` counts the times that all of the person's tokens were revoked at once.
    """

    user_id: UUID
    role: Role
    generation: int = 0

    @property
    def is_crew(self) -> bool:
        """Staff and admins skip the waiting room."""
        return self.role in (Role.STAFF, Role.ADMIN)
