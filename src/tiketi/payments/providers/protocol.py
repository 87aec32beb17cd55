"""What a payment company is asked, and what it may answer.

Every call is idempotent by our own ids, so that one whose answer was lost is simply made again. An
adapter raises nothing for a declined charge, that is an answer; ``Invalid`` for details that no
charge can be made from; anything else means that nobody knows what happened.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol
from uuid import UUID


class ChargeStatus(StrEnum):
    CREATED = "created"  # nobody has confirmed it; nothing was captured
    REDIRECTED = "redirected"  # the buyer is to decide on the provider's page
    PROCESSING = "processing"
    CAPTURED = "captured"
    DECLINED = "declined"
    CANCELLED = "cancelled"  # nothing was captured, and nothing ever will be


FINAL = (ChargeStatus.CAPTURED, ChargeStatus.DECLINED, ChargeStatus.CANCELLED)


@dataclass(frozen=True, slots=True)
class Charge:
    """What a provider is to take. ``provider_payment_id`` is None until the provider gave one."""

    payment_id: UUID
    amount_minor: int
    currency: str
    return_url: str | None = None
    provider_payment_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChargeState:
    """The provider's word on a charge.

    ``client`` is what the buyer's page needs to go on: ``redirect_url`` where it has to leave.
    """

    status: ChargeStatus
    provider_payment_id: str
    amount_minor: int
    currency: str
    failure_code: str | None = None
    client: Mapping[str, Any] = field(default_factory=dict)


class WebhookKind(StrEnum):
    SUCCEEDED = "payment.succeeded"
    FAILED = "payment.failed"
    REFUNDED = "payment.refunded"
    CHANGED = "changed"  # something happened, and only asking tells what
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A message of the provider's. ``payment_id`` is ours, None if it names none.

    Anything but CHANGED was signed by the provider, and its ``id`` is the same when repeated.
    """

    id: str
    kind: WebhookKind
    payment_id: UUID | None
    amount_minor: int | None = None
    currency: str | None = None
    failure_code: str | None = None


class Provider(Protocol):
    @property
    def name(self) -> str: ...

    def check_details(self, charge: Charge, details: Mapping[str, Any]) -> None:
        """Invalid unless the charge can be confirmed with these details."""
        ...

    async def fingerprint(self, details: Mapping[str, Any]) -> str | None:
        """The same for the same card, whoever pays with it; None where that is not known before
        the money is taken.
        """
        ...

    def introduce(self, charge: Charge) -> ChargeState | None:
        """How the charge begins, where the company need not be asked for that; else None."""
        ...

    async def create(self, charge: Charge) -> ChargeState:
        """Make the charge known, by ``payment_id``; nothing is captured yet."""
        ...

    async def confirm(self, charge: Charge, details: Mapping[str, Any]) -> ChargeState:
        """Take the money; a charge that was confirmed before answers as it stands."""
        ...

    async def fetch(self, charge: Charge) -> ChargeState:
        """The charge as it stands."""
        ...

    async def cancel(self, charge: Charge) -> ChargeState:
        """Make sure that nothing will be captured; CAPTURED when that is too late."""
        ...

    async def refund(self, charge: Charge, refund_id: UUID, amount_minor: int) -> str | None:
        """Give back so much, once for each ``refund_id``: the provider's id, None if refused."""
        ...

    async def aclose(self) -> None:
        """Let go of connections."""
        ...

    async def parse_webhook(self, headers: Mapping[str, str], raw: bytes, now: datetime) -> Webhook:
        """What the provider says; WebhookRefused unless it is the provider who says it."""
        ...
