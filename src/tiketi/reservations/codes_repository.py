"""Which limited access codes reservations count for."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader

_CODES = text("""
    SELECT unnest(access_code_ids) FROM reservations.reservation WHERE id = ANY(:ids)""")


async def list_code_ids(reader: Reader, ids: Sequence[UUID]) -> list[UUID]:
    """Each code as often as the reservations count for it."""
    return list((await reader.execute(_CODES, {"ids": list(ids)})).scalars())
