"""Text that is no catalogue at all, or is one in an unusual dress."""

import json
import time
import unicodedata

import pytest

from tests.support.catalogues import GOOD, as_data, problems_of, read
from tiketi.admin.catalogue.document import FILE_BYTES_MAX


def only_problem(text):
    (problem,) = problems_of(text)
    return problem


def test_json_is_read_too():
    data = as_data(GOOD)
    for indent in (None, 2, "\t"):
        assert read(json.dumps(data, indent=indent)) == read(GOOD)
        assert read(json.dumps(data, indent=indent, ensure_ascii=False)) == read(GOOD)


def test_json_escapes_beyond_the_basic_plane_are_joined():
    text = GOOD.replace("첫날 밤", json.dumps("밤 🌙"))
    assert "\\ud83c" in text
    assert read(text).events[0].title == "밤 🌙"


@pytest.mark.parametrize("dress", ["\ufeff{}", "# note\n---\n{}...\n"])
def test_byte_order_mark_and_document_marks_are_harmless(dress):
    assert read(dress.replace("{}", GOOD)) == read(GOOD)


def test_windows_line_ends_keep_the_lines():
    text = GOOD.replace("name: VIP", "name: vip").replace("\n", "\r\n")
    assert only_problem(text).line == 10


def test_decomposed_hangul_is_composed():
    assert read(unicodedata.normalize("NFD", GOOD)) == read(GOOD)


def test_korean_code_page_is_named_by_line():
    problem = only_problem(GOOD.encode("cp949"))
    assert (problem.line, problem.column) == (3, 11)
    assert "save the file as UTF-8" in problem.reason


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\x85", "\u2028", "\ufeff", "\x7f"])
def test_unprintable_character_is_named_by_line(character):
    problem = only_problem(GOOD.replace("첫날", "첫" + character + "날"))
    assert (problem.line, problem.column) == (19, 13)
    assert f"U+{ord(character):04X}" in problem.reason


@pytest.mark.parametrize("text", ["", "\n\n", "# only a note\n", "\ufeff"])
def test_empty_file_says_so(text):
    assert only_problem(text).reason == "the file is empty"


@pytest.mark.parametrize(("text", "line"), [("just text", 1), ("\n- a\n- b\n", 2), ("~", 1)])
def test_file_that_is_no_mapping_is_refused(text, line):
    problem = only_problem(text)
    assert problem.line == line
    assert "fields with values" in problem.reason


def test_second_document_is_refused():
    problem = only_problem(GOOD + "---\n" + GOOD)
    assert problem.line == GOOD.count("\n") + 1
    assert "second document" in problem.reason


def test_bracket_left_open_is_named_where_it_opens():
    problem = only_problem(GOOD.replace("percent: 90}", "percent: 90"))
    assert problem.line == 29
    assert "not closed" in problem.reason


def test_quote_left_open_is_named_where_it_opens():
    problem = only_problem(GOOD.replace('"101"', '"101'))
    assert problem.line == 14


def test_bad_indentation_is_named():
    problem = only_problem(GOOD.replace("    venue: 달", "   venue: 달"))
    assert problem.line == 20


def test_alias_bomb_is_refused_at_once():
    levels = "".join(f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    started = time.monotonic()
    problems = problems_of("a0: &a0 [lol]\n" + levels)
    assert time.monotonic() - started < 1
    assert problems[0].line == 2
    assert "aliases" in problems[0].reason


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "- ? "])
def test_deep_nesting_is_refused(opening):
    (problem,) = problems_of(opening * 100_000)
    assert problem.line == 1
    assert "nested deeper" in problem.reason or problem.reason == "a key must be text"


def test_key_that_is_no_text_is_refused():
    assert only_problem("[a]: 1").reason == "a key must be text"


def test_file_over_the_bound_is_refused_unread():
    assert "over 8 MiB" in only_problem(b"#" * (FILE_BYTES_MAX + 1)).reason


def test_hall_written_out_seat_by_seat_is_read():
    data = as_data(GOOD)
    seats = [{"number": n, "x": n, "y": 0.5, "accessible": n < 9} for n in range(1, 9_999)]
    data["layouts"][0]["sections"][1]["rows"] = [{"name": "A", "seats": seats}]
    catalogue = read(json.dumps(data))
    assert len(catalogue.layouts[0].sections[1].rows[0].seats) == 9_998
