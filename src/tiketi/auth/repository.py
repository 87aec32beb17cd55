"""All the SQL of accounts and sessions."""

from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader

_IS_CURRENT = text("""
    SELECT EXISTS (
        SELECT FROM auth.account
        WHERE id = :id AND erased_at IS NULL AND generation = :generation)""")


async def is_generation_current(reader: Reader, user_id: UUID, generation: int) -> bool:
    row = await reader.execute(_IS_CURRENT, {"id": user_id, "generation": generation})
    current: bool = row.scalar_one()
    return current
