"""What a claim decided in a batch needs: its key on its own row, and seats kept for some buyers."""

from pathlib import Path

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_FUNCTIONS = Path(__file__).parent.parent / "functions"


def upgrade() -> None:
    # A seat of an allotment is blocked ('b') until a buyer who may opens it, or it is released.
    op.execute("ALTER TABLE seats.seat ADD COLUMN allotment_id uuid")
    # Who owns a seat is read from the items: without an index on it a seat changes hands in place,
    # on its page, and no index has to be written.
    op.execute("DROP INDEX seats.seat_owner")
    op.execute("ALTER TABLE seats.seat SET (fillfactor = 45)")
    # The key that made a reservation, and the answer that it got: both commit with the row.
    op.execute("""
        ALTER TABLE reservations.reservation
            ADD COLUMN key_path text,
            ADD COLUMN key text,
            ADD COLUMN key_fingerprint bytea,
            ADD COLUMN answer bytea""")
    op.execute("""
        CREATE UNIQUE INDEX reservation_key ON reservations.reservation (user_id, key_path, key)
        WHERE key IS NOT NULL""")
    # Checked for every item of every buyer, and an item is only written beside its reservation.
    op.execute("ALTER TABLE reservations.item DROP CONSTRAINT item_reservation_id_fkey")
    for name in ("lock_seats", "choose_buckets", "claim_batch"):
        op.execute((_FUNCTIONS / f"{name}.sql").read_text())
