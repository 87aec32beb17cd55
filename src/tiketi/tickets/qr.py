"""A ticket code as a QR symbol (ISO/IEC 18004), in SVG.

Every code is as long as every other, so all symbols have the same patterns, and each module of the
rest is a sum modulo 2 of bits of the code: so are the check words, and the mask is added to them.
segno draws the symbol of one bit after the other, once a process; a code's symbol is their sum, at
a fiftieth of what drawing it costs.
"""

import asyncio
from itertools import groupby

import segno

from tiketi.infra.runtime import Runtime
from tiketi.tickets.domain import CODE_CHARACTERS

# The characters of the alphanumeric mode (7.4.4); two of them make a number of eleven bits.
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_NUMBERS = {
    high + low: len(_ALPHABET) * _ALPHABET.index(high) + _ALPHABET.index(low)
    for high in _ALPHABET
    for low in _ALPHABET
}
_PAIR_BITS, _LOW_BITS = 11, 6
_PAIRS = CODE_CHARACTERS // 2
# The smallest symbol that has room for a code, with the most check words that fit beside it.
_VERSION, _ERROR, _SIDE = 2, "q", 25
# Any of the eight is readable, and a code's letters are as good as random under each.
_MASK = 0

# A row is held as bytes of so many modules each, the last of them marked.
_STEP = 5
_ROW_END = 1 << _STEP
_SYMBOL_BYTES = _SIDE * _SIDE // _STEP
_BORDER, _SCALE = 4, 4  # modules of quiet zone, pixels a module
_FULL = _SIDE + 2 * _BORDER
# Its own ground: a dark page behind it would hide it from a reader.
_HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" width="{_FULL * _SCALE}" height="{_FULL * _SCALE}">'
    f'<g transform="scale({_SCALE})"><path fill="#fff" d="M0 0h{_FULL}v{_FULL}h-{_FULL}z"/>'
    f'<path stroke="#000" d="M{_BORDER} {_BORDER + 0.5}'
)
_FOOT = '"/></g></svg>'


class QrCodes:
    """The process's symbols."""

    def __init__(self, _runtime: Runtime) -> None:
        self._symbols: _Symbols | None = None
        self._beginning = asyncio.Lock()

    async def svg(self, code: str) -> str:
        """The symbol of a ticket's code as an ``<svg>`` element: good inline, and as an image of
        its own.
        """
        return (self._symbols or await self._begin()).draw(code)

    async def _begin(self) -> "_Symbols":
        async with self._beginning:
            if self._symbols is None:
                self._symbols = await asyncio.to_thread(_Symbols)
            return self._symbols


class _Symbols:
    """What each pair of a code adds to its symbol."""

    def __init__(self) -> None:
        zeros = ["00"] * _PAIRS
        self._of_zeros = _draw(zeros)
        # By pair, what the low bits of its number add, and what the high ones do.
        self._of_pairs: list[tuple[list[int], list[int]]] = []
        for at in range(_PAIRS):
            of_bits = [
                _draw([*zeros[:at], _pair(1 << bit), *zeros[at + 1 :]]) ^ self._of_zeros
                for bit in range(_PAIR_BITS)
            ]
            self._of_pairs.append((_sums(of_bits[:_LOW_BITS]), _sums(of_bits[_LOW_BITS:])))

    def draw(self, code: str) -> str:
        symbol = self._of_zeros
        for at, (of_low, of_high) in enumerate(self._of_pairs):
            number = _NUMBERS[code[2 * at : 2 * at + 2]]
            symbol ^= of_low[number % len(of_low)] ^ of_high[number // len(of_low)]
        strokes = [_STROKES[step] for step in symbol.to_bytes(_SYMBOL_BYTES)]
        return f"{_HEAD}{''.join(strokes)}{_FOOT}"


def _sums(of_bits: list[int]) -> list[int]:
    """For each number of so many bits, what its bits add."""
    sums = [0]
    for of_bit in of_bits:
        sums += [each ^ of_bit for each in sums]
    return sums


def _pair(number: int) -> str:
    """The two characters that make the number."""
    high, low = divmod(number, len(_ALPHABET))
    return _ALPHABET[high] + _ALPHABET[low]


def _draw(pairs: list[str]) -> int:
    """The modules of a code's symbol, dark ones 1, as one number of ``_SYMBOL_BYTES``."""
    matrix = segno.make_qr(
        "".join(pairs),
        mode="alphanumeric",
        version=_VERSION,
        error=_ERROR,
        boost_error=False,
        mask=_MASK,
    ).matrix
    return int.from_bytes(
        int("".join(map(str, row[at : at + _STEP])), 2) | (_ROW_END if at + _STEP == _SIDE else 0)
        for row in matrix
        for at in range(0, _SIDE, _STEP)
    )


def _stroke(step: int) -> str:
    """The part of a path that draws the dark modules of one byte, by lines as wide as a module."""
    modules = f"{step % _ROW_END:0{_STEP}b}"
    runs = [(dark, len(list(run))) for dark, run in groupby(modules)]
    drawn = [f"h{length}" if dark == "1" else f"m{length} 0" for dark, length in runs]
    return "".join(drawn) + (f"m-{_SIDE} 1" if step & _ROW_END else "")


_STROKES = [_stroke(step) for step in range(2 * _ROW_END)]
