"""The statement that decides claims (migrations/functions/claim_batch.sql)."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from uuid import UUID

from asyncpg import Record
from sqlalchemy import text

from tiketi.infra.idempotency_store import Kept, Key
from tiketi.infra.postgres import Reader
from tiketi.reservations.domain import Reservation

_ARRAYS = (
    # a claim
    *("uuid[]", "text[]", "uuid[]", "uuid[]", "int[]", "int[]", "bigint[]", "text[]"),
    *("timestamptz[]", "timestamptz[]", "text[]", "text[]", "bytea[]", "bytea[]"),
    # an item
    *("int[]", "smallint[]", "int[]", "text[]", "text[]", "uuid[]", "bigint[]", "int[]"),
    # an opened allotment, a limited code, the life of a key, whether to gather
    *("int[]", "uuid[]", "int[]", "uuid[]", "interval", "boolean"),
)
_PLACES = ", ".join(f"${at}::{kind}" for at, kind in enumerate(_ARRAYS, 1))
_DECIDE = f"SELECT * FROM reservations.claim_batch({_PLACES})"  # noqa: S608 # our own list
_FIND_KEY = text("""
    SELECT answer, key_fingerprint FROM reservations.reservation
    WHERE user_id = :user_id AND key_path = :path AND key = :key
        AND created_at > now() - make_interval(secs => :ttl)""")


class Outcome(StrEnum):
    HELD = "held"
    REPLAYED = "replayed"
    TAKEN = "taken"
    SOLD_OUT = "sold_out"
    OVER_LIMIT = "over_limit"
    CODE_USED_UP = "code_used_up"
    AGAIN = "again"


@dataclass(slots=True)
class Claim:
    """A reservation to be, the account's limit at its event, and the key that asks for it; the
    allotments that it may take from, and the limited codes that it counts for.

    ``answer`` is what its client will read. ``gather`` once general places have to be taken from
    wherever there are any.
    """

    reservation: Reservation
    places_max: int
    key: Key | None
    answer: bytes
    opened: Sequence[UUID] = ()
    code_ids: Sequence[UUID] = ()
    gather: bool = field(default=False)


@dataclass(frozen=True, slots=True)
class Verdict:
    """``missing``: seat indexes that are another's. ``own``: a pending reservation of the account,
    where the claim was refused. ``kept``: what the key was answered before.
    """

    outcome: Outcome
    missing: Sequence[int] = ()
    own: UUID | None = None
    kept: Kept | None = None


async def decide(writer: Reader, claims: Sequence[Claim], *, key_ttl_seconds: int) -> list[Verdict]:
    """Decide all claims in one statement, in order; the writer commits it as it ends."""
    made = [claim.reservation for claim in claims]
    keys = [claim.key for claim in claims]
    items = [
        (number, position, item)
        for number, reservation in enumerate(made, 1)
        for position, item in enumerate(reservation.items)
    ]
    opened = [(number, each) for number, claim in enumerate(claims, 1) for each in claim.opened]
    codes = [(number, each) for number, claim in enumerate(claims, 1) for each in claim.code_ids]
    rows = await writer.fetch(
        _DECIDE,
        [each.id for each in made],
        [each.number for each in made],
        [each.event_id for each in made],
        [each.user_id for each in made],
        [each.places for each in made],
        [claim.places_max for claim in claims],
        [each.amount_minor for each in made],
        [each.currency for each in made],
        [each.expires_at for each in made],
        [each.created_at for each in made],
        [key.path if key else None for key in keys],
        [key.key if key else None for key in keys],
        [key.fingerprint if key else None for key in keys],
        [claim.answer for claim in claims],
        [number for number, _, _ in items],
        [position for _, position, _ in items],
        [item.seat_index for _, _, item in items],
        [item.seat_id for _, _, item in items],
        [item.section for _, _, item in items],
        [item.tier_id for _, _, item in items],
        [item.unit_price_minor for _, _, item in items],
        [item.quantity for _, _, item in items],
        [number for number, _ in opened],
        [allotment_id for _, allotment_id in opened],
        [number for number, _ in codes],
        [code_id for _, code_id in codes],
        timedelta(seconds=key_ttl_seconds),
        any(claim.gather for claim in claims),
    )
    found = {row["claim"]: row for row in rows}
    return [_verdict(found[number]) for number in range(1, len(claims) + 1)]


def _verdict(row: Record) -> Verdict:
    kept = None
    if row["status"] is not None:
        kept = Kept(row["status"], row["body"], row["fingerprint"])
    return Verdict(Outcome(row["outcome"]), row["missing"] or (), row["own"], kept)


async def find_key(reader: Reader, key: Key, ttl_seconds: int) -> Kept | None:
    """The answer that a reservation of that key was made with."""
    row = (
        await reader.execute(
            _FIND_KEY,
            {"user_id": key.user_id, "path": key.path, "key": key.key, "ttl": ttl_seconds},
        )
    ).first()
    return Kept(201, bytes(row.answer), bytes(row.key_fingerprint)) if row is not None else None
