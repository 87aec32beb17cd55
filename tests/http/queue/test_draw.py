"""The draw as a client of the contract meets it."""

import hashlib
import json
from datetime import timedelta

from typer.testing import CliRunner

from tests.support.waiting_room import open_line, open_now, until
from tiketi.cli.main import build
from tiketi.queue.api import Mode

HOUR = timedelta(hours=1)


async def _board(client, event_id):
    return (await client.get(f"/queue/{event_id}/board")).json()


async def test_commitment_first_then_the_key_and_anybody_can_check_it(client, runtime, tmp_path):
    event_id = await open_line(runtime, opens_in=HOUR, mode=Mode.DRAW, capacity=0)
    tokens = [client.token() for _ in range(5)]
    before = [(await client.post(f"/queue/{event_id}/join", token=t)).json() for t in tokens]
    for number, standing in enumerate(before, start=1):
        assert (standing["state"], standing["number"]) == ("waiting", number)
        for field in ("position", "ahead", "eta_seconds", "eta_range_seconds"):
            assert standing[field] is None
        assert 2 <= standing["poll_after_seconds"] <= 30

    awaited = await _board(client, event_id)
    assert awaited["state"] == "pre"
    assert set(awaited["draw"]) == {"commitment", "entrants"}
    assert awaited["draw"]["entrants"] == 5

    await open_now(runtime, event_id)
    after = [(await client.get(f"/queue/{event_id}/status", token=t)).json() for t in tokens]
    assert sorted(standing["number"] for standing in after) == [1, 2, 3, 4, 5]
    assert all(standing["position"] == standing["number"] for standing in after)
    assert all(standing["ahead"] == standing["position"] - 1 for standing in after)

    board = await _board_with_key(client, event_id)
    assert set(board["draw"]) == {"commitment", "key", "entrants"}
    assert board["draw"]["commitment"] == awaited["draw"]["commitment"]
    key = bytes.fromhex(board["draw"]["key"])
    assert hashlib.sha256(key).hexdigest() == board["draw"]["commitment"]

    saved = tmp_path / "board.json"
    saved.write_text(json.dumps(board), encoding="utf-8")
    for early, late in zip(before, after, strict=True):
        for receipt in (early["receipt"], late["receipt"]):
            words = ["verify-draw", str(saved), "--receipt", receipt]
            answer = CliRunner().invoke(build(words), words)
            assert answer.exit_code == 0
            assert f"number      {early['number']}\n" in answer.output
            assert f"place       {late['number']}\n" in answer.output


async def _board_with_key(client, event_id):
    """The board once the one that the process remembers, half a second long, has aged."""

    async def is_shown():
        return "key" in (await _board(client, event_id))["draw"]

    await until(is_shown)
    return await _board(client, event_id)


async def test_a_line_without_a_draw_has_none_on_its_board(client, runtime):
    event_id = await open_line(runtime)
    assert "draw" not in await _board(client, event_id)
