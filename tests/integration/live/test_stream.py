"""The same messages as server-sent events."""

import asyncio
import json
from contextlib import asynccontextmanager

import httpx

from tests.support.live import follow, token_of
from tests.support.waiting_room import change, join, open_line, people, until
from tiketi.kernel.ids import new_id


class Stream:
    def __init__(self, answer):
        self.answer = answer
        self.lines = answer.aiter_lines()

    async def next(self, kind, *, seconds_max=10):
        """The data of the next event of the kind, whose type and id it checks."""
        async with asyncio.timeout(seconds_max):
            async for line in self.lines:
                if line == f"event: {kind}":
                    data = (await anext(self.lines)).removeprefix("data: ")
                    assert int((await anext(self.lines)).removeprefix("id: ")) > 0
                    message = json.loads(data)
                    assert message["type"] == kind
                    return message
        raise AssertionError("the stream ended")

    async def end(self):
        async with asyncio.timeout(10):
            async for _ in self.lines:
                pass


@asynccontextmanager
async def open_stream(service, event_id, **headers):
    url = f"http://{service.address}/api/v1/queue/{event_id}/stream"
    async with (
        httpx.AsyncClient(timeout=10) as http,
        http.stream("GET", url, headers=headers) as answer,
    ):
        yield Stream(answer)


async def test_a_stream_tells_what_a_socket_does(runtime, service):
    event_id = await open_line(runtime, rate_per_minute=0)
    [actor] = people(1)
    await join(runtime, event_id, actor)
    token = token_of(runtime, actor)
    async with (
        open_stream(service, event_id, Authorization=f"Bearer {token}") as stream,
        follow(service, event_id, access_token=token) as follower,
    ):
        assert stream.answer.headers["content-type"].startswith("text/event-stream")
        assert await stream.next("event.status") == await follower.next("event.status")
        by_stream, by_socket = (
            await stream.next("queue.position"),
            await follower.next("queue.position"),
        )
        for told in (by_stream, by_socket):
            del told["receipt"], told["poll_after_seconds"]
        assert by_stream == by_socket
        await change(runtime, event_id, rate_per_minute=1_000_000)
        assert (await stream.next("queue.admitted"))["pass"]


async def test_a_receipt_opens_a_stream(runtime, service):
    event_id = await open_line(runtime, rate_per_minute=0)
    [actor] = people(1)
    receipt = (await join(runtime, event_id, actor)).receipt
    async with open_stream(service, event_id, **{"Queue-Receipt": receipt}) as stream:
        assert (await stream.next("queue.position"))["position"] == 1


async def test_refusals_come_as_problems_before_the_stream(runtime, service):
    event_id = await open_line(runtime)
    token = f"Bearer {token_of(runtime)}"
    for path_id, headers, status, code in (
        (event_id, {}, 401, "unauthenticated"),
        (event_id, {"Queue-Receipt": "nonsense"}, 401, "unauthenticated"),
        (new_id(), {"Authorization": token}, 404, "not_found"),
    ):
        async with open_stream(service, path_id, **headers) as stream:
            problem = json.loads(await stream.answer.aread())
            assert stream.answer.status_code == status
            assert stream.answer.headers["content-type"] == "application/problem+json"
            assert problem["code"] == code


async def test_a_head_request_ends(runtime, service):
    event_id = await open_line(runtime)
    async with httpx.AsyncClient() as http:
        answer = await http.head(
            f"http://{service.address}/api/v1/queue/{event_id}/stream",
            headers={"Authorization": f"Bearer {token_of(runtime)}"},
        )
    assert answer.status_code == 200
    assert answer.content == b""


async def test_a_client_that_leaves_is_forgotten(runtime, service):
    event_id = await open_line(runtime)
    async with open_stream(service, event_id, Authorization=f"Bearer {token_of(runtime)}") as one:
        await one.next("event.status")

    async def nobody():
        async with httpx.AsyncClient() as http:
            text = (await http.get(f"http://{service.address}/metrics")).text
        return 'tiketi_live_connections{kind="stream"} 0.0' in text

    await until(nobody)
