"""The accounts' counts are looked up one by one, whatever the plan was made for."""

from pathlib import Path

from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_FUNCTIONS = Path(__file__).parent.parent / "functions"


def upgrade() -> None:
    op.execute("DROP FUNCTION reservations.claim_batch")
    op.execute((_FUNCTIONS / "claim_batch.sql").read_text())
