"""A service that is told to end ends, in seconds, whatever its connections do."""

import asyncio
import base64
import socket
import time

import pytest

from tests.integration.server.served import receive_all
from tiketi.infra.embedded.process import wait_until
from tiketi.services.server import ServerError, run_server
from tiketi.settings import Settings

QUICK = {"shutdown_notice_seconds": 0.1, "shutdown_grace_seconds": 1}
EITHER = pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])


def wait_for_line(served, text):
    for line in served.process.stdout:
        if text in line:
            return
    raise AssertionError(f"never said {text!r}")


def open_websocket(served):
    link = served.connect()
    key = base64.b64encode(b"0" * 16).decode()
    link.sendall(
        f"GET /live HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Extensions: permessage-deflate\r\n\r\n".encode()
    )
    head = link.recv(4096)
    assert head.startswith(b"HTTP/1.1 101")
    assert b"permessage-deflate" not in head
    return link


def test_idle_service_ends_at_once(serve):
    served = serve(**QUICK)
    began = time.monotonic()
    served.terminate()
    assert served.process.wait(5) == 0
    assert time.monotonic() - began < 7
    assert served.process.stdout.read() == "drain\nclosed\n"


def test_readiness_fails_before_the_port_closes(serve):
    served = serve(shutdown_notice_seconds=1, shutdown_grace_seconds=1)
    served.terminate()
    wait_for_line(served, "drain")
    answer = served.exchange(b"GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 503")  # and closed, though nobody asked for it
    assert served.process.wait(5) == 0


@EITHER
def test_request_in_flight_is_answered(serve, server):
    served = serve(server=server, **QUICK)
    with served.connect() as link:
        link.sendall(b"GET /slow?0.5 HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for_line(served, "slow begun")
        served.terminate()
        assert receive_all(link).startswith(b"HTTP/1.1 200")
    assert served.process.wait(5) == 0


@EITHER
def test_request_that_never_ends_is_cancelled_after_the_grace(serve, server):
    served = serve(server=server, **QUICK)
    with served.connect() as link:
        link.sendall(b"GET /slow?60 HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for_line(served, "slow begun")
        began = time.monotonic()
        served.terminate()
        assert served.process.wait(8) == 0
        assert time.monotonic() - began < 7
    assert "closed" in served.process.stdout.read()


@EITHER
def test_open_websockets_are_closed_with_1012(serve, server):
    served = serve(server=server, **QUICK)
    links = [open_websocket(served) for _ in range(20)]
    began = time.monotonic()
    served.terminate()
    for link in links:
        with link:
            frame = link.recv(4096)
            assert frame[0] & 0x0F == 8
            assert int.from_bytes(frame[2:4], "big") == 1012
    assert served.process.wait(8) == 0
    assert time.monotonic() - began < 7


def test_websocket_that_never_answers_the_close_does_not_hold_the_exit(serve):
    served = serve(**QUICK)
    link = open_websocket(served)
    began = time.monotonic()
    served.terminate()
    assert served.process.wait(8) == 0
    assert time.monotonic() - began < 7
    link.close()


def test_client_that_does_not_read_does_not_hold_the_exit(serve):
    served = serve(**QUICK)
    link = open_websocket(served)
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    frame = b"\x81\xfe\xff\xff" + b"\0\0\0\0" + b"a" * 65_535  # masked by zeros: as it stands
    link.setblocking(False)
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        try:
            link.send(frame)
        except BlockingIOError:
            break
    served.terminate()
    assert served.process.wait(8) == 0
    link.close()


def test_second_signal_skips_the_waiting(serve):
    served = serve(shutdown_notice_seconds=5, shutdown_grace_seconds=5)
    with served.connect() as link:
        link.sendall(b"GET /slow?60 HTTP/1.1\r\nHost: x\r\n\r\n")
        wait_for_line(served, "slow begun")
        began = time.monotonic()
        served.terminate()
        wait_for_line(served, "drain")
        served.terminate()
        assert served.process.wait(8) == 0
        assert time.monotonic() - began < 7


def test_answer_before_the_body_was_read_reaches_its_client(serve):
    served = serve()
    body = b"a" * 900_000
    head = b"POST /early HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % len(body)
    with served.connect() as link:
        link.sendall(head + body)
        assert link.recv(4096).startswith(b"HTTP/1.1 413")


def test_application_that_cannot_start_says_why(serve):
    served = serve("--fail")
    assert served.process.wait(5) == 1
    assert "the store is away" in served.process.stderr.read()


def test_taken_port_is_refused_with_its_name():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=str(port)):
            run_server(lambda *_: None, name="sample", port=port, settings=Settings())


async def test_crowd_of_connections_is_served(serve):
    served = serve()

    async def one():
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        return answer

    answers = await asyncio.gather(*(one() for _ in range(300)))
    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)


@EITHER
def test_a_request_that_comes_late_on_an_open_connection_is_answered(serve, server):
    """A balancer that has not noticed yet uses the connections that it has."""
    served = serve(server=server, shutdown_notice_seconds=1, shutdown_grace_seconds=2)
    with served.connect() as link:
        link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert link.recv(65536).startswith(b"HTTP/1.1 200")
        served.terminate()
        assert wait_until(lambda: not served.is_listening(), timeout_seconds=5)
        link.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        answer = receive_all(link)  # and closed, though nobody asked for it
        assert answer.startswith(b"HTTP/1.1 200")
    assert served.process.wait(8) == 0
