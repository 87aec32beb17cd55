"""Signed tokens: JWTs by Ed25519 (RFC 8037), told apart by ``typ`` and ``aud``.

A service with ``TIKETI_SIGNING_KEY`` signs and verifies; one without verifies by the public keys
of ``TIKETI_JWKS`` or of ``TIKETI_JWKS_URL``.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import jwt
import orjson
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey, VerifyKey

ALGORITHM = "EdDSA"
SEED_BYTES = 32
# Above any token that we sign; a longer one is not worth decoding.
TOKEN_CHARACTERS_MAX = 4_096
# Who waits shows the same token again and again, and a signature takes 55 µs to verify (libsodium;
# OpenSSL twice as long). Each takes some 2 KB.
VERIFIED_MAX = 50_000
HEADERS_MAX = 100


class BadToken(Exception):
    """Forged, expired, malformed, or meant for something else."""


class UnknownKey(BadToken):
    """Signed by a key that this process has not seen."""


@dataclass(frozen=True, slots=True)
class _Verified:
    typ: str
    audience: str
    claims: dict[str, Any]


class KeyRing:
    """The keys that this process signs and verifies with."""

    def __init__(self, seeds: str | None, jwks: str | None, *, issuer: str) -> None:
        self._issuer = issuer
        self._private: tuple[str, SigningKey] | None = None
        self._public: dict[str, VerifyKey] = {}
        # Those seen last come last.
        self._verified: dict[str, _Verified] = {}
        # Type and key by a token's first part.
        self._headers: dict[str, tuple[str, str]] = {}
        for seed in (seeds or "").split(","):
            if not seed.strip():
                continue
            private = SigningKey(_decode_seed(seed.strip()))
            kid = _kid(private.verify_key)
            self._public[kid] = private.verify_key
            self._private = self._private or (kid, private)
        if jwks:
            self.learn(jwks)

    def learn(self, jwks: str) -> None:
        """Add the Ed25519 keys of a JSON Web Key Set (RFC 7517); others are passed over."""
        for key in json.loads(jwks)["keys"]:
            if key.get("kty") == "OKP" and key.get("crv") == "Ed25519":
                public = VerifyKey(_unpad(key["x"]))
                self._public[str(key.get("kid") or _kid(public))] = public

    def jwks(self) -> dict[str, Any]:
        """The public keys as a JSON Web Key Set."""
        return {
            "keys": [
                {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "alg": ALGORITHM,
                    "use": "sig",
                    "kid": kid,
                    "x": _pad(bytes(key)),
                }
                for kid, key in self._public.items()
            ]
        }

    def sign(
        self,
        claims: Mapping[str, Any],
        *,
        typ: str,
        audience: str,
        issued_at: datetime,
        expires_at: datetime,
    ) -> str:
        """A token; RuntimeError in a service that was given no signing key."""
        if self._private is None:
            raise RuntimeError("this service has no TIKETI_SIGNING_KEY")
        kid, private = self._private
        header = {"alg": ALGORITHM, "typ": typ, "kid": kid}
        payload = {
            **claims,
            "iss": self._issuer,
            "aud": audience,
            "iat": int(issued_at.timestamp()),
            "exp": int(expires_at.timestamp()),
        }
        # The compact serialisation of RFC 7515 §3.1.
        signed = f"{_pad(orjson.dumps(header))}.{_pad(orjson.dumps(payload))}"
        return f"{signed}.{_pad(private.sign(signed.encode()).signature)}"

    def verify(self, token: str, *, typ: str, audience: str, now: datetime) -> dict[str, Any]:
        """The claims of a token of that type and audience, to be read only; BadToken otherwise."""
        known = self._verified.pop(token, None)
        if known is None or (known.typ, known.audience) != (typ, audience):
            known = _Verified(typ, audience, self._decode(token, typ=typ, audience=audience))
        if known.claims["exp"] <= now.timestamp():
            raise BadToken("expired")
        self._verified[token] = known
        if len(self._verified) > VERIFIED_MAX:
            del self._verified[next(iter(self._verified))]
        return known.claims

    def _decode(self, token: str, *, typ: str, audience: str) -> dict[str, Any]:
        if len(token) > TOKEN_CHARACTERS_MAX:
            raise BadToken("too long")
        signed, _, signature = token.rpartition(".")
        try:
            said_typ, kid = self._read_header(token)
            if said_typ != typ:
                raise BadToken("another type of token")
            key = self._public.get(kid)
            if key is None:
                raise UnknownKey("unknown key")
            key.verify(signed.encode(), _unpad(signature))
            claims = orjson.loads(_unpad(signed.partition(".")[2]))
        except (jwt.PyJWTError, CryptoError, ValueError) as error:
            raise BadToken(str(error)) from error
        _check_claims(claims, issuer=self._issuer, audience=audience)
        return dict(claims)

    def _read_header(self, token: str) -> tuple[str, str]:
        """Type and key. The few headers that our own keys write are read once, not every time."""
        part = token.partition(".")[0]
        said = self._headers.get(part)
        if said is None:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != ALGORITHM or "crit" in header or "b64" in header:
                raise BadToken("another way of signing")
            said = str(header.get("typ")), str(header.get("kid"))
            if len(self._headers) >= HEADERS_MAX:
                self._headers.clear()
            self._headers[part] = said
        return said


def _check_claims(claims: Any, *, issuer: str, audience: str) -> None:
    """Whose token it is, and for whom. Its time is compared by the caller, since it is passed in.

    With the signature this is all that there is to a compact token of one algorithm and our own
    making (RFC 7519 §7.2); PyJWT's generality takes as long again as the signature.
    """
    if not isinstance(claims, dict) or (claims.get("iss"), claims.get("aud")) != (issuer, audience):
        raise BadToken("of another issuer, or for another audience")
    if not all(type(claims.get(name)) is int for name in ("iat", "exp")):
        raise BadToken("no times")


def new_seed() -> str:
    """A fresh signing key, as ``TIKETI_SIGNING_KEY`` takes it."""
    return _pad(bytes(SigningKey.generate()))


def public_jwks(seeds: str) -> str:
    """The public half of ``TIKETI_SIGNING_KEY``, as ``TIKETI_JWKS`` takes it."""
    return json.dumps(KeyRing(seeds, None, issuer="").jwks(), separators=(",", ":"))


def _decode_seed(text: str) -> bytes:
    seed = _unpad(text)
    if len(seed) != SEED_BYTES:
        raise ValueError("TIKETI_SIGNING_KEY: a key is 32 bytes in base64url")
    return seed


def _kid(public: VerifyKey) -> str:
    """The key's RFC 7638 thumbprint."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": _pad(bytes(public))}
    return _pad(sha256(json.dumps(members, separators=(",", ":")).encode()).digest())


def _pad(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()


def _unpad(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
