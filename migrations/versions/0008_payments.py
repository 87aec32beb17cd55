"""Payments, refunds, webhooks heard, and the sandbox provider's own books."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA payments")
    op.execute("""
        CREATE TABLE payments.payment (
            id uuid PRIMARY KEY,
            reservation_id uuid NOT NULL,
            event_id uuid NOT NULL,
            user_id uuid NOT NULL,
            provider text NOT NULL,
            provider_payment_id text,
            status text NOT NULL CHECK (status IN ('requires_action', 'processing', 'succeeded',
                'partially_refunded', 'refunded', 'failed', 'cancelled')),
            amount_minor bigint NOT NULL CHECK (amount_minor >= 0),
            currency text NOT NULL,
            refunded_minor bigint NOT NULL DEFAULT 0
                CHECK (refunded_minor BETWEEN 0 AND amount_minor),
            client jsonb NOT NULL DEFAULT '{}',
            failure_code text,
            return_url text,
            created_at timestamptz NOT NULL DEFAULT now(),
            updated_at timestamptz NOT NULL DEFAULT now(),
            check_at timestamptz,  -- when the reconciler asks the provider
            checks int NOT NULL DEFAULT 0,
            settled_at timestamptz
        ) WITH (fillfactor = 80)""")
    op.execute("""
        CREATE UNIQUE INDEX payment_live ON payments.payment (reservation_id)
        WHERE status IN ('requires_action', 'processing')""")
    op.execute("CREATE INDEX payment_reservation ON payments.payment (reservation_id)")
    op.execute("""
        CREATE UNIQUE INDEX payment_provider ON payments.payment (provider, provider_payment_id)""")
    op.execute("""
        CREATE INDEX payment_in_doubt ON payments.payment (check_at) WHERE check_at IS NOT NULL""")
    op.execute("""
        CREATE TABLE payments.refund (
            id uuid PRIMARY KEY,
            payment_id uuid NOT NULL REFERENCES payments.payment,
            amount_minor bigint NOT NULL CHECK (amount_minor > 0),
            reason text,
            status text NOT NULL CHECK (status IN ('pending', 'succeeded', 'failed')),
            requested_by uuid,  -- null: the system itself
            provider_refund_id text,
            created_at timestamptz NOT NULL DEFAULT now(),
            settled_at timestamptz
        )""")
    op.execute("CREATE INDEX refund_payment ON payments.refund (payment_id)")
    op.execute("""
        CREATE TABLE payments.webhook (
            provider text NOT NULL,
            webhook_id text NOT NULL,
            received_at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (provider, webhook_id)
        )""")
    op.execute("CREATE SCHEMA sandbox")
    op.execute("""
        CREATE TABLE sandbox.charge (
            id text PRIMARY KEY,
            payment_id uuid NOT NULL UNIQUE,
            amount_minor bigint NOT NULL,
            currency text NOT NULL,
            status text NOT NULL CHECK
                (status IN ('created', 'redirect', 'processing', 'captured', 'declined')),
            failure_code text,
            refunded_minor bigint NOT NULL DEFAULT 0,
            settles_at timestamptz,
            return_url text,
            created_at timestamptz NOT NULL DEFAULT now()
        )""")
    op.execute("""
        CREATE TABLE sandbox.refund (
            id text PRIMARY KEY,  -- our refund's id: asking twice refunds once
            charge_id text NOT NULL REFERENCES sandbox.charge,
            amount_minor bigint NOT NULL
        )""")
    op.execute("""
        CREATE TABLE sandbox.webhook (
            id text PRIMARY KEY,
            charge_id text NOT NULL,
            type text NOT NULL,
            due_at timestamptz NOT NULL,
            attempts int NOT NULL DEFAULT 0,
            sent_at timestamptz,
            given_up_at timestamptz
        )""")
    op.execute("""
        CREATE INDEX webhook_due ON sandbox.webhook (due_at)
        WHERE sent_at IS NULL AND given_up_at IS NULL""")
