from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi.payments.errors import WebhookRefused
from tiketi.payments.providers.standard_webhooks import (
    SIGNATURES_MAX,
    decode_secret,
    sign,
    signed_headers,
    verify,
)

NOW = datetime(2026, 11, 22, 3, 4, 5, tzinfo=UTC)
KEY = b"k" * 24
BODY = b'{"type":"payment.succeeded"}'


def check(headers, body=BODY, *, key=KEY, now=NOW):
    return verify(key, headers, body, now=now, tolerance_seconds=300)


def test_the_signature_is_the_specification_s():
    """The example of the Standard Webhooks reference libraries."""
    key = decode_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    body = b'{"test": 2432232314}'
    signature = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert sign(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body) == signature


def test_what_was_signed_is_taken():
    assert check(signed_headers(KEY, "msg_1", NOW, BODY)) == "msg_1"


def test_one_good_signature_among_several_is_enough():
    headers = signed_headers(KEY, "msg_1", NOW, BODY)
    old = sign(b"old", "msg_1", headers["webhook-timestamp"], BODY)
    headers["webhook-signature"] = f"v2,xyz {old} {headers['webhook-signature']}"
    assert check(headers) == "msg_1"


def test_a_flood_of_signatures_is_not_searched():
    headers = signed_headers(KEY, "msg_1", NOW, BODY)
    headers["webhook-signature"] = "v1,x " * SIGNATURES_MAX + headers["webhook-signature"]
    with pytest.raises(WebhookRefused):
        check(headers)


@pytest.mark.parametrize("seconds", [-300, 300])
def test_the_tolerance_is_taken_whole(seconds):
    sent = NOW + timedelta(seconds=seconds)
    assert check(signed_headers(KEY, "msg_1", sent, BODY)) == "msg_1"


@pytest.mark.parametrize("seconds", [-301, 301])
def test_beyond_the_tolerance_it_is_refused_either_way(seconds):
    sent = NOW + timedelta(seconds=seconds)
    with pytest.raises(WebhookRefused):
        check(signed_headers(KEY, "msg_1", sent, BODY))


@pytest.mark.parametrize(
    "headers",
    [
        {"webhook-id": ""},
        {"webhook-id": "a" * 256},
        {"webhook-id": "a\x00b"},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "١٢٣"},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "9" * 4_301},
        {"webhook-signature": ""},
        {"webhook-signature": "\xe9 v1,\xff"},
        {"webhook-signature": "v1"},
    ],
)
def test_malformed_headers_are_refused(headers):
    with pytest.raises(WebhookRefused):
        check({**signed_headers(KEY, "msg_1", NOW, BODY), **headers})


@given(st.binary(max_size=64), st.sampled_from(["id", "timestamp", "body", "key"]))
def test_changing_anything_breaks_the_signature(noise, part):
    headers, body, key = signed_headers(KEY, "msg_1", NOW, BODY), BODY, KEY
    if part == "id":
        headers["webhook-id"] = "msg_1" + noise.hex() + "x"
    elif part == "timestamp":
        headers["webhook-timestamp"] = str(int(headers["webhook-timestamp"]) + 1 + len(noise))
    elif part == "body":
        body = BODY + b" " + noise
    else:
        key = KEY + noise + b"x"
    with pytest.raises(WebhookRefused):
        check(headers, body, key=key)


def test_a_secret_is_base64_with_or_without_its_prefix():
    assert decode_secret("whsec_c2VjcmV0") == decode_secret("c2VjcmV0") == b"secret"
    with pytest.raises(ValueError, match="ASCII"):
        decode_secret("whsec_ä")
