"""The sandbox's test cards: what happens is decided by the number alone."""

from dataclasses import dataclass
from enum import StrEnum

from tiketi.kernel.errors import Invalid


class Deed(StrEnum):
    """What a confirmation with a card does to the charge."""

    CAPTURE = "capture"
    DECLINE = "decline"
    REDIRECT = "redirect"
    CAPTURE_LATER = "capture_later"
    CAPTURE_IN_SILENCE = "capture_in_silence"
    HANG = "hang"


@dataclass(frozen=True, slots=True)
class Card:
    deed: Deed
    failure_code: str | None = None


CARDS: dict[str, Card] = {
    "4242424242424242": Card(Deed.CAPTURE),
    "4000000000000002": Card(Deed.DECLINE, "card_declined"),
    "4000000000009995": Card(Deed.DECLINE, "insufficient_funds"),
    "4000000000003220": Card(Deed.REDIRECT),
    "4000000000000259": Card(Deed.CAPTURE_LATER),
    "4000000000000341": Card(Deed.CAPTURE_IN_SILENCE),
    "4000000000000119": Card(Deed.HANG),
}


def find_card(number: object) -> Card:
    """The test card of that number; Invalid for any other text."""
    card = CARDS.get(number) if isinstance(number, str) else None
    if card is None:
        raise Invalid.at(("body", "card", "number"), "is not one of the sandbox's test cards")
    return card
