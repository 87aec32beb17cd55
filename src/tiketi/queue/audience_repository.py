"""The numbers that were given, in PostgreSQL: they outlive the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import text

from tiketi.infra.postgres import Reader, Tx

# Only of the life that reserved numbers last, so that where it began is known; the count never
# falls, whatever a fail-over took from the store.
_RECORD = text("""
    INSERT INTO queue.audience AS a
        (event_id, epoch, life, numbers_from, numbers_last, recorded_at)
    SELECT r.event_id, r.epoch, r.numbers_life, r.numbers_life_from, given.last, :now
    FROM unnest(CAST(:event_ids AS uuid[]), CAST(:epochs AS int[]), CAST(:lives AS bigint[]),
        CAST(:lasts AS bigint[])) AS given (event_id, epoch, life, last)
    JOIN queue.waiting_room AS r ON r.event_id = given.event_id AND r.epoch = given.epoch
        AND r.numbers_life = given.life AND r.numbers_life_from < given.last
    ORDER BY r.event_id
    ON CONFLICT (event_id, epoch, life) DO UPDATE
    SET numbers_last = excluded.numbers_last, recorded_at = excluded.recorded_at
    WHERE a.numbers_last < excluded.numbers_last""")
# After a reset the same people join anew: the largest epoch counts, not the sum of them.
_COUNT = text("""
    SELECT event_id, max(people)::bigint AS people
    FROM (
        SELECT event_id, sum(numbers_last - numbers_from) AS people
        FROM queue.audience WHERE event_id = ANY(:event_ids) GROUP BY event_id, epoch
    ) AS of_epoch
    GROUP BY event_id""")


@dataclass(frozen=True, slots=True)
class NumbersGiven:
    """``last``: the highest number that this life of the data has given."""

    event_id: UUID
    epoch: int
    life: int
    last: int


async def record_given(tx: Tx, given: Sequence[NumbersGiven], now: datetime) -> None:
    """Keep the highest of each; what was recorded higher stays."""
    await tx.execute(
        _RECORD,
        {
            "event_ids": [one.event_id for one in given],
            "epochs": [one.epoch for one in given],
            "lives": [one.life for one in given],
            "lasts": [one.last for one in given],
            "now": now,
        },
    )


async def count_joined(reader: Reader, event_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How many numbers were given, by event; an event without a record is left out."""
    rows = await reader.execute(_COUNT, {"event_ids": list(event_ids)})
    return {row.event_id: row.people for row in rows}
