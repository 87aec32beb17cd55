"""How many places one means of payment may pay for at an event."""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("""
        ALTER TABLE events.event ADD COLUMN seats_per_payment_method int
            CHECK (seats_per_payment_method > 0)""")
    # Null where the event has no limit, or the provider tells no means of payment from another.
    op.execute("""
        ALTER TABLE payments.payment
            ADD COLUMN method_digest bytea, ADD COLUMN method_places int""")
    op.execute("""
        CREATE INDEX payment_method ON payments.payment (event_id, method_digest)
        WHERE method_digest IS NOT NULL""")
