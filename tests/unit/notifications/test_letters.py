from datetime import UTC, datetime

from tiketi.kernel.money import Money
from tiketi.notifications import api as letters


def test_a_reset_letter_has_the_link_in_both_languages():
    letter = letters.password_reset("https://tiketi.example/r#token=abc", minutes=60)
    assert letter.body_text.count("https://tiketi.example/r#token=abc") == 2
    assert "60분" in letter.body_text
    assert "60 minutes" in letter.body_text


def test_a_confirmation_says_what_where_when_and_how_much():
    letter = letters.reservation_confirmed(
        number="TK-7H2K",
        event_title="아이유 콘서트",
        venue_name="KSPO DOME",
        starts_at=datetime(2026, 12, 24, 10, 0, tzinfo=UTC),
        timezone="Asia/Seoul",
        amount=Money(150_000, "KRW"),
        link="https://tiketi.example/reservations/1",
    )
    assert "TK-7H2K" in letter.subject
    for said in ("아이유 콘서트", "KSPO DOME", "2026-12-24 19:00 (KST)", "150,000 KRW"):
        assert letter.body_text.count(said) == 2
    assert "https://tiketi.example/reservations/1" in letter.body_text


def test_every_letter_is_in_korean_and_english():
    written = [
        letters.password_changed(),
        letters.reservation_refunded(number="TK-1", event_title="Gala", amount=Money(1050, "USD")),
        letters.event_cancelled(number="TK-1", event_title="Gala"),
    ]
    for letter in written:
        assert letter.subject.startswith("[Tiketi] ")
        assert any("가" <= character <= "힣" for character in letter.body_text)
        assert any("a" <= character <= "z" for character in letter.body_text)
    assert "10.50 USD" in written[1].body_text
