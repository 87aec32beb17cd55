"""What an answer does with the body of its request."""

import asyncio

import pytest

from tiketi.infra.http.errors import BodyTooLarge
from tiketi.infra.middleware.bounds import BodyBounds
from tiketi.infra.middleware.request import RequestMiddleware
from tiketi.kernel.errors import Unauthenticated


async def refuse(_scope, _receive, _send):
    raise Unauthenticated


async def answer_unread(_scope, _receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def refuse_by_length(_scope, _receive, _send):
    raise BodyTooLarge


class Link:
    """A client that sends ``pieces``, each a moment after it is asked for, and then nothing."""

    def __init__(self, *pieces, length=b"10"):
        self.pieces = list(pieces)
        self.length = length
        self.sent = []
        self.left_at_answer = None

    async def receive(self):
        await asyncio.sleep(0)
        if not self.pieces:
            await asyncio.Event().wait()
        body = self.pieces.pop(0)
        return {"type": "http.request", "body": body, "more_body": body != b""}

    async def send(self, message):
        if message["type"] == "http.response.start":
            self.left_at_answer = len(self.pieces)
            self.sent = message["headers"]

    async def call(self, app):
        headers = [(b"content-length", self.length)] if self.length else []
        scope = {"type": "http", "method": "POST", "path": "/", "headers": headers}
        bounded = BodyBounds(app, bytes_max=100, seconds_max=5.0)
        await RequestMiddleware(bounded, "test")(scope, self.receive, self.send)
        return (b"connection", b"close") in self.sent


@pytest.mark.parametrize("app", [refuse, answer_unread])
async def test_a_body_nobody_read_is_read_before_the_answer(app):
    link = Link(b"hello", b"world", b"")
    assert not await link.call(app)
    assert link.left_at_answer == 0


@pytest.mark.parametrize("app", [refuse, answer_unread])
async def test_a_body_that_does_not_come_ends_the_connection_with_the_answer(app):
    assert await Link(b"hello").call(app)


@pytest.mark.parametrize("app", [refuse, answer_unread, refuse_by_length])
async def test_a_body_too_large_ends_the_connection_with_the_answer(app):
    assert await Link(b"a" * 60, b"a" * 60, b"a" * 60, b"", length=b"180").call(app)


@pytest.mark.parametrize("length", [None, b"0"])
async def test_where_no_body_is_announced_none_is_waited_for(length):
    assert not await Link(length=length).call(refuse)
