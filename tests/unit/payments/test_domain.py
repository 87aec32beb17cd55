from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from tiketi.kernel.ids import new_id
from tiketi.payments.domain import Payment, PaymentStatus, allowance_minor

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def payment(**changes) -> Payment:
    values = {
        "id": new_id(),
        "reservation_id": new_id(),
        "event_id": new_id(),
        "user_id": new_id(),
        "provider": "sandbox",
        "provider_payment_id": None,
        "status": PaymentStatus.SUCCEEDED,
        "amount_minor": 100,
        "currency": "KRW",
        "refunded_minor": 0,
        "client": {},
        "hold_expires_at": NOW,
        "failure_code": None,
        "return_url": None,
        "created_at": NOW,
        "updated_at": NOW,
        "confirming_until": None,
        "settled_at": NOW,
        "released_at": None,
        **changes,
    }
    return Payment(**values)


@given(
    amount=st.integers(0, 10**12),
    percent=st.integers(0, 100),
    asked=st.lists(st.integers(0, 10**12), max_size=8),
)
def test_whatever_is_asked_for_no_more_goes_back_than_the_share(amount, percent, asked):
    refunded = reserved = 0
    for one in asked:
        allowed = allowance_minor(
            payment(amount_minor=amount, refunded_minor=refunded), percent, reserved
        )
        assert 0 <= allowed <= amount
        if one <= allowed:
            reserved, refunded = (
                (reserved + one, refunded) if one % 2 else (reserved, refunded + one)
            )
    assert (refunded + reserved) * 100 <= amount * percent


def test_a_captured_payment_awaiting_its_refund_is_not_in_doubt():
    owed = payment(status=PaymentStatus.PROCESSING)
    assert (owed.is_owed_back, owed.is_in_doubt) == (True, False)
    asked = payment(status=PaymentStatus.PROCESSING, settled_at=None)
    assert (asked.is_owed_back, asked.is_in_doubt) == (False, True)


def test_a_confirmation_counts_as_under_way_until_its_lease_ends():
    lease = NOW + timedelta(seconds=8)
    asked = payment(status=PaymentStatus.PROCESSING, confirming_until=lease)
    assert asked.is_being_confirmed(NOW)
    assert not asked.is_being_confirmed(lease)
    assert not payment(confirming_until=lease).is_being_confirmed(NOW)
