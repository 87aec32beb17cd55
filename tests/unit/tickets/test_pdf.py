import re
import zlib

from tiketi.tickets.pdf import Page, broken_into_lines, build_document


def build(*pages: Page, title: str = "A") -> bytes:
    return build_document(pages, title=title, width=420.0, height=595.0)


def contents(document: bytes) -> list[str]:
    return [
        zlib.decompress(stream).decode()
        for stream in re.findall(rb"stream\n(.*?)\nendstream", document, re.DOTALL)
    ]


def test_every_object_is_where_the_table_says():
    pages = [Page(), Page()]
    pages[0].text(10, 20, 12, "가나 다")
    document = build(*pages)
    assert document.startswith(b"%PDF-")
    table_at = int(re.search(rb"startxref\n(\d+)\n%%EOF\n$", document)[1])
    lines = document[table_at:].split(b"\n")
    assert lines[:3] == [b"xref", b"0 12", b"0000000000 65535 f "]
    for number, line in enumerate(lines[3:14], start=1):
        offset = int(line[:10])
        assert document[offset:].startswith(b"%d 0 obj\n" % number)
    assert b"/Count 2" in document


def test_korean_and_latin_are_each_in_their_font_and_nothing_escapes():
    page = Page()
    page.text(1, 2, 12, "봄 (A) \\ 1")
    (content,) = contents(build(page))
    korean, latin = "봄".encode("utf-16-be").hex(), " (A) \\ 1".encode("cp1252").hex()
    assert content == f"BT 1 2 Td\n/K 12 Tf <{korean}> Tj\n/L 12 Tf <{latin}> Tj\nET"


def test_a_title_of_any_characters_is_well_formed():
    assert b"/Title <feff" in build(Page(), title="😀 (").lower().replace(b"title", b"Title")


def test_lines_break_at_spaces_or_between_syllables_and_end_in_an_ellipsis():
    assert broken_into_lines("one two", 10, 1_000, 2) == ["one two"]
    assert broken_into_lines("one two three", 10, 45, 3) == ["one two", "three"]
    assert broken_into_lines("가나다라마", 10, 20, 3) == ["가나", "다라", "마"]
    assert broken_into_lines("가나다라마", 10, 20, 2) == ["가나", "다…"]
    assert broken_into_lines("x" * 100, 10, 57, 1) == ["x" * 9 + "…"]
    assert broken_into_lines("", 10, 20, 2) == [""]
