from datetime import UTC, datetime
from email import policy
from email.parser import BytesParser
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi.notifications.domain import Mail
from tiketi.notifications.envelope import build_message

ID = UUID("01999999-0000-7000-8000-000000000001")
NOW = datetime(2026, 12, 24, 10, 0, tzinfo=UTC)
_LINES = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=300
).map(lambda text: " ".join(text.split()))


def _sent(to="hana@example.com", subject="S", body="B", sender="Tiketi <tickets@tiketi.local>"):
    message = build_message(Mail(to, subject, body), message_id=ID, sender=sender, now=NOW)
    return message.as_bytes()


def _received(**parts):
    return BytesParser(policy=policy.default).parsebytes(_sent(**parts))


def test_a_letter_arrives_as_it_was_written():
    body = "안녕하세요, 김하나님.\n\n좌석 VIP-1-5\n"
    letter = _received(subject="[Tiketi] 예매 완료 TK-1 · Reservation confirmed", body=body)
    assert letter["Subject"] == "[Tiketi] 예매 완료 TK-1 · Reservation confirmed"
    assert letter.get_content().splitlines() == body.splitlines()
    assert letter["To"] == "hana@example.com"
    assert letter["From"] == "Tiketi <tickets@tiketi.local>"
    assert letter["Message-ID"] == f"<{ID}@tiketi.local>"
    assert letter["Date"].datetime == NOW
    assert letter["Auto-Submitted"] == "auto-generated"
    assert letter.get_content_type() == "text/plain"


def test_nothing_but_ascii_goes_over_the_wire_in_short_lines():
    raw = _sent(subject="예매 완료 " * 40, body="한글 " * 2_000, sender="티케티 <a@한국.kr>")
    assert raw.isascii()
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_international_domains_go_in_their_ascii_form():
    letter = _received(to="hana@한국.kr", sender="티케티 <tickets@한국.kr>")
    assert letter["To"] == "hana@xn--3e0b707e.kr"
    assert letter["From"].addresses[0].display_name == "티케티"
    assert letter["From"].addresses[0].addr_spec == "tickets@xn--3e0b707e.kr"
    assert letter["Message-ID"] == f"<{ID}@xn--3e0b707e.kr>"


@pytest.mark.parametrize("to", ["", "nobody", "하나@example.com", "a@" + "b" * 64 + ".kr"])
def test_an_address_that_smtp_cannot_carry_is_refused(to):
    with pytest.raises(ValueError, match=r"."):
        _sent(to=to)


@pytest.mark.parametrize("field", ["to", "subject"])
def test_no_header_can_be_smuggled_in(field):
    with pytest.raises(ValueError, match="linefeed"):
        _sent(**{field: "hana@example.com\r\nBcc: everyone@example.com"})


@given(subject=_LINES, body=st.text(st.characters(exclude_categories=["Cs", "Cc"])))
def test_any_text_arrives(subject, body):
    letter = _received(subject=subject, body=body)
    assert " ".join(letter["Subject"].split()) == subject
    assert letter.get_content().rstrip("\r\n") == body
    assert set(letter.keys()) == {
        "Message-ID", "Date", "From", "To", "Subject", "Auto-Submitted", "Content-Type",
        "Content-Transfer-Encoding", "MIME-Version",
    }  # fmt: skip
