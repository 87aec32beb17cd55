"""An answer ends where its head says, or its connection does."""

import socket

import pytest

from tests.integration.server.served import receive_all

CLOSE = b"GET /after HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def get(path, *, version=b"1.1", method=b"GET"):
    return method + b" " + path + b" HTTP/" + version + b"\r\nHost: x\r\n\r\n"


def split_answer(answer):
    head, _, rest = answer.partition(b"\r\n\r\n")
    return head.lower(), rest


@pytest.mark.parametrize("name", [b"longer", b"shorter", b"dies", b"dies-in-chunks"])
def test_answer_that_breaks_its_word_breaks_the_connection(faulty, name):
    try:
        answer = faulty.exchange(get(b"/odd/" + name) + CLOSE)
    except ConnectionResetError:
        return
    assert b"/after" not in answer
    assert not answer.endswith(b"0\r\n\r\n")
    if b"content-length" in answer:
        head, body = split_answer(answer)
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        assert length != len(body) or name == b"longer"


def test_header_with_a_line_of_its_own_is_not_sent(faulty):
    answer = faulty.exchange(get(b"/odd/split") + CLOSE)
    assert b"\r\nx-two" not in answer
    assert b"/after" not in answer


def test_body_of_unknown_length_comes_in_chunks(steady):
    answer = steady.exchange(get(b"/odd/chunks") + CLOSE)
    head, rest = split_answer(answer)
    assert b"\r\ntransfer-encoding: chunked" in head
    body, _, after = rest.partition(b"0\r\n\r\n")
    assert body == b"3\r\nabc\r\n2\r\nde\r\n"
    assert b"/after" in after


def test_http_1_0_gets_no_chunks_and_is_closed(steady):
    head, body = split_answer(steady.exchange(get(b"/odd/chunks", version=b"1.0") + CLOSE))
    assert b"transfer-encoding" not in head
    assert b"\r\nconnection: close" in head
    assert body == b"abcde"


@pytest.mark.parametrize("name", [b"empty", b"unchanged"])
def test_answer_without_a_body_has_none(steady, name):
    answer = steady.exchange(get(b"/odd/" + name) + CLOSE)
    head, after = split_answer(answer)
    assert b"transfer-encoding" not in head
    assert after.startswith(b"HTTP/1.1 200")


def test_head_is_answered_without_the_body(steady):
    head, after = split_answer(steady.exchange(get(b"/", method=b"HEAD") + CLOSE))
    assert b"\r\ncontent-length: " in head
    assert after.startswith(b"HTTP/1.1 200")


def test_client_that_waits_to_send_its_body_is_told_to_go_on(steady):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 3\r\n"
    with steady.connect() as link:
        link.sendall(head + b"Expect: 100-continue\r\n\r\n")
        assert link.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        link.sendall(b"abc")
        assert b'"size": 3' in receive_all(link)


def test_client_is_not_told_to_send_what_nobody_reads(steady):
    head = b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n"
    assert steady.exchange(head).startswith(b"HTTP/1.1 413")


def test_unread_body_is_not_taken_for_the_next_request(steady):
    head = b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    with steady.connect() as link:
        link.sendall(head % (len(CLOSE) + 1))
        answer = link.recv(65536)
        link.sendall(CLOSE)
        assert b"/after" not in answer + receive_all(link)


def test_many_pipelined_requests_are_answered_in_order(steady):
    paths = [b"/%d" % number for number in range(2000)]
    with steady.connect() as link:
        link.sendall(b"".join(map(get, paths)) + CLOSE)
        answer = receive_all(link)
    seen = [part.partition(b'"')[0] for part in answer.split(b'"path": "')[1:]]
    assert seen == [*paths, b"/after"][: len(seen)]
    assert len(seen) >= 1000


def test_client_that_has_sent_all_and_says_so_is_still_answered(serve):
    with serve().connect() as link:
        link.sendall(get(b"/slow?0.2"))
        link.shutdown(socket.SHUT_WR)
        assert receive_all(link).startswith(b"HTTP/1.1 200")


def test_upgrade_to_an_unknown_protocol_with_a_body_stays_http(steady):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n"
    for framed in (
        b"Content-Length: 5\r\n\r\nabcde",
        b"Transfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n0\r\n\r\n",
    ):
        answer = steady.exchange(head + framed + CLOSE)
        assert b'"size": 5' in answer
        assert b"/after" in answer


def test_request_in_small_pieces_is_read_whole(steady):
    body = b"5;a=b\r\nab\r\n\r\r\n2\r\n\r\n\r\n0\r\nX: y\r\n\r\n"
    head = b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
    with steady.connect() as link:
        for at in range(len(data := head + body)):
            link.sendall(data[at : at + 1])
        link.sendall(CLOSE)
        answer = receive_all(link)
    assert b'"size": 7' in answer
    assert b"/after" in answer
