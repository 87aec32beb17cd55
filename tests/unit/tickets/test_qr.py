import asyncio
import re

import segno

from tiketi.tickets.domain import new_code
from tiketi.tickets.qr import QrCodes

BORDER = 4


def drawn(svg: str) -> list[list[int]]:
    """The modules that the path of the symbol makes dark, its quiet zone left out."""
    [path] = re.findall(r'stroke="#000" d="M4 4\.5([^"]*)"', svg)
    side = int(re.search(r"M0 0h(\d+)v", svg)[1]) - 2 * BORDER
    modules = [[0] * side for _ in range(side)]
    x = y = 0
    for step, across, down in re.findall(r"([hm])(-?\d+)(?: (-?\d+))?", path):
        if step == "h":
            modules[y][x : x + int(across)] = [1] * int(across)
        x, y = x + int(across), y + int(down or 0)
    return modules


async def test_every_code_has_the_symbol_that_the_standard_says():
    symbols = QrCodes(None)
    for code in [new_code() for _ in range(50)] + ["0" * 26, "Z" * 26]:
        expected = segno.make_qr(code, error="m", mask=0, mode="alphanumeric")
        assert drawn(await symbols.svg(code)) == [list(row) for row in expected.matrix]


async def test_the_first_who_ask_at_once_each_get_their_own():
    symbols, codes = QrCodes(None), [new_code() for _ in range(8)]
    at_once = await asyncio.gather(*map(symbols.svg, codes))
    assert at_once == [await symbols.svg(code) for code in codes]
    assert len(set(at_once)) == len(codes)
