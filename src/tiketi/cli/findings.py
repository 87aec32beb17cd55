"""What a check of this machine found, and how it is said."""

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Finding:
    """``remedy``: what to do about it, empty when nothing need be done."""

    subject: str
    state: State
    said: str
    remedy: str = ""


def ok(subject: str, said: str) -> Finding:
    return Finding(subject, State.OK, said)


def warning(subject: str, said: str, remedy: str) -> Finding:
    return Finding(subject, State.WARNING, said, remedy)


def wrong(subject: str, said: str, remedy: str) -> Finding:
    return Finding(subject, State.WRONG, said, remedy)
