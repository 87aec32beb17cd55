"""The ways out for a mail: an SMTP server, a folder, or none."""

import asyncio
import os
from email.message import EmailMessage
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import SplitResult, unquote, urlsplit

import aiosmtplib
import structlog

from tiketi.notifications.errors import MailDelayed, MailRefused
from tiketi.settings import Settings

log = structlog.get_logger(__name__)

SMTP_COMMAND_TIMEOUT_SECONDS = 5.0
# A mail is sent inside the transaction that marks it as sent, so it must be done well before
# PostgreSQL ends an idle transaction.
SEND_TIMEOUT_SECONDS = 15.0
CLOSE_TIMEOUT_SECONDS = 2.0
_PERMANENT = 500  # RFC 5321 §4.2.1: 5yz, do not repeat


class Carrier(Protocol):
    """May be given the same mail twice, known by its Message-ID."""

    async def send(self, message: EmailMessage) -> None: ...

    async def close(self) -> None: ...


def open_carrier(settings: Settings) -> Carrier:
    """The carrier that the settings name. Nothing is connected to before the first mail."""
    if settings.smtp_url is not None:
        return SmtpCarrier(settings.smtp_url.get_secret_value())
    if settings.mail_directory is not None:
        return FolderCarrier(Path(settings.mail_directory))
    return NoCarrier()


class SmtpCarrier:
    """One connection, opened for the first mail and kept until closed."""

    def __init__(self, url: str) -> None:
        self._client = smtp_client(url)

    async def send(self, message: EmailMessage) -> None:
        """Hand it to the server; MailRefused for good, MailDelayed for now."""
        try:
            async with asyncio.timeout(SEND_TIMEOUT_SECONDS):
                if not self._client.is_connected:
                    await self._client.connect()
                await self._client.send_message(message)
        except aiosmtplib.SMTPRecipientsRefused as error:
            raise _refusal(error.recipients[0]) from None
        except aiosmtplib.SMTPDataError as error:
            raise _refusal(error) from None
        except (aiosmtplib.SMTPException, OSError) as error:
            # A conversation broken off in its middle is of no use to the next mail.
            self._client.close()
            raise MailDelayed(f"{type(error).__name__}: {error}") from None

    async def close(self) -> None:
        if not self._client.is_connected:
            return
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await self._client.quit()
        except (aiosmtplib.SMTPException, TimeoutError, OSError):
            self._client.close()


class FolderCarrier:
    """A file a mail, named by the outbox message: whole or not there, for its owner's eyes only."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def send(self, message: EmailMessage) -> None:
        """Write it; MailDelayed when the folder cannot take it."""
        try:
            await asyncio.to_thread(self._write, message.as_bytes(), _name(message))
        except OSError as error:
            raise MailDelayed(f"{type(error).__name__}: {error}") from None

    async def close(self) -> None:
        return None

    def _write(self, content: bytes, name: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        unfinished = self._folder / f".{name}.{os.getpid()}"
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
        unfinished.replace(self._folder / f"{name}.eml")


class NoCarrier:
    async def send(self, message: EmailMessage) -> None:
        # Neither the address nor the text: they are personal, and may hold a reset token.
        log.warning("mail_not_configured", message_id=_name(message))

    async def close(self) -> None:
        return None


def _refusal(answer: aiosmtplib.SMTPResponseException) -> MailRefused | MailDelayed:
    if answer.code >= _PERMANENT:
        return MailRefused(answer.code)
    return MailDelayed(f"SMTP {answer.code}")


def _name(message: EmailMessage) -> str:
    return str(message["Message-ID"]).strip("<>").partition("@")[0]


def smtp_client(url: str) -> aiosmtplib.SMTP:
    """A client for ``smtp://`` (STARTTLS where offered) or ``smtps://`` (TLS from the start).

    A password goes to another machine over TLS only. ValueError for any other URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or parts.hostname is None:
        raise ValueError("TIKETI_SMTP_URL: smtp://user:password@host:port, or smtps://")
    is_tls, user = parts.scheme == "smtps", parts.username
    needs_tls = user is not None and not is_tls and not _is_loopback(parts)
    return aiosmtplib.SMTP(
        hostname=parts.hostname,
        port=parts.port or (465 if is_tls else 587 if user else 25),
        username=unquote(user) if user else None,
        password=unquote(parts.password) if parts.password else None,
        use_tls=is_tls,
        start_tls=False if is_tls else needs_tls or None,
        timeout=SMTP_COMMAND_TIMEOUT_SECONDS,
    )


def _is_loopback(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
