from ipaddress import ip_network

import pytest
from starlette.requests import Request

from tiketi.infra.http.identity import address_of

PROXIES = (ip_network("10.0.0.0/8"),)


def request(peer: str, *forwarded: str) -> Request:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return Request({"type": "http", "client": (peer, 1), "headers": headers})


@pytest.mark.parametrize(
    ("peer", "forwarded", "trusted", "expected"),
    [
        ("203.0.113.1", ["198.51.100.1"], (), "203.0.113.1"),
        ("203.0.113.1", ["198.51.100.1"], PROXIES, "203.0.113.1"),
        ("10.0.0.1", [], PROXIES, "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], PROXIES, "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1, 198.51.100.1, 10.0.0.2"], PROXIES, "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1"], PROXIES, "198.51.100.1"),
        ("10.0.0.1", ["198.51.100.1, nonsense"], PROXIES, "10.0.0.1"),
    ],
)
def test_the_address_is_the_last_one_that_no_trusted_proxy_added(
    peer, forwarded, trusted, expected
):
    assert address_of(request(peer, *forwarded), trusted) == expected
