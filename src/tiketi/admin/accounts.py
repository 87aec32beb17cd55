"""Use cases on accounts: who may do what."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from tiketi.admin.errors import OwnRole
from tiketi.admin.trail import record
from tiketi.auth import api as auth
from tiketi.auth.api import Account
from tiketi.infra.postgres import Reader, Tx
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.errors import Unauthenticated
from tiketi.kernel.ids import parse_id

# One change of a role at a time: two admins who demote each other must not both succeed.
_TURN = text("SELECT pg_advisory_xact_lock(7450613293)")


async def change_role(tx: Tx, actor: Actor, user_id: UUID, role: Role, *, now: datetime) -> Account:
    """Give an account a role; its access tokens that name the old one are refused at once.

    NotFound, OwnRole; Unauthenticated for an actor who was demoted just before.
    """
    if user_id == actor.user_id and role is not Role.ADMIN:
        raise OwnRole
    await tx.execute(_TURN)
    if not await auth.is_current(tx, actor):
        raise Unauthenticated("The access token was revoked.")
    before = await auth.get_account(tx, user_id)
    account = await auth.set_role(tx, user_id, role)
    detail = {"from": before.role, "to": role}
    await record(tx, actor, "account.role", user_id, now=now, detail=detail)
    return account


async def find_accounts(reader: Reader, query: str, *, limit: int) -> list[Account]:
    """The account of an id, or those whose address or name begins so, the oldest first."""
    user_id = parse_id(query)
    if user_id is not None:
        return list((await auth.find_accounts(reader, [user_id])).values())
    return await auth.search_accounts(reader, query, limit=limit)
