"""Text as keystrokes, so that a half-typed or mistyped Korean word still resembles the right one.

Case, accents and punctuation go; a Hangul syllable becomes the letters that one types for it,
the same letter at its beginning and at its end (while 소년 is being typed it reads 손, then 소녀).
"""

import re
from itertools import chain
from unicodedata import combining, normalize

QUERY_CHARACTERS_MAX = 100
TERMS_MAX = 5

# The conjoining Jamo of Unicode (ch. 18.6) as the letters on a keyboard, compound ones apart.
_LEADS = "ㄱ ㄱㄱ ㄴ ㄷ ㄷㄷ ㄹ ㅁ ㅂ ㅂㅂ ㅅ ㅅㅅ ㅇ ㅈ ㅈㅈ ㅊ ㅋ ㅌ ㅍ ㅎ"
_VOWELS = "ㅏ ㅐ ㅑ ㅒ ㅓ ㅔ ㅕ ㅖ ㅗ ㅗㅏ ㅗㅐ ㅗㅣ ㅛ ㅜ ㅜㅓ ㅜㅔ ㅜㅣ ㅠ ㅡ ㅡㅣ ㅣ"
_TAILS = (
    "ㄱ ㄱㄱ ㄱㅅ ㄴ ㄴㅈ ㄴㅎ ㄷ ㄹ ㄹㄱ ㄹㅁ ㄹㅂ ㄹㅅ ㄹㅌ ㄹㅍ ㄹㅎ "
    "ㅁ ㅂ ㅂㅅ ㅅ ㅅㅅ ㅇ ㅈ ㅊ ㅋ ㅌ ㅍ ㅎ"
)
_KEYSTROKES = {
    first + offset: letters
    for first, table in ((0x1100, _LEADS), (0x1161, _VOWELS), (0x11A8, _TAILS))
    for offset, letters in enumerate(table.split())
}
_BETWEEN_WORDS = re.compile(r"[\W_]+")


def fold(text: str) -> str:
    """The text's words in keystrokes, one space between them."""
    decomposed = normalize("NFKD", normalize("NFKD", text).casefold())
    letters = "".join(character for character in decomposed if not combining(character))
    # Single letters, as they stand while a word is typed, decompose to conjoining ones too.
    return _BETWEEN_WORDS.sub(" ", letters.translate(_KEYSTROKES)).strip()


def searchable(*fields: str) -> str:
    """What a search looks in: every field, and again without its spaces, which Korean is free to
    set or leave out.
    """
    folded = [fold(field) for field in fields]
    joined = (words.replace(" ", "") for words in folded if " " in words)
    return " ".join(filter(None, chain(folded, joined)))


def terms_of(query: str) -> tuple[str, ...]:
    """The query as written, and its words; empty when nothing in it can be looked for."""
    words = fold(query[:QUERY_CHARACTERS_MAX]).split()
    return ("".join(words), *words[:TERMS_MAX]) if words else ()
