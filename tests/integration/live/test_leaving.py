"""A process that leaves sends its people away, and they find their place elsewhere."""

import time

import pytest

from tests.integration.live.test_stream import open_stream
from tests.support.live import follow, token_of
from tests.support.waiting_room import join, open_line, people


@pytest.mark.parametrize("server", ["hypercorn", "uvicorn"])
async def test_a_process_that_leaves_closes_with_1012(runtime, serve, server):
    event_id = await open_line(runtime, rate_per_minute=0)
    leaving, staying = await serve(server=server), await serve(server=server)
    line = people(20)
    for actor in line:
        await join(runtime, event_id, actor)
    sockets = [follow(leaving, event_id, access_token=token_of(runtime, actor)) for actor in line]
    followers = [await socket.__aenter__() for socket in sockets]
    told = [await follower.next("queue.position") for follower in followers]
    headers = {"Queue-Receipt": told[0]["receipt"]}
    async with open_stream(leaving, event_id, **headers) as stream:
        await stream.next("queue.position")
        began = time.monotonic()
        leaving.terminate()
        assert [await follower.close_code() for follower in followers] == [1012] * 20
        await stream.end()
    assert leaving.process.wait(10) == 0
    assert time.monotonic() - began < 5
    for socket in sockets:
        await socket.__aexit__(None, None, None)
    for before in told:
        async with follow(staying, event_id, receipt=before["receipt"]) as follower:
            after = await follower.next("queue.position")
            assert (after["number"], after["position"]) == (before["number"], before["position"])
