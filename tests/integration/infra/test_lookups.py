"""Rows that are asked for at once are read at once, and each hears of its own."""

import asyncio

import pytest
from sqlalchemy import text

from tiketi.infra.lookups import BATCH_MAX, Lookups

_SQUARES = text("SELECT n, n * n AS square FROM unnest(CAST(:keys AS int[])) AS n WHERE n > 0")


@pytest.fixture
def asked():
    return []


@pytest.fixture
def squares(runtime, asked):
    async def read(reader, keys):
        asked.append(sorted(keys))
        rows = await reader.execute(_SQUARES, {"keys": keys})
        return {row.n: row.square for row in rows}

    return Lookups("squares", runtime.database, read)


async def test_each_hears_of_its_own_key(squares):
    keys = [3, -1, 3, 12, 5]
    assert await asyncio.gather(*map(squares.find, keys)) == [9, None, 9, 144, 25]


async def test_those_who_ask_at_once_cost_one_statement_and_a_key_is_in_it_once(squares, asked):
    await asyncio.gather(*map(squares.find, [1, 2, 2, 1, 3]))
    assert asked == [[1, 2, 3]]


async def test_a_statement_has_a_bound(squares, asked):
    found = await asyncio.gather(*map(squares.find, range(1, 2 * BATCH_MAX + 2)))
    assert found == [n * n for n in range(1, 2 * BATCH_MAX + 2)]
    assert [len(keys) for keys in asked] == [BATCH_MAX, BATCH_MAX, 1]


async def test_what_is_heard_was_read_after_it_was_asked_for(runtime):
    rows = {"a": 1}

    async def read(_reader, keys):
        return {key: rows[key] for key in keys}

    lookups = Lookups("rows", runtime.database, read)
    assert await lookups.find("a") == 1
    rows["a"] = 2
    assert await lookups.find("a") == 2
