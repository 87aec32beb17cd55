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
            hold_expires_at timestamptz NOT NULL,
            failure_code text,
            return_url text,
            created_at timestamptz NOT NULL,
            updated_at timestamptz NOT NULL,
            confirming_until timestamptz,  -- so long a request may be asking the provider
            check_at timestamptz,  -- when the reconciler asks the provider
            checks int NOT NULL DEFAULT 0,
            settled_at timestamptz,  -- when the provider's last word was written down
            released_at timestamptz  -- the tickets went back; what is left of the money is kept
        ) WITH (fillfactor = 80)""")
    # One that was captured too late is settled, though processing until its refund is through.
    op.execute("""
        CREATE UNIQUE INDEX payment_live ON payments.payment (reservation_id)
        WHERE status IN ('requires_action', 'processing') AND settled_at IS NULL""")
    op.execute("CREATE INDEX payment_event ON payments.payment (event_id, id)")
    op.execute("""
        CREATE INDEX payment_paid ON payments.payment (event_id, id)
        WHERE status IN ('succeeded', 'partially_refunded') AND released_at IS NULL""")
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
            request_key text NOT NULL,  -- asking again is the same refund
            releases boolean NOT NULL,  -- the tickets go back with it
            provider_refund_id text,
            created_at timestamptz NOT NULL,
            check_at timestamptz,  -- when the provider is asked, once more or at last
            checks int NOT NULL DEFAULT 0,
            settled_at timestamptz,
            UNIQUE (payment_id, request_key)
        )""")
    op.execute("""
        CREATE INDEX refund_due ON payments.refund (check_at) WHERE check_at IS NOT NULL""")
    op.execute("""
        CREATE TABLE payments.webhook (
            provider text NOT NULL,
            webhook_id text NOT NULL,
            received_at timestamptz NOT NULL,
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
                (status IN ('created', 'redirect', 'processing', 'captured', 'declined',
                    'cancelled')),
            failure_code text,
            refunded_minor bigint NOT NULL DEFAULT 0
                CHECK (refunded_minor BETWEEN 0 AND amount_minor),
            settles_at timestamptz,
            return_url text,
            created_at timestamptz NOT NULL
        ) WITH (fillfactor = 80)""")
    op.execute("""
        CREATE INDEX charge_settles ON sandbox.charge (settles_at)
        WHERE settles_at IS NOT NULL""")
    op.execute("""
        CREATE TABLE sandbox.refund (
            id uuid PRIMARY KEY,  -- the shop's own: asking twice refunds once
            charge_id text NOT NULL REFERENCES sandbox.charge,
            amount_minor bigint NOT NULL
        )""")
    op.execute("""
        CREATE TABLE sandbox.webhook (
            id text PRIMARY KEY,
            charge_id text NOT NULL REFERENCES sandbox.charge,
            type text NOT NULL,
            amount_minor bigint NOT NULL,
            is_echo boolean NOT NULL,  -- the shop had the same news as an answer
            created_at timestamptz NOT NULL,
            due_at timestamptz NOT NULL,
            attempts int NOT NULL DEFAULT 0,
            sent_at timestamptz,
            given_up_at timestamptz
        ) WITH (fillfactor = 80)""")
    op.execute("""
        CREATE INDEX webhook_due ON sandbox.webhook (is_echo, due_at)
        WHERE sent_at IS NULL AND given_up_at IS NULL""")
