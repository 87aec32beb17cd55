"""Accounts and their sessions."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("CREATE SCHEMA auth")
    op.execute("""
        CREATE TABLE auth.account (
            id uuid PRIMARY KEY,
            email text NOT NULL,
            email_key text COLLATE "C" NOT NULL UNIQUE,  -- the address without case
            name text NOT NULL,
            phone text,
            role text NOT NULL DEFAULT 'user'
                CHECK (role IN ('user', 'staff', 'organizer', 'admin')),
            password_hash text,  -- null: nobody can log in by password
            generation int NOT NULL DEFAULT 0,  -- counts revocations of all tokens at once
            created_at timestamptz NOT NULL DEFAULT now(),
            erased_at timestamptz
        )""")
    op.execute("""CREATE INDEX account_name ON auth.account (lower(name) COLLATE "C")""")
    op.execute("""
        CREATE TABLE auth.session (
            id uuid PRIMARY KEY,
            account_id uuid NOT NULL REFERENCES auth.account,
            created_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz NOT NULL,
            revoked_at timestamptz
        )""")
    op.execute("CREATE INDEX session_account ON auth.session (account_id)")
    op.execute("CREATE INDEX session_expiry ON auth.session (expires_at)")
    op.execute("""
        CREATE TABLE auth.refresh_token (
            digest bytea PRIMARY KEY,  -- SHA-256 of the token
            session_id uuid NOT NULL REFERENCES auth.session ON DELETE CASCADE,
            created_at timestamptz NOT NULL DEFAULT now(),
            spent_at timestamptz
        )""")
    op.execute("CREATE INDEX refresh_token_session ON auth.refresh_token (session_id)")
    op.execute("CREATE INDEX refresh_token_age ON auth.refresh_token (created_at)")
    op.execute("""
        CREATE TABLE auth.password_reset (
            digest bytea PRIMARY KEY,  -- SHA-256 of the token; the row goes when it is used
            account_id uuid NOT NULL REFERENCES auth.account,
            created_at timestamptz NOT NULL DEFAULT now(),
            expires_at timestamptz NOT NULL
        )""")
    op.execute("CREATE INDEX password_reset_account ON auth.password_reset (account_id)")
    op.execute("CREATE INDEX password_reset_expiry ON auth.password_reset (expires_at)")
