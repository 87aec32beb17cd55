"""Use cases on access codes, and the codes as one process remembers them."""

from collections.abc import Sequence
from uuid import UUID

from tiketi.events import codes_repository as repository
from tiketi.events.codes import (
    CODES_AN_EVENT_MAX,
    AccessCode,
    CodeFor,
    NewCode,
    Presale,
    digest_of,
)
from tiketi.infra.cache import AgingCache
from tiketi.infra.postgres import Reader, Tx
from tiketi.infra.runtime import Runtime
from tiketi.kernel.errors import Invalid

# As the event itself is remembered.
FRESH_SECONDS = 0.5
STALE_SECONDS = 600.0
CACHED_CODES_MAX = 50_000


class AccessCodes:
    """The codes of events as one process remembers them, found by digest: the time that it takes
    to find none says nothing of those there are.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._cache: AgingCache[UUID, dict[bytes, list[AccessCode]]] = AgingCache(
            runtime,
            self._load,
            fresh_seconds=FRESH_SECONDS,
            stale_seconds=STALE_SECONDS,
            weight_max=CACHED_CODES_MAX,
            weigh=lambda codes: 1 + len(codes),
        )

    async def find(self, event_id: UUID, code: str) -> Sequence[AccessCode]:
        """All that the code opens at the event; none for a wrong one."""
        known = await self._cache.value(event_id)
        return known.get(digest_of(event_id, code), ())

    def forget_after(self, tx: Tx, event_id: UUID) -> None:
        """Who changed the codes sees the change at once."""

        async def forget() -> None:
            self._cache.forget(event_id)

        tx.after_commit(forget)

    async def _load(self, event_id: UUID) -> tuple[dict[bytes, list[AccessCode]], float]:
        async with self._runtime.database.reader() as reader:
            codes = await repository.list_codes(reader, event_id)
        found: dict[bytes, list[AccessCode]] = {}
        for code in codes:
            found.setdefault(code.digest, []).append(code)
        return found, 0.0


async def list_codes(
    reader: Reader, event_id: UUID, opens: CodeFor | None = None, subject_id: UUID | None = None
) -> list[AccessCode]:
    """In the order of their making: the event's codes, those of one kind, of one subject."""
    return [
        code
        for code in await repository.list_codes(reader, event_id)
        if opens in (None, code.opens) and subject_id in (None, code.subject_id)
    ]


async def add_codes(tx: Tx, event_id: UUID, codes: Sequence[NewCode]) -> None:
    """Invalid when the event would have too many."""
    if len(codes) + await repository.count_codes(tx, event_id) > CODES_AN_EVENT_MAX:
        raise Invalid.at(("body",), f"an event has at most {CODES_AN_EVENT_MAX} access codes")
    digests = [digest_of(event_id, each.code) for each in codes]
    await repository.insert_codes(tx, event_id, codes, digests)


async def drop_codes(
    tx: Tx, event_id: UUID, opens: CodeFor, subject_id: UUID | None = None
) -> None:
    """Those of one kind, of one subject if it is named."""
    await repository.delete_codes(tx, event_id, opens, subject_id)


async def set_presale(tx: Tx, event_id: UUID, presale: Presale | None) -> None:
    """The presale anew, or none. A code that stays keeps its count."""
    codes = presale.codes if presale else ()
    kept = [digest_of(event_id, each.code) for each in codes]
    if len(set(kept)) < len(kept):
        raise Invalid.at(("body", "presale", "codes"), "has a code twice")
    await repository.set_presale_opens(tx, event_id, presale.opens_at if presale else None)
    await repository.delete_codes(tx, event_id, CodeFor.PRESALE, None, but=kept)
    await add_codes(tx, event_id, codes)


async def give_back_uses(tx: Tx, code_ids: Sequence[UUID]) -> None:
    """One use of each, as often as it is named: the orders made with them have ended."""
    if code_ids:
        await repository.count_uses(tx, code_ids, change=-1)


async def take_uses(tx: Tx, code_ids: Sequence[UUID]) -> bool:
    """One use of each; False, and the caller must roll back, when one is used up or gone."""
    if not code_ids:
        return True
    return await repository.count_uses(tx, code_ids, change=1) == len(set(code_ids))
