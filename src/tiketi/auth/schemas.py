"""The shapes of /auth on the wire."""

import unicodedata
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints, WithJsonSchema

from tiketi.auth.domain import EMAIL_CHARACTERS_MAX, Account, Tokens, is_email
from tiketi.infra.http.wire import Body, Moment, Name, View
from tiketi.kernel.actor import Role

PASSWORD_CHARACTERS_MIN = 8
PASSWORD_CHARACTERS_MAX = 256
SECRET_CHARACTERS_MAX = 256
_LINE_BREAKERS = frozenset({"Cc", "Zl", "Zp"})


def _email(text: str) -> str:
    if not is_email(text):
        raise ValueError("must be an e-mail address")
    return text


def _one_line(text: str) -> str:
    if any(unicodedata.category(character) in _LINE_BREAKERS for character in text):
        raise ValueError("may not contain control characters")
    return text


# The rules are for addresses that are to be kept; one that is only looked up may be any text.
Email = Annotated[
    str,
    AfterValidator(_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": EMAIL_CHARACTERS_MAX}),
]
AnyEmail = Annotated[str, StringConstraints(min_length=1, max_length=EMAIL_CHARACTERS_MAX)]
NewPassword = Annotated[
    str,
    StringConstraints(min_length=PASSWORD_CHARACTERS_MIN, max_length=PASSWORD_CHARACTERS_MAX),
]
AnyPassword = Annotated[str, StringConstraints(min_length=1, max_length=PASSWORD_CHARACTERS_MAX)]
PersonName = Annotated[Name, AfterValidator(_one_line)]
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ().-]{3,30}$")]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=SECRET_CHARACTERS_MAX)]


class RegisterBody(Body):
    email: Email
    password: NewPassword
    name: PersonName
    phone: Phone | None = None


class LoginBody(Body):
    email: AnyEmail
    password: AnyPassword


class RefreshTokenBody(Body):
    refresh_token: Secret


class ProfileBody(Body):
    """Fields left out stay as they are; ``phone: null`` takes the number off."""

    name: PersonName = Field(default_factory=str)
    phone: Phone | None = None


class ChangePasswordBody(Body):
    current_password: AnyPassword
    new_password: NewPassword


class ForgotPasswordBody(Body):
    email: AnyEmail


class ResetPasswordBody(Body):
    token: Secret
    new_password: NewPassword


class UserView(View):
    id: UUID
    email: str
    name: str
    phone: str | None
    role: Role
    created_at: Moment

    @classmethod
    def of(cls, account: Account) -> "UserView":
        return cls(
            id=account.id,
            email=account.email,
            name=account.name,
            phone=account.phone,
            role=account.role,
            created_at=account.created_at,
        )


class TokensView(View):
    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 # a scheme (RFC 6750)
    expires_in: int
    refresh_token: str

    @classmethod
    def of(cls, tokens: Tokens) -> "TokensView":
        return cls(
            access_token=tokens.access_token,
            expires_in=tokens.expires_in_seconds,
            refresh_token=tokens.refresh_token,
        )


class SignedInView(TokensView):
    user: UserView

    @classmethod
    def of_account(cls, account: Account, tokens: Tokens) -> "SignedInView":
        return cls(
            user=UserView.of(account),
            access_token=tokens.access_token,
            expires_in=tokens.expires_in_seconds,
            refresh_token=tokens.refresh_token,
        )


class KeyView(View):
    kty: str
    crv: str
    alg: str
    use: str
    kid: str
    x: str


class KeySetView(View):
    """A JSON Web Key Set (RFC 7517)."""

    keys: list[KeyView]
