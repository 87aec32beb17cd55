"""The audit trail."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA admin")
    op.execute("""
        CREATE TABLE admin.audit (
            id uuid PRIMARY KEY,
            at timestamptz NOT NULL,
            actor_id uuid,  -- null: the system itself
            action text NOT NULL,  -- such as event.publish
            subject_id uuid,  -- what it was done to, if it was one thing
            detail jsonb NOT NULL DEFAULT '{}'
        )""")
    op.execute("CREATE INDEX audit_subject ON admin.audit (subject_id, id)")
    op.execute("CREATE INDEX audit_actor ON admin.audit (actor_id, id)")
    op.execute("""
        CREATE FUNCTION admin.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            RAISE EXCEPTION 'the audit trail only grows';
        END $$""")
    op.execute("""
        CREATE TRIGGER audit_only_grows BEFORE UPDATE OR DELETE ON admin.audit
        FOR EACH ROW EXECUTE FUNCTION admin.refuse_change()""")
