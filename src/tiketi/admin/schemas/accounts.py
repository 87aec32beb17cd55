"""Accounts and the audit trail on the wire."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from tiketi.admin.domain import AuditEntry
from tiketi.auth.api import EMAIL_CHARACTERS_MAX, SEARCH_MAX, Account
from tiketi.infra.http.wire import LIMIT_DEFAULT, Body, Moment, PageQuery, Query, View
from tiketi.kernel.actor import Role

ACTION_CHARACTERS_MAX = 64


class RoleBody(Body):
    role: Role


class AccountsQuery(Query):
    q: Annotated[str, Field(max_length=EMAIL_CHARACTERS_MAX)] = Field(
        "", description="An id, or how an e-mail address or a name begins."
    )
    limit: int = Field(LIMIT_DEFAULT, ge=1, le=SEARCH_MAX)


class AccountView(View):
    id: UUID
    email: str
    name: str
    phone: str | None
    role: Role
    created_at: Moment

    @classmethod
    def of(cls, account: Account) -> "AccountView":
        return cls(
            id=account.id,
            email=account.email,
            name=account.name,
            phone=account.phone,
            role=account.role,
            created_at=account.created_at,
        )


class AuditQuery(PageQuery):
    actor_id: UUID | None = None
    subject_id: UUID | None = None
    action: Annotated[str, Field(max_length=ACTION_CHARACTERS_MAX)] | None = None


class AuditView(View):
    """``actor_id`` null: the system itself. ``actor_email`` null: that, or an erased account."""

    id: UUID
    at: Moment
    actor_id: UUID | None
    actor_email: str | None
    action: str
    subject_id: UUID | None
    detail: dict[str, Any]

    @classmethod
    def of(cls, entry: AuditEntry, actors: Mapping[UUID, Account]) -> "AuditView":
        actor = None if entry.actor_id is None else actors.get(entry.actor_id)
        return cls(
            id=entry.id,
            at=entry.at,
            actor_id=entry.actor_id,
            actor_email=actor.email if actor else None,
            action=entry.action,
            subject_id=entry.subject_id,
            detail=dict(entry.detail),
        )
