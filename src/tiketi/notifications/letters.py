"""What we write to people: short, in Korean and then in English, plain text."""

from collections.abc import Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from tiketi.kernel.money import Money
from tiketi.notifications.domain import Letter

_RULE = "―" * 20


def password_reset(link: str, *, minutes: int) -> Letter:
    """``link`` holds the token; it is good for so many minutes."""
    return _letter(
        "비밀번호 재설정 · Reset your password",
        "아래 링크에서 새 비밀번호를 정해 주세요.\n"
        f"링크는 {minutes}분 안에 한 번만 쓸 수 있습니다.\n\n{link}\n\n"
        "요청하지 않으셨다면 이 메일을 무시하셔도 됩니다.",
        f"Choose a new password at the link below. It works once, within {minutes} minutes.\n"
        f"\n{link}\n\nIf you did not ask for this, you may ignore this mail.",
    )


def password_changed() -> Letter:
    return _letter(
        "비밀번호가 변경되었습니다 · Your password was changed",
        "비밀번호가 변경되어 모든 기기에서 로그아웃되었습니다.\n"
        "본인이 변경하지 않았다면 바로 비밀번호를 재설정해 주세요.",
        "Your password was changed, and every device was logged out.\n"
        "If that was not you, reset your password now.",
    )


def reservation_confirmed(
    *,
    number: str,
    event_title: str,
    venue_name: str,
    starts_at: datetime,
    timezone: str,
    amount: Money,
    link: str,
) -> Letter:
    """``number`` is the reservation's, ``timezone`` the venue's IANA name, ``link`` the page
    of its tickets.
    """
    starts = _local(starts_at, timezone)
    return _letter(
        f"예매 완료 {number} · Reservation confirmed",
        f"{event_title}\n{venue_name}\n{starts}\n예매번호 {number} · 결제 금액 {amount}\n\n"
        f"티켓 보기: {link}",
        f"{event_title}\n{venue_name}\n{starts}\nReservation {number} · paid {amount}\n\n"
        f"Your tickets: {link}",
    )


def reservation_refunded(*, number: str, event_title: str, amount: Money) -> Letter:
    """``amount`` is what goes back to the buyer."""
    return _letter(
        f"환불 완료 {number} · Refunded",
        f"{event_title}\n예매번호 {number} · 환불 금액 {amount}\n\n"
        "결제하신 수단으로 환불됩니다. 카드사에 따라 며칠 걸릴 수 있습니다.",
        f"{event_title}\nReservation {number} · refunded {amount}\n\n"
        "The money goes back the way it came. Your bank may take a few days.",
    )


def event_cancelled(*, number: str, event_title: str) -> Letter:
    """To who holds a reservation of an event that will not take place."""
    return _letter(
        f"공연 취소 {number} · Event cancelled",
        f"{event_title}\n예매번호 {number}\n\n공연이 취소되어 결제 금액을 전액 환불해 드립니다.",
        f"{event_title}\nReservation {number}\n\n"
        "The event was cancelled. You will be refunded in full.",
    )


def places_offered(
    *,
    event_title: str,
    venue_name: str,
    starts_at: datetime,
    timezone: str,
    places: Sequence[str],
    until: datetime,
    link: str,
) -> Letter:
    """To who waited: ``places`` are seat ids, or tiers with how many, kept ``until`` then."""
    starts, ends, named = _local(starts_at, timezone), _local(until, timezone), ", ".join(places)
    return _letter(
        "대기하신 좌석이 나왔습니다 · Places for you",
        f"{event_title}\n{venue_name}\n{starts}\n{named}\n\n"
        f"{ends}까지 고객님만 예매하실 수 있습니다. 그 뒤에는 다음 분께 넘어갑니다.\n\n{link}",
        f"{event_title}\n{venue_name}\n{starts}\n{named}\n\n"
        f"They are kept for you until {ends}. Then they go to the next in line.\n\n{link}",
    )


def _letter(subject: str, korean: str, english: str) -> Letter:
    return Letter(f"[Tiketi] {subject}", f"{korean}\n\n{_RULE}\n\n{english}\n")


def _local(moment: datetime, timezone: str) -> str:
    return moment.astimezone(ZoneInfo(timezone)).strftime("%Y-%m-%d %H:%M (%Z)")
