"""What must hold of accounts whatever happened."""

from tiketi.infra.invariants import Invariant

INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "erased_accounts_hold_nothing_personal",
        """
        SELECT count(*) FROM auth.account
        WHERE erased_at IS NOT NULL AND (
            phone IS NOT NULL OR password_hash IS NOT NULL OR name <> 'Erased'
            OR email <> 'erased-' || id || '@erased.invalid' OR email_key <> email)""",
    ),
    Invariant(
        "erased_accounts_have_no_live_session",
        """
        SELECT count(*) FROM auth.session JOIN auth.account ON account.id = session.account_id
        WHERE account.erased_at IS NOT NULL AND session.revoked_at IS NULL""",
    ),
    Invariant(
        "a_session_has_at_most_one_unspent_token",
        """
        SELECT count(*) FROM (
            SELECT FROM auth.refresh_token WHERE spent_at IS NULL
            GROUP BY session_id HAVING count(*) > 1) AS doubled""",
    ),
)
