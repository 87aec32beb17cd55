"""Tickets on paper: a PDF with a page for each, drawn off the event loop."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from zoneinfo import ZoneInfo

import segno

from tiketi.events.api import Event
from tiketi.infra.runtime import Runtime
from tiketi.tickets.domain import Ticket, TicketStatus
from tiketi.tickets.pdf import Page, Rectangle, broken_into_lines, build_document

DRAWN_AT_ONCE_MAX = 2
WIDTH, HEIGHT = 420.0, 595.0  # A5, points
MARGIN = 40.0
QR_SIDE = 180.0
TITLE_SIZE, TEXT_SIZE, LABEL_SIZE = 22.0, 12.0, 9.0
_STATUS_WORDS = {
    TicketStatus.USED: "사용한 티켓 · Used",
    TicketStatus.VOID: "무효 · Void",
}


@dataclass(frozen=True, slots=True)
class TicketSheet:
    """What is printed: the tickets of one reservation."""

    event: Event
    reservation_number: str
    tickets: Sequence[Ticket]


class TicketPrinter:
    """The process's printer; so many sheets at once and no more."""

    def __init__(self, _runtime: Runtime) -> None:
        self._drawing = asyncio.Semaphore(DRAWN_AT_ONCE_MAX)

    async def print(self, sheet: TicketSheet) -> bytes:
        """The PDF."""
        async with self._drawing:
            return await asyncio.to_thread(draw_sheet, sheet)


def draw_sheet(sheet: TicketSheet) -> bytes:
    """A page a ticket, in their order. One that lets nobody in shows why instead of its code."""
    pages = [_draw_ticket(sheet, ticket) for ticket in sheet.tickets]
    title = f"{sheet.event.title} · {sheet.reservation_number}"
    return build_document(pages, title=title, width=WIDTH, height=HEIGHT)


def _draw_ticket(sheet: TicketSheet, ticket: Ticket) -> Page:
    page, top = Page(), HEIGHT - MARGIN
    for line in broken_into_lines(sheet.event.title, TITLE_SIZE, WIDTH - 2 * MARGIN, 2):
        top -= TITLE_SIZE * 1.25
        page.text(MARGIN, top, TITLE_SIZE, line)
    for label, value in _facts(sheet, ticket):
        top -= LABEL_SIZE * 2.2
        page.text(MARGIN, top, LABEL_SIZE, label)
        for line in broken_into_lines(value, TEXT_SIZE, WIDTH - 2 * MARGIN, 2):
            top -= TEXT_SIZE * 1.3
            page.text(MARGIN, top, TEXT_SIZE, line)
    if ticket.status is TicketStatus.VALID:
        page.fill(_modules(ticket.code, (WIDTH - QR_SIDE) / 2, MARGIN + 2 * TEXT_SIZE))
        page.text(MARGIN, MARGIN, TEXT_SIZE, ticket.code)
    else:
        page.text(MARGIN, MARGIN, TITLE_SIZE, _STATUS_WORDS[ticket.status])
    return page


def _facts(sheet: TicketSheet, ticket: Ticket) -> Iterator[tuple[str, str]]:
    event, tier = sheet.event, sheet.event.tier(ticket.tier_id)
    if event.artist:
        yield "출연 · Artist", event.artist
    starts_at = event.starts_at.astimezone(ZoneInfo(event.venue.timezone))
    yield "일시 · When", f"{starts_at:%Y-%m-%d %H:%M} {event.venue.timezone}"
    yield "장소 · Where", f"{event.venue.name}, {event.venue.address}"
    tier_name = tier.name if tier else ""
    seat = " ".join(filter(None, [tier_name, ticket.seat_id]))
    yield "좌석 · Seat", seat
    yield "예매 번호 · Reservation", sheet.reservation_number


def _modules(code: str, left: float, foot: float) -> Iterator[Rectangle]:
    """The dark modules of the QR symbol, those side by side as one."""
    matrix = [list(row) for row in segno.make_qr(code, error="m").matrix]
    side = QR_SIDE / len(matrix)
    for down, row in enumerate(matrix):
        column = 0
        for dark, run in groupby(row):
            length = len(list(run))
            if dark:
                y = foot + (len(matrix) - 1 - down) * side
                yield left + column * side, y, length * side, side
            column += length
