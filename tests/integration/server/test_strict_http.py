"""What reaches the application is what was sent, and nothing that two parsers could differ on."""

import json

import pytest

POST = b"POST / HTTP/1.1\r\nHost: x\r\n"
GET = b"GET /after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def status_of(answer):
    return int(answer.split(b" ", 2)[1])


def problem_of(answer):
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"application/problem+json" in head
    assert b"connection: close" in head.lower()
    return json.loads(body)


def test_plain_request_is_answered(steady):
    assert status_of(steady.exchange(GET)) == 200


@pytest.mark.parametrize(
    "smuggled",
    [
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\ncontent-length: 0\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +5\r\n\r\nabcde",
        b"GET / HTTP/1.1\nHost: x\n\n",
        b"GET / HTTP/1.1\r\nHost: x\nX-Y: z\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\n\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\rb\r\n\r\n",
        b"\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length : 5\r\n\r\nabcde",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/3.0\r\nHost: x\r\n\r\n",
        POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    ],
)
def test_ambiguous_request_is_refused_and_the_connection_closed(steady, smuggled):
    answer = steady.exchange(smuggled + GET)
    assert status_of(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1
    assert problem_of(answer)["code"] == "malformed_request"


@pytest.mark.parametrize(
    "body", [b"5\r\nabcde\n0\r\n\r\n", b"5\nabcde\r\n0\r\n\r\n", b"5;a\nb\r\nabcde\r\n0\r\n\r\n"]
)
def test_ambiguous_chunk_never_starts_another_request(steady, body):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = steady.exchange(head + body + GET)
    assert b"/after" not in answer


@pytest.mark.parametrize("total_bytes", [17_000, 40_000, 200_000])
def test_headers_too_large_get_431(steady, total_bytes):
    head = b"GET / HTTP/1.1\r\nHost: x\r\nX-Long: " + b"a" * total_bytes + b"\r\n\r\n"
    answer = steady.exchange(head)
    assert status_of(answer) == 431
    assert problem_of(answer)["code"] == "headers_too_large"


def test_headers_of_a_usual_size_pass(steady):
    long = b"X-Long: " + b"a" * 8_000 + b"\r\n"
    assert status_of(steady.exchange(GET.replace(b"Host", long + b"Host"))) == 200


def test_http2_in_clear_text_is_not_entered(steady):
    answer = steady.exchange(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    upgrade = (
        b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"
    )
    answer = steady.exchange(b"GET /after HTTP/1.1\r\nHost: x\r\n" + upgrade + b"\r\n")
    assert status_of(answer) == 200


def test_pipelined_requests_are_answered_in_order(steady):
    first = b"GET /first HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = steady.exchange(first + GET)
    assert answer.index(b"/first") < answer.index(b"/after")


def test_connection_is_kept_alive(steady):
    with steady.connect() as link:
        for _ in range(3):
            link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            answer = b""
            while not answer.endswith(b"}"):
                answer += link.recv(65536)
            assert status_of(answer) == 200


def test_server_does_not_say_what_it_is(steady):
    head = steady.exchange(GET).partition(b"\r\n\r\n")[0].lower()
    assert b"\r\nserver:" not in head
    assert b"\r\ndate:" in head


def test_chunked_body_arrives_whole(steady):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = steady.exchange(head + b"5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\n")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["size"] == 8
