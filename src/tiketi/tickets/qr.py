"""A ticket code as a QR symbol (ISO/IEC 18004), drawn once and off the event loop."""

import asyncio
from collections import OrderedDict
from io import BytesIO

import segno

from tiketi.infra.runtime import Runtime

CACHED_MAX = 2_000  # about 4 KB each
DRAWN_AT_ONCE_MAX = 2
# Any of the eight is readable, and a code's letters are as good as random under each. Looking for
# the one that scores best takes five times as long as all the rest.
_MASK = 0


class QrCodes:
    """The process's symbols, the latest used kept."""

    def __init__(self, _runtime: Runtime) -> None:
        self._cached: OrderedDict[str, str] = OrderedDict()
        self._drawing = asyncio.Semaphore(DRAWN_AT_ONCE_MAX)

    async def svg(self, code: str) -> str:
        """The symbol as an ``<svg>`` element: good inline, and as an image of its own."""
        found = self._cached.get(code)
        if found is None:
            async with self._drawing:
                found = await asyncio.to_thread(_draw, code)
            self._cached[code] = found
        self._cached.move_to_end(code)
        while len(self._cached) > CACHED_MAX:
            self._cached.popitem(last=False)
        return found


def _draw(code: str) -> str:
    svg = BytesIO()
    # Its own ground: a dark page behind it would hide it from a reader.
    segno.make_qr(code, error="m", mask=_MASK).save(
        svg, kind="svg", scale=4, border=4, light="#fff", xmldecl=False, nl=False
    )
    return svg.getvalue().decode()
