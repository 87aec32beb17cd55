import json
from base64 import urlsafe_b64decode
from datetime import UTC, datetime, timedelta

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tiketi.infra.tokens import BadToken, KeyRing, UnknownKey, new_seed, public_jwks

NOW = datetime(2026, 11, 1, tzinfo=UTC)


def ring(seeds: str | None = None, jwks: str | None = None) -> KeyRing:
    return KeyRing(seeds, jwks, issuer="tiketi")


def signed(keys: KeyRing, **changes) -> str:
    options = {
        "typ": "at+jwt",
        "audience": "tiketi",
        "issued_at": NOW,
        "expires_at": NOW + timedelta(minutes=10),
    }
    return keys.sign({"sub": "somebody"}, **(options | changes))


def check(keys: KeyRing, token: str, *, now: datetime = NOW):
    return keys.verify(token, typ="at+jwt", audience="tiketi", now=now)


def test_a_service_without_the_signing_key_verifies_by_the_public_keys():
    seed = new_seed()
    claims = check(ring(jwks=public_jwks(seed)), signed(ring(seed)))
    assert claims["sub"] == "somebody"
    assert claims["exp"] - claims["iat"] == 600


def test_the_public_keys_hold_nothing_private():
    key = json.loads(public_jwks(new_seed()))["keys"][0]
    assert set(key) == {"kty", "crv", "alg", "use", "kid", "x"}


def test_after_a_rotation_older_tokens_still_verify():
    old, new = new_seed(), new_seed()
    assert check(ring(f"{new},{old}"), signed(ring(old)))
    assert check(ring(new), signed(ring(f"{new},{old}")))


def test_a_token_of_another_ring_is_unknown():
    with pytest.raises(UnknownKey):
        check(ring(new_seed()), signed(ring(new_seed())))


@pytest.mark.parametrize(
    "changes",
    [
        {"typ": "queue-pass+jwt"},
        {"audience": "somebody-else"},
        {"expires_at": NOW},
        {"expires_at": NOW - timedelta(seconds=1)},
    ],
)
def test_another_use_or_time_is_refused(changes):
    keys = ring(new_seed())
    with pytest.raises(BadToken):
        check(keys, signed(keys, **changes))


def _private(seed: str):
    return Ed25519PrivateKey.from_private_bytes(urlsafe_b64decode(seed + "="))


def test_forgeries_are_refused():
    seed = new_seed()
    keys = ring(seed)
    good = signed(keys)
    header, payload, signature = good.split(".")
    public = keys.jwks()["keys"][0]
    by_public_key = jwt.encode(
        {"sub": "x", "iss": "tiketi", "aud": "tiketi", "iat": 1, "exp": 9_999_999_999},
        public["x"] * 2,
        "HS256",
        headers={"typ": "at+jwt", "kid": public["kid"]},
    )
    unsigned = jwt.encode(
        {"sub": "x", "iss": "tiketi", "aud": "tiketi", "iat": 1, "exp": 9_999_999_999},
        None,
        "none",
        headers={"typ": "at+jwt", "kid": public["kid"]},
    )
    other = signed(keys, expires_at=NOW + timedelta(days=9)).split(".")[1]
    private = _private(seed)
    headers = {"typ": "at+jwt", "kid": public["kid"]}
    claims = {"sub": "x", "iss": "tiketi", "aud": "tiketi", "iat": 1, "exp": 9_999_999_999}
    assert check(keys, jwt.encode(claims, private, "EdDSA", headers=headers))["sub"] == "x"
    by_us_but_wrong = [
        jwt.encode(claims | wrong, private, "EdDSA", headers=headers | said)
        for wrong, said in (
            ({"iss": "another"}, {}),
            ({"aud": ["tiketi"]}, {}),
            ({"exp": "tomorrow"}, {}),
            ({"exp": 9_999_999_999.5}, {}),
            ({"iat": None}, {}),
            ({}, {"crit": ["exp"]}),
            ({}, {"kid": "unknown"}),
        )
    ]
    for forged in (
        *by_us_but_wrong,
        f"{header}.{payload}",
        f"{good}.{signature}",
        f"{header}.{payload}.{signature}=",
        "",
        "a.b.c",
        good[:-3] + "AAA",
        f"{header}.{other}.{signature}",
        f"{header}.{payload}.",
        by_public_key,
        unsigned,
        good + "a" * 5_000,
    ):
        with pytest.raises(BadToken):
            check(keys, forged)


def test_a_token_that_was_good_once_is_still_judged():
    keys = ring(new_seed())
    token = signed(keys)
    assert check(keys, token) == check(keys, token)
    with pytest.raises(BadToken):
        check(keys, token, now=NOW + timedelta(minutes=10))
    with pytest.raises(BadToken):
        keys.verify(token, typ="queue-pass+jwt", audience="tiketi", now=NOW)
    with pytest.raises(BadToken):
        keys.verify(token, typ="at+jwt", audience="somebody-else", now=NOW)
    with pytest.raises(BadToken):
        check(keys, token[:-4] + "AAAA")
    assert check(keys, token)
