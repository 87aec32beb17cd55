"""Accounts, the addresses that name them, and the secrets that prove them."""

import re
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from tiketi.kernel.actor import Actor, Role

EMAIL_CHARACTERS_MAX = 254  # RFC 5321 §4.5.3.1.3, less the angle brackets
LOCAL_PART_CHARACTERS_MAX = 64
SECRET_BYTES = 32

# RFC 5322 §3.2.3: a dot-atom. Quoted local parts are legal, and never an address of a person.
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL_PART = re.compile(rf"{_ATOM}(\.{_ATOM})*")
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
# The last label has a letter: else it is an IP address, which is no domain.
_DOMAIN = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)+(?=[0-9-]*[a-z]){_LABEL}")


@dataclass(frozen=True, slots=True)
class Account:
    """``generation`` counts the times that all tokens of the account were revoked at once."""

    id: UUID
    email: str
    name: str
    phone: str | None
    role: Role
    generation: int
    created_at: datetime

    @property
    def actor(self) -> Actor:
        return Actor(self.id, self.role, self.generation)


@dataclass(frozen=True, slots=True)
class Credentials:
    """``password_hash`` is None for an account that nobody can log in to by password."""

    account: Account
    password_hash: str | None


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a session gives its person: a token for calls, and one to renew it with, once."""

    access_token: str
    expires_in_seconds: int
    refresh_token: str


def is_email(text: str) -> bool:
    """Whether mail could reach it: a dot-atom, then a domain of two labels or more.

    A domain in any script will do, if it has an ASCII form (IDNA).
    """
    local_part, at, domain = text.rpartition("@")
    if not at or len(text) > EMAIL_CHARACTERS_MAX or len(local_part) > LOCAL_PART_CHARACTERS_MAX:
        return False
    if not _LOCAL_PART.fullmatch(local_part) or any(map(_is_blank, domain)):
        return False
    ascii_domain = _ascii_domain(domain)
    return ascii_domain is not None and _DOMAIN.fullmatch(ascii_domain) is not None


def email_key(email: str) -> str:
    """What two spellings of one address share. Any text has a key, an address or not."""
    local_part, at, domain = email.rpartition("@")
    return local_part.casefold() + at + (_ascii_domain(domain) or domain.casefold())


def canonical_password(password: str) -> str:
    """One text for what keyboards and systems encode differently (NIST SP 800-63B §5.1.1.2)."""
    return unicodedata.normalize("NFKC", password)


def new_secret() -> str:
    """A secret for one person's hands: 256 random bits in base64url."""
    return secrets.token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> bytes:
    """What is kept of a secret. It has 256 random bits, so one SHA-256 hides it well enough."""
    return sha256(secret.encode()).digest()


def _ascii_domain(domain: str) -> str | None:
    try:
        return domain.encode("idna").decode().lower()
    except UnicodeError:
        return None


def _is_blank(character: str) -> bool:
    return character.isspace() or not character.isprintable()
