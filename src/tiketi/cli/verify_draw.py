"""`tiketi verify-draw`: recompute a place of a draw from what the board publishes, docs/draw.md."""

import base64
import json
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer

from tiketi.cli.environment import USAGE_ERROR, fail

BROKEN = 1
FETCH_TIMEOUT_SECONDS = 10.0
BOARD_BYTES_MAX = 65_536
KEY_HEX = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class PublishedDraw:
    """What a board says of its draw; ``event_id`` and ``epoch`` None where it does not say."""

    commitment: str
    key: bytes
    entrants: int
    event_id: str | None
    epoch: int | None


def verify_draw(
    board: Annotated[
        str, typer.Argument(help="The board: its URL, a file with its JSON, or - for the input.")
    ],
    *,
    number: Annotated[
        int | None, typer.Option(min=1, help="The number that joining gave, before the opening.")
    ] = None,
    receipt: Annotated[str | None, typer.Option(help="Or a receipt, which proves it.")] = None,
    commitment: Annotated[
        str | None, typer.Option(help="The commitment as it was noted before the opening.")
    ] = None,
) -> None:
    """Check the key against its commitment, and say which place was drawn for a number.

    Needs no system but the board, which may be a file. Leaves with 1 when the key is not the one
    that was committed to, or the receipt is of another draw; with 2 when nothing can be checked.
    """
    from tiketi.queue.api import commitment_of, draw_place  # noqa: PLC0415 # slow to import

    draw = _read_draw(_load(board))
    if receipt is not None:
        number = _read_number(receipt, draw)
    actual = commitment_of(draw.key)
    for said in (draw.commitment, commitment or draw.commitment):
        if actual != said.lower():
            fail(
                "the key is not the one that was committed to",
                f"commitment    {said}",
                f"key's SHA-256 {actual}",
                code=BROKEN,
            )
    print(f"commitment  {draw.commitment}  is the key's")
    print(f"entrants    {draw.entrants}")
    if number is None:
        return
    place = draw_place(draw.key, draw.entrants, number)
    print(f"number      {number}")
    print(f"place       {place}" + ("" if number <= draw.entrants else "  joined later, not drawn"))


def _load(source: str) -> Any:
    try:
        if source == "-":
            text = sys.stdin.read(BOARD_BYTES_MAX)
        elif source.startswith(("http://", "https://")):
            text = _fetch(source)
        else:
            with Path(source).open(encoding="utf-8") as file:
                text = file.read(BOARD_BYTES_MAX)
        return json.loads(text)
    except (OSError, ValueError) as error:
        fail(f"no board at {source}: {error}", code=USAGE_ERROR)


def _fetch(url: str) -> str:
    import httpx  # noqa: PLC0415 # slow to import, and not needed offline

    try:
        answer = httpx.get(url, timeout=FETCH_TIMEOUT_SECONDS, follow_redirects=True)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise OSError(error) from error
    return answer.text[:BOARD_BYTES_MAX]


def _read_draw(board: Any) -> PublishedDraw:
    """The draw of a whole board, or the board's ``draw`` alone."""
    whole = board if isinstance(board, dict) else {}
    draw = whole.get("draw", whole)
    if not isinstance(draw, dict) or not isinstance(draw.get("commitment"), str):
        fail("this board has no draw: people are served in the order of joining", code=USAGE_ERROR)
    key, entrants = draw.get("key"), draw.get("entrants")
    if key is None:
        fail("the draw is not held yet: its key is published at the opening", code=USAGE_ERROR)
    if not isinstance(key, str) or KEY_HEX.fullmatch(key) is None or type(entrants) is not int:
        fail("key has to be 64 lower-case hex digits, entrants a number", code=USAGE_ERROR)
    return PublishedDraw(
        commitment=draw["commitment"],
        key=bytes.fromhex(key),
        entrants=entrants,
        event_id=whole.get("event_id"),
        epoch=whole.get("epoch"),
    )


def _read_number(receipt: str, draw: PublishedDraw) -> int:
    """The number in a receipt. Its signature is the system's to check: here only places count."""
    try:
        payload = receipt.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        event_id, epoch, number = str(claims["event"]), int(claims["epoch"]), int(claims["number"])
    except (IndexError, KeyError, TypeError, ValueError):
        fail("this is no receipt of a waiting room", code=USAGE_ERROR)
    if draw.event_id not in (None, event_id) or draw.epoch not in (None, epoch):
        fail("the receipt is of another event or epoch than the board", code=BROKEN)
    if number < 1:
        fail("the receipt proves no place in line", code=BROKEN)
    return number
