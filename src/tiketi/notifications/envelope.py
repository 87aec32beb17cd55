"""A mail as the bytes that a mail server takes (RFC 5322)."""

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr, parseaddr
from uuid import UUID

from tiketi.notifications.domain import Mail

# No server needs 8BITMIME for what is encoded as ASCII.
_POLICY = SMTP.clone(cte_type="7bit")


def build_message(mail: Mail, *, message_id: UUID, sender: str, now: datetime) -> EmailMessage:
    """The message. Its Message-ID is the outbox message's, so a repeated delivery shows itself.

    ``sender`` is an address, with or without a name. ValueError for an address that is none.
    """
    name, address = parseaddr(sender)
    domain = address.rpartition("@")[2]
    message = EmailMessage(_POLICY)
    message["Message-ID"] = f"<{message_id}@{ascii_address(f'id@{domain}').removeprefix('id@')}>"
    message["Date"] = format_datetime(now)
    message["From"] = formataddr((name, ascii_address(address)), "utf-8")
    message["To"] = ascii_address(mail.to)
    message["Subject"] = mail.subject
    # RFC 3834: no holiday notices back, please.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.body_text)
    return message


def ascii_address(address: str) -> str:
    """The address with its domain in ASCII (IDNA); ValueError where there is no such form."""
    local_part, at, domain = address.rpartition("@")
    if not at or not local_part.isascii():
        raise ValueError("not an address that plain SMTP can carry")
    return f"{local_part}@{domain.encode('idna').decode()}"
