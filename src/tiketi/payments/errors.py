"""What may go wrong with a payment."""

from tiketi.kernel.errors import Kind, TiketiError, Unavailable


class PaymentFinal(TiketiError):
    code = "payment_final"
    kind = Kind.CONFLICT
    title = "This payment is over; start a new one"


class RefundExceedsCaptured(TiketiError):
    code = "refund_exceeds_captured"
    kind = Kind.CONFLICT
    title = "More than is left of the payment"


class RefundRefused(TiketiError):
    code = "refund_refused"
    kind = Kind.CONFLICT
    title = "The payment provider refused the refund"


class WebhookRefused(TiketiError):
    """Not signed by the provider, too old, too new, or not a webhook at all."""

    code = "webhook_refused"
    kind = Kind.MALFORMED
    title = "The webhook is not acceptable"


class ProviderAway(Unavailable):
    """The provider was not asked: its circuit is open, or another call is trying it out."""

    code = "provider_unavailable"
    title = "The payment provider is not answering; the hold stands, try again"


class AnswerLost(Unavailable):
    """The provider was asked, and nobody here knows what it did."""

    code = "provider_answer_lost"
    title = "The payment provider did not answer in time"
