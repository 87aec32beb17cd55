"""What other modules may use of seats."""

from tiketi.seats.domain import SeatMap, SeatPlace, SeatRow, SeatSection
from tiketi.seats.maps import SeatMaps

__all__ = [
    "SeatMap",
    "SeatMaps",
    "SeatPlace",
    "SeatRow",
    "SeatSection",
]
