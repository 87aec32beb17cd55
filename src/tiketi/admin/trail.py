"""The audit trail: every change by the admin service, written in the change's transaction."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from sqlalchemy import text

from tiketi.admin.domain import AuditEntry
from tiketi.infra.postgres import Reader, Tx
from tiketi.kernel.actor import Actor
from tiketi.kernel.ids import new_id

_INSERT = text("""
    INSERT INTO admin.audit (id, at, actor_id, action, subject_id, detail)
    VALUES (:id, :at, :actor_id, :action, :subject_id, CAST(:detail AS jsonb))""")
_LIST = text("""
    SELECT id, at, actor_id, action, subject_id, detail FROM admin.audit
    WHERE (CAST(:before AS uuid) IS NULL OR id < :before)
        AND (CAST(:actor_id AS uuid) IS NULL OR actor_id = :actor_id)
        AND (CAST(:subject_id AS uuid) IS NULL OR subject_id = :subject_id)
        AND (CAST(:action AS text) IS NULL OR action = :action)
    ORDER BY id DESC LIMIT :limit""")


async def record(
    tx: Tx,
    actor: Actor | None,
    action: str,
    subject_id: UUID | None,
    *,
    now: datetime,
    detail: Mapping[str, Any] | None = None,
) -> None:
    """Note who did what to what. ``detail`` holds no personal data: the trail outlives people.

    ``actor`` None is the system itself, or whoever has its command line.
    """
    await tx.execute(
        _INSERT,
        {
            "id": new_id(),
            "at": now,
            "actor_id": actor.user_id if actor else None,
            "action": action,
            "subject_id": subject_id,
            "detail": orjson.dumps(dict(detail or {}), default=str).decode(),
        },
    )


async def list_entries(
    reader: Reader,
    *,
    before: UUID | None,
    actor_id: UUID | None,
    subject_id: UUID | None,
    action: str | None,
    limit: int,
) -> list[AuditEntry]:
    """Newest first, those before the given id."""
    rows = await reader.execute(
        _LIST,
        {
            "before": before,
            "actor_id": actor_id,
            "subject_id": subject_id,
            "action": action,
            "limit": limit,
        },
    )
    return [AuditEntry(**row) for row in rows.mappings()]
