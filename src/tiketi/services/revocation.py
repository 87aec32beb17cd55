"""Whether an account has revoked its tokens: asked where ten minutes' grace is too long."""

from uuid import UUID

from tiketi.auth import api as auth
from tiketi.infra.lookups import Lookups
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor


async def is_revoked(runtime: Runtime, actor: Actor) -> bool:
    return await runtime.one(_generations).find(actor.user_id) != actor.generation


def _generations(runtime: Runtime) -> Lookups[UUID, int]:
    return Lookups("generations", runtime.database, auth.read_generations)
