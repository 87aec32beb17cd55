"""The sandbox's posts, against servers that behave and servers that do not."""

import asyncio
import time
from contextlib import asynccontextmanager

import pytest

from tests.integration.notifications.mail_server import make_certificate
from tiketi.payments.providers.sandbox import posting
from tiketi.payments.providers.sandbox.posting import Post, post_all

OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
SENDERS_MAX = 3


class Server:
    """Answers each request with the next of ``answers``, again and again the last; None is silence.

    ``closes`` after an answer, without a word of it before.
    """

    def __init__(self, *answers, closes=False) -> None:
        self.answers = list(answers)
        self.closes = closes
        self.connections = 0
        self.heads: list[bytes] = []

    async def serve(self, reader, writer) -> None:
        self.connections += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.heads.append(head)
                await reader.readexactly(int(head.lower().split(b"content-length:")[1].split()[0]))
                answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                if answer is None:
                    await reader.read()  # until the sender has had enough
                    return
                writer.write(answer)
                await writer.drain()
                if self.closes:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the sender has gone
        finally:
            writer.close()


@asynccontextmanager
async def opened(server: Server, **options):
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, **options)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/hook"


def posts(count: int) -> list[Post]:
    return [Post({"webhook-id": f"msg_{n}"}, b"{}") for n in range(count)]


async def send(url, count=1, *, post_seconds_max=5.0, begin_seconds_max=5.0):
    return await post_all(
        url,
        posts(count),
        senders_max=SENDERS_MAX,
        post_seconds_max=post_seconds_max,
        begin_seconds_max=begin_seconds_max,
    )


async def test_many_go_over_few_connections_each_once():
    server = Server(OK)
    async with opened(server) as url:
        outcomes = await send(url, 20)
    assert [(outcome.arrived, outcome.reason) for outcome in outcomes] == [(True, "200")] * 20
    assert server.connections == SENDERS_MAX
    assert sorted(head.split(b"webhook-id: ")[1].split(b"\r\n")[0] for head in server.heads) == (
        sorted(f"msg_{n}".encode() for n in range(20))
    )


@pytest.mark.parametrize(
    ("answer", "arrived", "reason"),
    [
        (b"HTTP/1.1 299 Fine\r\ncontent-length: 0\r\n\r\n", True, "299"),
        (b"HTTP/1.1 302 There\r\nlocation: /\r\ncontent-length: 0\r\n\r\n", False, "302"),
        (b"HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n", False, "503"),
    ],
)
async def test_the_status_decides(answer, arrived, reason):
    async with opened(Server(answer)) as url:
        outcomes = await send(url, 2)
    assert [(outcome.arrived, outcome.reason) for outcome in outcomes] == [(arrived, reason)] * 2


@pytest.mark.parametrize(
    "answer",
    [b"", b"HTTP/1.1 20", b"SMTP ready\r\n\r\n"],
)
async def test_what_is_no_answer_does_not_arrive(answer):
    async with opened(Server(answer, closes=True)) as url:
        (outcome,) = await send(url)
    assert not outcome.arrived


async def test_a_server_that_hangs_is_left_alone_and_the_rest_was_not_tried():
    started = time.monotonic()
    async with opened(Server(None)) as url:
        outcomes = await send(url, 10, post_seconds_max=0.1)
    lost, untried = outcomes[:SENDERS_MAX], outcomes[SENDERS_MAX:]
    assert all("Timeout" in outcome.reason for outcome in lost)
    assert untried == [None] * 7
    assert time.monotonic() - started < 5


async def test_nobody_there_costs_one_try_a_connection():
    outcomes = await send("http://127.0.0.1:9/hook", 10)
    assert [outcome and outcome.arrived for outcome in outcomes] == [False] * 3 + [None] * 7


async def test_one_that_is_lost_costs_only_its_connection():
    async with opened(Server(b"rubbish\r\n\r\n", OK)) as url:
        outcomes = await send(url, 10)
    assert sorted(outcome.arrived for outcome in outcomes) == [False] + [True] * 9


async def test_a_slow_server_gets_the_rest_later():
    async with opened(Server(OK)) as url:
        assert await send(url, 4, begin_seconds_max=0.0) == [None] * 4


@pytest.mark.parametrize("trusted", [False, True])
async def test_only_a_trusted_certificate_is_posted_to(tmp_path, monkeypatch, trusted):
    context, authority = make_certificate(tmp_path)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", authority)
    posting._trust.cache_clear()
    server = Server(OK)
    async with opened(server, ssl=context) as url:
        outcomes = await send(url.replace("http:", "https:"), 2)
    posting._trust.cache_clear()
    assert [outcome.arrived for outcome in outcomes] == [trusted] * 2
    assert len(server.heads) == (2 if trusted else 0)
