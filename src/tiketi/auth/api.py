"""The one door to accounts for other modules."""

from tiketi.auth.repository import is_generation_current
from tiketi.infra.postgres import Reader
from tiketi.kernel.actor import Actor


async def is_current(reader: Reader, actor: Actor) -> bool:
    """Whether the account stands and has revoked no tokens since this one was issued."""
    return await is_generation_current(reader, actor.user_id, actor.generation)
