"""Anybody can check a draw offline, and is told when it is not what was promised."""

import base64
import json

import pytest
from typer.testing import CliRunner

from tiketi.cli.main import build

KEY = bytes(range(32)).hex()
COMMITMENT = "630dcd2966c4336691125448bbb25b4ff412a49c732db2c8abc1b8581bd710dd"
EVENT = "0199e3c2-0000-7000-8000-000000000001"
BOARD = {
    "event_id": EVENT,
    "epoch": 2,
    "draw": {"commitment": COMMITMENT, "key": KEY, "entrants": 1_000},
}


def _receipt(**changes):
    claims = {"event": EVENT, "epoch": 2, "number": 500, **changes}
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.c2ln"


@pytest.fixture
def verify(tmp_path):
    def invoke(*arguments, board=BOARD):
        path = tmp_path / "board.json"
        path.write_text(json.dumps(board), encoding="utf-8")
        words = ["verify-draw", str(path), *arguments]
        return CliRunner().invoke(build(words), words)

    return invoke


def test_the_place_of_a_number_is_recomputed(verify):
    answer = verify("--number", "500")
    assert answer.exit_code == 0
    assert "place       612\n" in answer.output


def test_a_receipt_leads_to_its_place(verify):
    assert "place       612\n" in verify("--receipt", _receipt()).output


def test_the_draw_alone_is_enough(verify):
    assert "612" in verify("--number", "500", board=BOARD["draw"]).output


def test_the_board_may_come_by_the_input():
    words = ["verify-draw", "-", "--number", "500"]
    assert "612" in CliRunner().invoke(build(words), words, input=json.dumps(BOARD)).output


def test_who_joined_later_was_not_drawn(verify):
    assert "place       1001  joined later, not drawn" in verify("--number", "1001").output


def test_another_key_than_the_promised_one_is_told(verify):
    draw = {**BOARD["draw"], "key": KEY.replace("0f", "0e")}
    answer = verify("--number", "500", board={**BOARD, "draw": draw})
    assert answer.exit_code == 1
    assert "not the one that was committed to" in answer.output


def test_another_commitment_than_the_noted_one_is_told(verify):
    assert verify("--commitment", COMMITMENT).exit_code == 0
    assert verify("--commitment", "0" * 64).exit_code == 1


@pytest.mark.parametrize("changes", [{"epoch": 1}, {"event": "another"}, {"number": 0}])
def test_a_receipt_of_another_draw_is_told(verify, changes):
    assert verify("--receipt", _receipt(**changes)).exit_code == 1


@pytest.mark.parametrize(
    "board",
    [
        {},
        [],
        {"draw": {"commitment": COMMITMENT, "entrants": 3}},
        {"draw": {"commitment": COMMITMENT, "key": "00", "entrants": 3}},
        {"draw": {"commitment": COMMITMENT, "key": KEY, "entrants": "3"}},
    ],
)
def test_a_board_without_a_draw_that_was_held_cannot_be_checked(verify, board):
    answer = verify("--number", "1", board=board)
    assert answer.exit_code == 2
    assert "Traceback" not in answer.output


def test_no_board_and_no_receipt_are_told_apart_from_a_broken_draw(verify):
    words = ["verify-draw", "nowhere.json"]
    assert CliRunner().invoke(build(words), words).exit_code == 2
    assert verify("--receipt", "abc").exit_code == 2
