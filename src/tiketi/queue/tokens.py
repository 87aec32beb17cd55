"""The two signed papers of the room: the receipt proves a place, the pass opens the sale."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from tiketi.infra.http.identity import RECEIPT_AUDIENCE, RECEIPT_TYPE
from tiketi.infra.runtime import Runtime
from tiketi.infra.tokens import BadToken
from tiketi.queue.domain import Proof

PASS_TYPE = "queue-pass+jwt"  # noqa: S105 # a token's type, not a secret
PASS_AUDIENCE = "tiketi-reservation"  # noqa: S105 # whom a pass is for
_BEFORE_ANY_EXPIRY = datetime(1970, 1, 1, tzinfo=UTC)
RECEIPT_OUTLIVES_SALE = timedelta(days=1)
# A signature costs some 60 µs: a sixteenth of a process's time.
SIGNED_A_SECOND_MAX = 1_000


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


class Receipts:
    """Receipts as one process gives them out, so many new ones a second at most.

    With every step of the line a receipt proves a little less than the standing beside it. A new
    one costs a signature, so while many ask, the older one serves to half of what it proves: then
    a loss of the store costs its owner what was gone ahead of them since.
    """

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._second = 0
        self._signed = 0

    def renew(
        self,
        shown: Receipt | None,
        proof: Proof,
        *,
        number: int | None,
        sale_closes_at: datetime,
    ) -> Receipt:
        """The receipt of the proof, or the one shown if that still does.

        ``number`` is the place in line, which after a draw is not the proof's.
        """
        if shown is not None and shown.proof == proof:
            return shown
        second = int(self._runtime.clock.monotonic())
        if second != self._second:
            self._second, self._signed = second, 0
        is_busy = self._signed >= SIGNED_A_SECOND_MAX
        if shown is not None and is_busy and _serves(shown.proof, proof, number):
            return shown
        self._signed += 1
        return Receipt(sign_receipt(self._runtime, proof, sale_closes_at=sale_closes_at), proof)


def _serves(shown: Proof, proof: Proof, number: int | None) -> bool:
    if number is None or proof.expires_at is not None or replace(shown, gone=proof.gone) != proof:
        return False
    return 2 * (number - proof.gone) > number - shown.gone


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
    now = runtime.clock.now()
    return _find(runtime, token, typ=RECEIPT_TYPE, audience=RECEIPT_AUDIENCE, now=now)


def find_pass(runtime: Runtime, token: str | None) -> Proof | None:
    """What the pass proves; None for one that is not ours. ``expires_at`` may be past: the store,
    whose clock it is by, knows.
    """
    return _find(runtime, token, typ=PASS_TYPE, audience=PASS_AUDIENCE, now=_BEFORE_ANY_EXPIRY)


def _find(
    runtime: Runtime, token: str | None, *, typ: str, audience: str, now: datetime
) -> Proof | None:
    if token is None:
        return None
    try:
        claims = runtime.keys.verify(token, typ=typ, audience=audience, now=now)
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
            run=str(claims.get("run", "")),
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
        "run": proof.run,
    }
