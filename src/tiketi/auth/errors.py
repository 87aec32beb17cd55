"""Why nobody was let in."""

from tiketi.kernel.errors import Invalid, Kind, TiketiError, Unauthenticated, Unavailable


class EmailTaken(TiketiError):
    code = "email_taken"
    kind = Kind.CONFLICT
    title = "An account with this e-mail address exists"


class InvalidCredentials(Unauthenticated):
    """One text for an unknown address, an account without a password, and a wrong password."""

    code = "invalid_credentials"
    title = "The e-mail address or the password is wrong"


class RefreshTokenInvalid(Unauthenticated):
    """Unknown, expired, or of a session that was ended."""

    code = "invalid_refresh_token"
    title = "The refresh token is not valid; log in again"


class RefreshTokenReused(Unauthenticated):
    """A spent token was shown: two hold it, so its whole family is revoked."""

    code = "refresh_token_reused"
    title = "The refresh token was used before; log in again"


class PasswordResetInvalid(Invalid):
    """Unknown, used or expired: the three read alike."""

    code = "invalid_reset_token"
    title = "The reset token is not valid; ask for another"


class LoginThrottled(TiketiError):
    code = "login_throttled"
    kind = Kind.THROTTLED
    title = "Too many failed attempts to log in to this account"


class PasswordLineFull(Unavailable):
    """So many passwords wait to be hashed that another would wait too long."""

    code = "sign_in_busy"
    title = "Too many people are signing in at this moment"
