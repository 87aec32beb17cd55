import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi.auth.domain import EMAIL_CHARACTERS_MAX, email_key, is_email


@pytest.mark.parametrize(
    "email",
    [
        "a@b.kr",
        "Hana.Kim+tickets@Example.co.kr",
        "o'neil!#$%&*/=?^_`{|}~-@example.com",
        "hana@한국.kr",
        "hana@例え.テスト",
        "hana@xn--3e0b707e.kr",
        "hana@MÜLLER.example",
        "1@1.example",
        "l" * 64 + "@example.com",
        "hana@" + "a" * 63 + ".example",
    ],
)
def test_addresses_of_people_are_addresses(email):
    assert is_email(email)


@pytest.mark.parametrize(
    "email",
    [
        "",
        "@",
        "hana",
        "hana@",
        "@example.com",
        "hana@example",
        "hana@.example.com",
        "hana@example.com.",
        "hana@example..com",
        "hana@-example.com",
        "hana@example-.com",
        "hana@exam_ple.com",
        "hana@127.0.0.1",
        "hana@[127.0.0.1]",
        "hana@example.123",
        "hana@one@two.com",
        "hana..kim@example.com",
        ".hana@example.com",
        "hana.@example.com",
        '"hana kim"@example.com',
        "hana kim@example.com",
        "하나@example.com",
        "\u212aim@example.com",  # the Kelvin sign, a k without case
        "hana@exa\u200bmple.com",
        "hana@example.com\u2028",
        "hana@exa\u00a0mple.com",
        "hana@example\uff20b.com",
        "hana\n@example.com",
        "hana@example.com\r\nBcc: everyone@example.com",
        "l" * 65 + "@example.com",
        "hana@" + "a" * 64 + ".example",
        "hana@" + "a." * 130 + "kr",
    ],
)
def test_what_no_mail_could_reach_is_no_address(email):
    assert not is_email(email)


@given(st.emails())
def test_addresses_by_the_standard_are_addresses(email):
    assert is_email(email) or len(email) > EMAIL_CHARACTERS_MAX or len(email.split("@")[0]) > 64


@given(st.text(max_size=300))
def test_an_address_is_one_line_without_blanks(text):
    if is_email(text):
        assert len(text) <= EMAIL_CHARACTERS_MAX
        assert text.isprintable()
        assert not any(character.isspace() for character in text)


@given(st.text(max_size=300))
def test_any_text_has_a_key_and_its_own_key_is_itself(text):
    assert email_key(email_key(text)) == email_key(text)


@given(st.emails())
def test_the_key_of_an_address_knows_no_case(email):
    assert email_key(email.upper()) == email_key(email.lower()) == email_key(email)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("HANA@Example.COM", "hana@example.com"),
        ("hana@한국.kr", "hana@xn--3e0b707e.kr"),
        ("hana@MÜLLER.example", "hana@müller.example"),
    ],
)
def test_spellings_of_one_address_share_a_key(one, other):
    assert email_key(one) == email_key(other)


def test_different_addresses_have_different_keys():
    assert email_key("hana@example.com") != email_key("hana+1@example.com")
    assert email_key("hana@example.com") != email_key("hana@example.org")
