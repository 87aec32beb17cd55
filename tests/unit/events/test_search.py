"""Text as keystrokes: what is half typed is a beginning of what is meant."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi.events.search import TERMS_MAX, fold, searchable, terms_of


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("방탄소년단", "ㅂㅏㅇㅌㅏㄴㅅㅗㄴㅕㄴㄷㅏㄴ"),
        ("Coldplay: LIVE!", "coldplay live"),
        ("Beyoncé", "beyonce"),
        ("(G)I-DLE", "g i dle"),
        ("ＢＴＳ ２０２６", "bts 2026"),  # noqa: RUF001 # full width, as typed
        ("ㄳ ㅘ", "ㄱㅅ ㅗㅏ"),
        ("값", "ㄱㅏㅂㅅ"),
        ("  \t snake_case  ", "snake case"),
        ("🎸!?", ""),
    ],
)
def test_words_become_keystrokes(text, folded):
    assert fold(text) == folded


@pytest.mark.parametrize("typed", ["ㅂ", "바", "방", "방ㅌ", "방타", "방탄", "방탄손", "방탄소녀"])
def test_every_moment_of_typing_is_a_beginning(typed):
    assert fold("방탄소년단").startswith(fold(typed))


def test_spaces_may_be_left_out():
    assert fold("방탄소년단") in searchable("방탄 소년단 콘서트")
    assert "gidle" in searchable("(G)I-DLE")


def test_a_query_is_the_whole_and_its_words():
    assert terms_of("Coldplay 서울") == ("coldplayㅅㅓㅇㅜㄹ", "coldplay", "ㅅㅓㅇㅜㄹ")
    assert terms_of(" !? ") == ()
    assert len(terms_of("a b c d e f g h")) == 1 + TERMS_MAX


@given(st.text(max_size=60))
def test_folding_is_total_and_done_once(text):
    folded = fold(text)
    assert fold(folded) == folded
    assert not set(folded) & set("%_\\")
