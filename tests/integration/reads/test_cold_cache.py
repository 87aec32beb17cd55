"""Thousands who read what no process knows yet: one question to the database for all of them."""

import gzip

import pytest

from tests.support.readers import read, read_at_once
from tests.support.stores import keys_like

READS = ["list", "search", "detail", "seats", "availability"]
READERS = 2_000


@pytest.mark.parametrize("what", READS)
async def test_two_thousand_at_once_ask_the_database_once(server, open_processes, paths, what):
    apps = open_processes(1)
    server.mark()
    replies = await read_at_once(apps, paths[what], READERS)
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    executed = server.executed()
    assert executed
    assert max(executed.values()) == 1, executed


@pytest.mark.parametrize("what", ["list", "detail", "seats"])
async def test_many_processes_ask_the_database_once(server, open_processes, paths, what):
    apps = open_processes(4)
    server.mark()
    replies = await read_at_once(apps, paths[what], 400)
    assert {reply.status for reply in replies} == {200}
    assert len({reply.body for reply in replies}) == 1
    executed = server.executed()
    assert executed
    assert max(executed.values()) == 1, executed


@pytest.mark.parametrize("what", READS)
async def test_a_warm_read_asks_nobody_and_is_the_same_bytes(server, open_processes, paths, what):
    (app,) = open_processes(1)
    first = await read(app, paths[what], accept_encoding="gzip")
    server.mark()
    again = await read(app, paths[what], accept_encoding="gzip")
    assert again.body == first.body
    assert server.executed() == {}


@pytest.mark.parametrize("what", READS)
async def test_each_read_has_a_tag_and_comes_in_both_codings(open_processes, paths, what):
    (app,) = open_processes(1)
    plain = await read(app, paths[what])
    packed = await read(app, paths[what], accept_encoding="gzip")
    assert plain.headers["vary"] == packed.headers["vary"] == "Accept-Encoding"
    assert "content-encoding" not in plain.headers
    body = packed.body
    if packed.headers.get("content-encoding") == "gzip":
        body = gzip.decompress(packed.body)
    assert body == plain.body
    tag = plain.headers["etag"]
    assert tag.startswith('W/"'), "one tag for both codings is a weak one (RFC 9110 8.8.1)"
    assert packed.headers["etag"] == tag
    known = await read(app, paths[what], if_none_match=tag)
    assert (known.status, known.body) == (304, b"")
    assert known.headers["etag"] == tag


async def test_an_unknown_event_is_not_found_and_holds_nobody_up(open_processes, paths):
    apps = open_processes(2)
    unknown = "/events/01890000-0000-7000-8000-000000000000"
    replies = await read_at_once(apps, unknown, 100)
    assert {reply.status for reply in replies} == {404}


async def test_a_copy_of_another_version_is_none(runtime, open_processes, paths):
    """As while a new version is rolled out."""
    old, new = open_processes(2)
    known = await read(old, paths["detail"])
    (copy,) = await keys_like(runtime, "event:*:copy")
    await runtime.redis.client.hset(copy, mapping={"name": "before", "content": b"{}"})
    assert (await read(new, paths["detail"])).body == known.body
