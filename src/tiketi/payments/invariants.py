"""What must hold of money and tickets, each as one query that counts what breaks it."""

from tiketi.infra.invariants import Invariant

# A refund in flight may part a reservation from its payment for a minute, no longer.
INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "a_confirmed_reservation_has_one_payment_of_its_amount",
        """
        SELECT count(*) FROM reservations.reservation AS r
        WHERE r.status = 'confirmed' AND 1 <> (
            SELECT count(*) FROM payments.payment AS p
            WHERE p.reservation_id = r.id AND p.status IN ('succeeded', 'partially_refunded')
                AND p.released_at IS NULL AND p.amount_minor = r.amount_minor
                AND p.currency = r.currency)""",
    ),
    Invariant(
        "a_successful_payment_has_its_confirmed_reservation",
        """
        SELECT count(*) FROM payments.payment AS p
        LEFT JOIN reservations.reservation AS r ON r.id = p.reservation_id
        WHERE p.status IN ('succeeded', 'partially_refunded') AND p.released_at IS NULL
            AND (r.status IS NULL OR (r.status <> 'confirmed'
                AND coalesce(r.ended_at, '-infinity') < now() - interval '60 seconds'))""",
    ),
    Invariant(
        "money_taken_too_late_goes_back_within_60_s",
        """
        SELECT count(*) FROM payments.payment AS p
        WHERE p.status = 'processing' AND p.settled_at < now() - interval '60 seconds'""",
    ),
    Invariant(
        "no_payment_in_doubt_over_an_hour_or_unasked_for_5_min",
        """
        SELECT count(*) FROM payments.payment AS p
        WHERE p.status = 'processing' AND p.settled_at IS NULL
            AND (p.created_at < now() - interval '1 hour' OR p.check_at IS NULL
                OR p.check_at < now() - interval '5 minutes')""",
    ),
    Invariant(
        "refunded_is_the_sum_of_refunds",
        """
        SELECT count(*) FROM payments.payment AS p
        LEFT JOIN (
            SELECT payment_id,
                sum(amount_minor) FILTER (WHERE status = 'succeeded') AS sent,
                sum(amount_minor) FILTER (WHERE status <> 'failed') AS begun
            FROM payments.refund GROUP BY payment_id) AS f ON f.payment_id = p.id
        WHERE p.refunded_minor <> coalesce(f.sent, 0) OR coalesce(f.begun, 0) > p.amount_minor""",
    ),
    Invariant(
        "no_refund_pending_over_an_hour",
        """
        SELECT count(*) FROM payments.refund AS f
        WHERE f.status = 'pending' AND f.created_at < now() - interval '1 hour'""",
    ),
)
