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
        POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        POST + b"Transfer-Encoding: chunked\r\n folded\r\n\r\n0\r\n\r\n",
        POST + b"Content-Length: 5, 5\r\n\r\nabcde",
        POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde",
        POST + b"Content-Length: 99999999999999999999999\r\n\r\nabcde",
        POST + b"Content-Length: 0x5\r\n\r\nabcde",
        POST + b"Content-Length:\r\n\r\nabcde",
        POST + b"X: a\0b\r\n\r\n",
        POST + b"X: a\x01b\r\n\r\n",
        POST + b"X: a\x7fb\r\n\r\n",
        POST + b"X\0Y: a\r\n\r\n",
        POST + b"X Y: a\r\n\r\n",
        POST + b": a\r\n\r\n",
        POST + b"no colon\r\n\r\n",
        POST + b"X: a\r\r\n\r\n",
        POST + b"Host: y\r\n\r\n",
        b"GET / HTTP/1.1\r\n Host: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x y\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x/y\r\n\r\n",
        b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /  HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\tHTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1 \r\nHost: x\r\n\r\n",
        b"GET / HTTP/0.9\r\nHost: x\r\n\r\n",
        b"GET / HTTP/2.0\r\nHost: x\r\n\r\n",
        b"GET / http/1.1\r\nHost: x\r\n\r\n",
        b"GET /\r\n\r\n",
        b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\xc3\xa4 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /\0 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET /#part HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET * HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET x HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http:///path HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET http://me@x/path HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET ftp://x/path HTTP/1.1\r\nHost: x\r\n\r\n",
        b"CONNECT x:80 HTTP/1.1\r\nHost: x:80\r\n\r\n",
        b"\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\0\0\0\0\r\n\r\n",
    ],
)
def test_ambiguous_request_is_refused_and_the_connection_closed(steady, smuggled):
    answer = steady.exchange(smuggled + GET)
    assert status_of(answer) == 400
    assert answer.count(b"HTTP/1.1 ") == 1
    assert problem_of(answer)["code"] == "malformed_request"


@pytest.mark.parametrize(
    "body",
    [
        b"5\r\nabcde\n0\r\n\r\n",
        b"5\nabcde\r\n0\r\n\r\n",
        b"5;a\nb\r\nabcde\r\n0\r\n\r\n",
        b"5 \r\nabcde\r\n0\r\n\r\n",
        b"+5\r\nabcde\r\n0\r\n\r\n",
        b"0x5\r\nabcde\r\n0\r\n\r\n",
        b"-5\r\nabcde\r\n0\r\n\r\n",
        b"\r\nabcde\r\n0\r\n\r\n",
        b"ffffffffffffffffff\r\nabcde\r\n0\r\n\r\n",
        b"4\r\nabcde\r\n0\r\n\r\n",
        b"5\r\nabcdeXX0\r\n\r\n",
        b"5\r\nabcde\r\n0\r\nA: b\nC: d\r\n\r\n",
        b"5\r\nabcde\r\n0\r\n folded\r\n\r\n",
        b"5\r\nabcde\r\n0\r\nA\0: b\r\n\r\n",
    ],
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


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"GET http://other:80/there?q=1", "/there"),
        (b"GET http://other?q=1", "/"),
        (b"OPTIONS *", "*"),
        (b"GET //twice/%2e", "//twice/."),
    ],
)
def test_every_form_of_target_is_understood(steady, target, path):
    answer = steady.exchange(GET.replace(b"GET /after", target))
    assert status_of(answer) == 200
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["path"] == path


def test_target_that_is_absolute_names_the_host(steady):
    answer = steady.exchange(GET.replace(b"/after", b"http://other:80/there"))
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["host"] == "other:80"


def test_target_too_long_is_refused(steady):
    assert status_of(steady.exchange(GET.replace(b"/after", b"/" + b"a" * 17_000))) == 431


@pytest.mark.parametrize(
    "endless",
    [
        b"GET / HTTP/1.1\r\nHost: x\r\nX: ",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1;",
        b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: ",
    ],
)
def test_what_never_ends_is_bounded_though_it_comes_slowly(steady, endless):
    with steady.connect() as link:
        link.sendall(endless)
        link.settimeout(0.002)
        answer, sent_bytes = b"", 0
        while not answer and sent_bytes < 1_000_000:
            link.sendall(b"a" * 1000)
            sent_bytes += 1000
            try:
                answer = link.recv(65536)
            except TimeoutError:
                continue
    assert status_of(answer) in {400, 431}
    assert sent_bytes < 100_000


def test_extension_beside_every_chunk_is_bounded(steady):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = steady.exchange(head + (b"1;" + b"a" * 500 + b"\r\nx\r\n") * 200)
    assert status_of(answer) == 400


def test_extensions_and_trailers_are_read_and_forgotten(steady):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    body = b'5;name=value;other="quoted"\r\nabcde\r\n0;last\r\nHost: y\r\nX: z\r\n\r\n'
    answer = steady.exchange(head + body + GET)
    assert b'"size": 5' in answer
    assert answer.index(b'"host": "x"') < answer.index(b"/after")


def test_slow_head_gets_408(steady):
    with steady.connect() as link:
        link.settimeout(15)
        link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        assert status_of(answer := link.recv(65536)) == 408
        assert problem_of(answer)["code"] == "headers_too_slow"
