"""How far each seat of a map is from the point that its section looks at, and where aisles are."""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # Null in maps that were drawn before: rows and numbers then say what is near.
    op.execute("""
        ALTER TABLE seats.seat_map
            ADD COLUMN distances bytea,  -- an int32 a seat, little-endian, thousandths of a unit
            ADD COLUMN aisles int[]  -- the seats that an aisle parts from the seat before""")
