"""The one door to notifications for other modules: letters, and the way to send one."""

from tiketi.notifications.domain import Letter
from tiketi.notifications.letters import (
    event_cancelled,
    password_changed,
    password_reset,
    places_offered,
    reservation_confirmed,
    reservation_refunded,
)
from tiketi.notifications.service import enqueue_letters, enqueue_mail

__all__ = [
    "Letter",
    "enqueue_letters",
    "enqueue_mail",
    "event_cancelled",
    "password_changed",
    "password_reset",
    "places_offered",
    "reservation_confirmed",
    "reservation_refunded",
]
