"""The two signed papers of the room: the receipt proves a place, the pass opens the sale."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from tiketi.infra.http.identity import RECEIPT_AUDIENCE, RECEIPT_TYPE
from tiketi.infra.runtime import Runtime
from tiketi.infra.tokens import BadToken
from tiketi.queue.domain import Proof

PASS_TYPE = "queue-pass+jwt"  # noqa: S105 # a token's type, not a secret
PASS_AUDIENCE = "tiketi-reservation"  # noqa: S105 # whom a pass is for
RECEIPT_OUTLIVES_SALE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A receipt whose signature was verified, as its owner has it."""

    text: str
    proof: Proof


def sign_receipt(runtime: Runtime, proof: Proof, *, sale_closes_at: datetime) -> str:
    now = runtime.clock.now()
    return runtime.keys.sign(
        _claims(proof),
        typ=RECEIPT_TYPE,
        audience=RECEIPT_AUDIENCE,
        issued_at=now,
        expires_at=max(now, sale_closes_at) + RECEIPT_OUTLIVES_SALE,
    )


def sign_pass(runtime: Runtime, proof: Proof, *, expires_at: datetime) -> str:
    """A token's expiry has whole seconds: it is rounded up, and the store knows the exact one."""
    return runtime.keys.sign(
        _claims(proof),
        typ=PASS_TYPE,
        audience=PASS_AUDIENCE,
        issued_at=runtime.clock.now(),
        expires_at=expires_at + timedelta(microseconds=999_999),
    )


def find_receipt(runtime: Runtime, token: str | None) -> Proof | None:
    """What the receipt proves; None for one that is not ours, or has lapsed."""
    return _find(runtime, token, typ=RECEIPT_TYPE, audience=RECEIPT_AUDIENCE)


def find_pass(runtime: Runtime, token: str | None) -> Proof | None:
    """What the pass proves; None for one that is not ours, or has lapsed."""
    return _find(runtime, token, typ=PASS_TYPE, audience=PASS_AUDIENCE)


def _find(runtime: Runtime, token: str | None, *, typ: str, audience: str) -> Proof | None:
    if token is None:
        return None
    try:
        claims = runtime.keys.verify(token, typ=typ, audience=audience, now=runtime.clock.now())
    except BadToken:
        return None
    return read_claims(claims)


def read_claims(claims: dict[str, Any]) -> Proof | None:
    """The claims of a verified token of ours; None for what no version of ours has signed."""
    try:
        until = claims["until"]
        return Proof(
            user_id=UUID(claims["sub"]),
            event_id=UUID(claims["event"]),
            epoch=int(claims["epoch"]),
            life=int(claims["life"]),
            number=int(claims["number"]),
            gone=int(claims["gone"]),
            expires_at=None if until is None else datetime.fromisoformat(until),
        )
    except (KeyError, ValueError, TypeError):
        return None


def _claims(proof: Proof) -> dict[str, Any]:
    return {
        "sub": str(proof.user_id),
        "event": str(proof.event_id),
        "epoch": proof.epoch,
        "life": proof.life,
        "number": proof.number,
        "gone": proof.gone,
        "until": None if proof.expires_at is None else proof.expires_at.isoformat(),
    }
