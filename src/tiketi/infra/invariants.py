"""A promise as one query: it counts the rows that break it."""

from dataclasses import dataclass

from sqlalchemy import text

from tiketi.infra.postgres import Reader


@dataclass(frozen=True, slots=True)
class Invariant:
    """``query`` answers one row with one integer, the number of violations."""

    name: str
    query: str

    async def violations(self, reader: Reader) -> int:
        count: int = (await reader.execute(text(self.query))).scalar_one()
        return count
