"""Calls on accounts, and the audit trail."""

from typing import Any
from uuid import UUID

from tiketi.admin.accounts import change_role, find_accounts
from tiketi.admin.errors import OwnRole
from tiketi.admin.routes.table import routes
from tiketi.admin.schemas.accounts import (
    AccountsQuery,
    AccountView,
    AuditQuery,
    AuditView,
    RoleBody,
)
from tiketi.admin.trail import list_entries
from tiketi.auth import api as auth
from tiketi.infra.http.call import Call
from tiketi.infra.http.routes import Access
from tiketi.infra.http.wire import Page, decode_cursor, encode_cursor


async def _exists(call: Call[Any, Any]) -> None:
    async with call.runtime.database.latest() as reader:
        await auth.get_account(reader, call.path_id("user_id"))


@routes.get("/users", access=Access.ADMIN, query=AccountsQuery, answer=Page[AccountView])
async def list_accounts(call: Call[None, AccountsQuery]) -> Page[AccountView]:
    """Accounts by id, or by how their e-mail address or name begins; the first ones only."""
    async with call.runtime.database.latest() as reader:
        found = await find_accounts(reader, call.query.q.strip(), limit=call.query.limit)
    return Page(items=[AccountView.of(account) for account in found], next_cursor=None)


@routes.put(
    "/users/{user_id}/role",
    access=Access.ADMIN,
    body=RoleBody,
    answer=AccountView,
    guard=_exists,
    errors=(OwnRole,),
)
async def set_role(call: Call[RoleBody, None]) -> AccountView:
    """Give an account a role. Its access tokens are refused at once; a refresh brings new ones."""
    async with call.runtime.database.transaction() as tx:
        account = await change_role(
            tx, call.actor, call.path_id("user_id"), call.body.role, now=call.now
        )
    return AccountView.of(account)


@routes.get("/audit", access=Access.ADMIN, query=AuditQuery, answer=Page[AuditView])
async def list_audit(call: Call[None, AuditQuery]) -> Page[AuditView]:
    """What was changed by whom, the newest first."""
    query = call.query
    before = None if query.cursor is None else decode_cursor(query.cursor, UUID)[0]
    async with call.runtime.database.latest() as reader:
        found = await list_entries(
            reader,
            before=before if isinstance(before, UUID) else None,
            actor_id=query.actor_id,
            subject_id=query.subject_id,
            action=query.action,
            limit=query.limit + 1,
        )
        shown = found[: query.limit]
        actors = await auth.find_accounts(
            reader, [entry.actor_id for entry in shown if entry.actor_id is not None]
        )
    return Page(
        items=[AuditView.of(entry, actors) for entry in shown],
        next_cursor=encode_cursor(shown[-1].id) if len(found) > query.limit else None,
    )
