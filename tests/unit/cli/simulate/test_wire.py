import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from tests.unit.cli.simulate.listening import listening
from tiketi.cli.simulate.client import Client, Request
from tiketi.cli.simulate.wire import Answer, BrokenExchange, Origin

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


@asynccontextmanager
async def answering(*pieces: Sequence[bytes], close: bool = False) -> AsyncIterator[str]:
    """A server that answers its n-th request of a connection with the n-th pieces, one by one."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in pieces:
            head = await reader.readuntil(b"\r\n\r\n")
            length = [line for line in head.split(b"\r\n") if line.startswith(b"content-length")]
            await reader.readexactly(int(length[0].split(b":")[1]) if length else 0)
            for piece in answer:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
        if not close:
            await reader.read()

    async with listening(serve) as url:
        yield url


async def ask(url: str, *, times: int = 1, timeout_seconds: float = 5) -> Answer:
    client = Client({"edge": url}, connections_max=4, timeout_seconds=timeout_seconds)
    try:
        for _ in range(times):
            timed = await client.send(Request("POST", "/queue/x/join", {}, {"a": 1}))
    finally:
        client.close()
    return timed.answer


async def test_an_answer_is_read_however_it_is_cut() -> None:
    whole = b'HTTP/1.1 201 Created\r\nContent-Type: x\r\nContent-Length: 9\r\n\r\n{"a": 12}'
    async with answering([whole[i : i + 1] for i in range(len(whole))]) as url:
        answer = await ask(url)
    assert (answer.status, answer.json(), answer.headers["content-type"]) == (201, {"a": 12}, "x")


async def test_a_chunked_answer_is_put_together() -> None:
    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    async with answering([head, b"3;x=y\r\n[1,", b"\r\n2\r\n2]\r", b"\n0\r\n\r\n"]) as url:
        assert (await ask(url)).json() == [1, 2]


async def test_an_answer_without_length_ends_with_its_connection() -> None:
    async with answering([b"HTTP/1.1 200 OK\r\n\r\n", b"[1]"], close=True) as url:
        assert (await ask(url)).json() == [1]


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_body_leaves_the_connection_usable(status: int) -> None:
    empty = f"HTTP/1.1 {status} X\r\n\r\n".encode()
    async with answering([empty], [OK]) as url:
        assert (await ask(url, times=2)).status == 200


async def test_an_interim_answer_is_passed_over() -> None:
    async with answering([b"HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n", OK]) as url:
        assert (await ask(url)).status == 200


async def test_a_cut_off_answer_is_broken() -> None:
    async with answering([b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"], close=True) as url:
        with pytest.raises(BrokenExchange, match="cut off"):
            await ask(url)


async def test_what_is_no_http_is_broken() -> None:
    async with answering([b"SSH-2.0-nonsense\r\n\r\n"]) as url:
        with pytest.raises(BrokenExchange, match="not an HTTP answer"):
            await ask(url)


async def test_a_length_that_is_no_number_is_broken() -> None:
    async with answering([b"HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n"]) as url:
        with pytest.raises(BrokenExchange):
            await ask(url)


async def test_a_silent_server_is_given_up_in_time() -> None:
    async with answering([b""]) as url:
        with pytest.raises(BrokenExchange, match="no answer in"):
            await ask(url, timeout_seconds=0.05)


async def test_nobody_there_is_broken() -> None:
    with pytest.raises(BrokenExchange, match="no connection"):
        await ask("http://127.0.0.1:1")


async def test_a_closed_connection_is_replaced() -> None:
    closing = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}"
    async with answering([closing], close=True) as url:
        assert (await ask(url, times=3)).status == 200


async def test_connections_to_a_service_are_bounded() -> None:
    open_now, most = 0, 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        for _ in range(10):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(OK)
        open_now -= 1

    async with listening(serve) as url:
        client = Client({"edge": url}, connections_max=3, timeout_seconds=5)
        request = Request("GET", "/events/x", {})
        await asyncio.gather(*(client.send(request) for _ in range(30)))
        client.close()
    assert 1 <= most <= 3


async def test_each_service_is_asked_where_it_listens() -> None:
    client = Client(
        {"edge": "http://127.0.0.1:8080", "queue": "https://queue.example/base/"},
        connections_max=1,
        timeout_seconds=1,
    )
    assert client.origin("queue") == Origin("queue.example", 443, tls=True, prefix="/base")
    assert client.origin("payment") == Origin("127.0.0.1", 8080)
    assert Request("GET", "/reservations?x=1", {}).service == "reservation"


def test_an_url_of_another_scheme_is_refused() -> None:
    with pytest.raises(ValueError, match="not an http URL"):
        Origin.of("ftp://example.org")
