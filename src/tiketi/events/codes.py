"""Access codes: what opens a presale, a tier, or places kept back, to whoever has been told."""

import unicodedata
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import blake2b
from uuid import UUID

CODES_AN_EVENT_MAX = 5_000


class CodeFor(StrEnum):
    PRESALE = "presale"
    TIER = "tier"
    ALLOTMENT = "allotment"


@dataclass(frozen=True, slots=True)
class NewCode:
    """``subject_id`` is the tier or the allotment; None for the presale.

    ``uses_max`` counts orders; None is without limit.
    """

    code: str
    opens: CodeFor
    subject_id: UUID | None = None
    uses_max: int | None = None


@dataclass(frozen=True, slots=True)
class AccessCode:
    id: UUID
    code: str
    digest: bytes
    opens: CodeFor
    subject_id: UUID | None
    uses_max: int | None
    uses: int


@dataclass(frozen=True, slots=True)
class Presale:
    """From ``opens_at`` to the opening of the sale, who has one of the codes may buy."""

    opens_at: datetime
    codes: tuple[NewCode, ...]


def digest_of(event_id: UUID, code: str) -> bytes:
    """What a code is looked for by: its case does not count, nor how a keyboard composes it."""
    same = unicodedata.normalize("NFKC", code).strip().casefold()
    return blake2b(same.encode(), key=event_id.bytes, digest_size=16).digest()
