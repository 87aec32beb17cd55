"""A letter before it has an envelope."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Letter:
    subject: str
    body_text: str


@dataclass(frozen=True, slots=True)
class Mail:
    """A letter to one address, as the outbox keeps it until it is sent."""

    to: str
    subject: str
    body_text: str

    def payload(self) -> dict[str, str]:
        return {"to": self.to, "subject": self.subject, "body_text": self.body_text}

    @classmethod
    def of(cls, payload: dict[str, Any]) -> "Mail":
        return cls(payload["to"], payload["subject"], payload["body_text"])
