"""Whatever the bytes are, the reader answers with a catalogue or with its own error."""

import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.support.catalogues import GOOD, NOW
from tiketi.admin.catalogue.errors import CatalogueInvalid
from tiketi.admin.catalogue.models import Catalogue
from tiketi.admin.catalogue.parse import parse_catalogue
from tiketi.admin.catalogue.plan import plan_catalogue

GOOD_BYTES = GOOD.encode()
TOKENS = [
    *("{", "}", "[", "]", ",", ": ", "- ", "? ", "\n", "  ", "#", "'", '"', "|", ">", "&a", "*a"),
    *("!!", "!", "%YAML 1.1\n", "---", "...", "@", "`", "\t", "\\ud83c", "\\U00110000", "\\x00"),
    *("<<", "~", "null", "yes", ".inf", "1e999", "9" * 5000, "-", "0x10", "=", "events", "layouts"),
    *("name", "rows", "seats", "slug", "now", "start", "\u2028", "\ufeff", "가", "🌙", "+1d"),
]


def reads_or_refuses(data: bytes) -> None:
    refusal = None
    try:
        catalogue = parse_catalogue(data, filename="f", now=NOW)
    except CatalogueInvalid as error:
        refusal = error
    if refusal is None:
        assert isinstance(catalogue, Catalogue)
        plan_catalogue(catalogue, now=NOW)
        return
    lines = data.count(b"\n") + data.count(b"\r") + 1
    assert refusal.problems
    assert all(1 <= each.line <= lines and each.column >= 1 for each in refusal.problems)
    assert len(refusal.lines()) <= 51


@settings(deadline=None)
@given(st.binary(max_size=400))
@example(b"\xff\xfe{\x00}\x00")
@example(b'"\\U00110000"')
@example(b'"\\ud800\\U00110000"')
def test_any_bytes(data):
    reads_or_refuses(data)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text(text):
    reads_or_refuses(text.encode("utf-8", "surrogatepass"))


@settings(deadline=None)
@given(st.lists(st.sampled_from(TOKENS), max_size=60))
@example(["\\ud83c", '"', "\\U00110000", '"'])
@example(["? ", "- ", "? ", "- "])
def test_any_pile_of_tokens(tokens):
    reads_or_refuses("".join(tokens).encode())


@settings(deadline=None)
@given(
    st.integers(0, len(GOOD_BYTES)),
    st.integers(0, 40),
    st.one_of(st.binary(max_size=20), st.sampled_from(TOKENS).map(str.encode)),
)
def test_any_spot_of_a_good_file_overwritten(begin, length, bytes_):
    reads_or_refuses(GOOD_BYTES[:begin] + bytes_ + GOOD_BYTES[begin + length :])


VALUES = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=12),
        st.sampled_from(["now", "+2h", "start", "KRW", "A", "1-1", "Asia/Seoul", "small"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)  # fmt: skip
FIELDS = sorted(
    {
        field
        for part in [
            Catalogue.model_json_schema(),
            *Catalogue.model_json_schema()["$defs"].values(),
        ]
        for field in part["properties"]
    }
)


@settings(deadline=None)
@given(st.recursive(VALUES, lambda inner: st.one_of(
    st.dictionaries(st.sampled_from(FIELDS), inner, max_size=6), st.lists(inner, max_size=3)
), max_leaves=20))  # fmt: skip
def test_any_document_of_known_fields(value):
    reads_or_refuses(yaml.safe_dump(value, allow_unicode=True).encode("utf-8", "surrogatepass"))
