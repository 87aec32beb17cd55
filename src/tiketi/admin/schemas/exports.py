"""What an export is asked for."""

from uuid import UUID

from pydantic import Field

from tiketi.infra.http.wire import Query


class ExportQuery(Query):
    event_id: UUID | None = Field(None, description="Unset: every event that one may see.")
