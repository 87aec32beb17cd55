"""Whether an account has revoked its tokens: asked where ten minutes' grace is too long."""

from tiketi.auth import api as auth
from tiketi.infra.runtime import Runtime
from tiketi.kernel.actor import Actor


async def is_revoked(runtime: Runtime, actor: Actor) -> bool:
    async with runtime.database.latest() as reader:
        return not await auth.is_current(reader, actor)
