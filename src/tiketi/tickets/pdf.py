"""As much of PDF (ISO 32000-1) as a ticket needs: pages of text and of rectangles.

Latin text is set in Helvetica, all else in a Korean font of the reader's: Adobe-Korea1 is one of
the collections that every reader knows (§9.7.5), so no font of megabytes travels with a ticket.
"""

import zlib
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

Rectangle = tuple[float, float, float, float]  # x, y, width, height; points from the lower left

WORD_MAX = 24  # what is longer is broken where the line ends

_LATIN, _KOREAN = "L", "K"
# Of its size; Latin letters differ, but a line is only broken by it.
_WIDTHS = {_LATIN: 0.56, _KOREAN: 1.0}
_FIXED_OBJECTS = (
    b"<< /Type /Catalog /Pages 2 0 R >>",
    b"",  # the pages, known at the end
    b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /HYGoThic-Medium-UniKS-UTF16-H"
        b" /Encoding /UniKS-UTF16-H /DescendantFonts [5 0 R] >>"
    ),
    (
        b"<< /Type /Font /Subtype /CIDFontType0 /BaseFont /HYGoThic-Medium /DW 1000"
        b" /CIDSystemInfo << /Registry (Adobe) /Ordering (Korea1) /Supplement 1 >>"
        b" /FontDescriptor 6 0 R >>"
    ),
    (
        b"<< /Type /FontDescriptor /FontName /HYGoThic-Medium /Flags 4 /ItalicAngle 0 /StemV 58"
        b" /FontBBox [-6 -145 1003 880] /Ascent 752 /Descent -271 /CapHeight 737 >>"
    ),
)


class Page:
    """What is drawn on it, in order."""

    def __init__(self) -> None:
        self._operators: list[str] = []

    def text(self, x: float, y: float, size: float, text: str) -> None:
        """One line, its foot at ``y``."""
        shown = [f"BT {x:g} {y:g} Td"]
        for font, run in _runs(text):
            shown.append(f"/{font} {size:g} Tf {_encoded(font, run)} Tj")
        self._operators += [*shown, "ET"]

    def fill(self, rectangles: Iterable[Rectangle]) -> None:
        self._operators += [f"{x:g} {y:g} {w:g} {h:g} re" for x, y, w, h in rectangles]
        self._operators.append("f")

    @property
    def content(self) -> bytes:
        return zlib.compress("\n".join(self._operators).encode("ascii"))


def broken_into_lines(text: str, size: float, width: float, lines_max: int) -> list[str]:
    """The text in lines that fit; what is too much ends in an ellipsis."""
    lines = [""]
    for word in _pieces(text):
        if lines[-1] and _width_of(lines[-1] + word, size) > width:
            lines.append("")
        lines[-1] += word if lines[-1] else word.lstrip()
    if len(lines) > lines_max:
        lines = [*lines[: lines_max - 1], lines[lines_max - 1].rstrip()[:-1] + "…"]
    return [line.rstrip() for line in lines]


def build_document(pages: Sequence[Page], *, title: str, width: float, height: float) -> bytes:
    """The file. Every page is ``width`` by ``height`` points."""
    objects = list(_FIXED_OBJECTS)
    kids = []
    for page in pages:
        content = page.content
        objects.append(
            b"<< /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream"
            % (len(content), content)
        )
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %g %g] /Contents %d 0 R"
            b" /Resources << /Font << /L 3 0 R /K 4 0 R >> >> >>" % (width, height, len(objects))
        )
        kids.append(b"%d 0 R" % len(objects))
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%b] >>" % (len(kids), b" ".join(kids))
    name = f"\ufeff{title}".encode("utf-16-be").hex()
    objects.append(b"<< /Title <%b> >>" % name.encode())
    return _written(objects)


def _written(objects: Sequence[bytes]) -> bytes:
    # The second line's bytes tell a transfer program that this is not text (§7.5.2).
    written = bytearray(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
    offsets = []
    for number, content in enumerate(objects, start=1):
        offsets.append(len(written))
        written += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table_at, count = len(written), len(objects) + 1
    written += b"xref\n0 %d\n0000000000 65535 f \n" % count
    written += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    written += b"trailer\n<< /Size %d /Root 1 0 R /Info %d 0 R >>\n" % (count, len(objects))
    written += b"startxref\n%d\n%%%%EOF\n" % table_at
    return bytes(written)


def _font_of(character: str) -> str:
    try:
        character.encode("cp1252")
    except UnicodeEncodeError:
        return _KOREAN
    return _LATIN


def _runs(text: str) -> Iterator[tuple[str, str]]:
    for font, characters in groupby(text, _font_of):
        yield font, "".join(characters)


def _encoded(font: str, run: str) -> str:
    return f"<{run.encode('cp1252' if font == _LATIN else 'utf-16-be').hex()}>"


def _pieces(text: str) -> Iterator[str]:
    """Where a line may break: before a space, and anywhere within what has none for long."""
    for word in text.split():
        yield " "
        yield from (word if _font_of(word[0]) == _KOREAN or len(word) > WORD_MAX else [word])


def _width_of(text: str, size: float) -> float:
    return size * sum(_WIDTHS[_font_of(character)] for character in text)
