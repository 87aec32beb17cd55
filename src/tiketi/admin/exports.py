"""Tables for spreadsheets, written while they are read: memory does not grow with the rows."""

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import datetime

from tiketi.admin.exports_repository import Export, ExportScope
from tiketi.infra.postgres import Reader
from tiketi.infra.runtime import Runtime
from tiketi.kernel.clock import rfc3339
from tiketi.kernel.errors import Unavailable

# Each keeps a connection and a snapshot for as long as its reader takes.
EXPORTS_AT_ONCE_MAX = 2
RETRY_AFTER_SECONDS = 10
CHUNK_CHARACTERS = 65_536
BYTE_ORDER_MARK = "\ufeff"  # how Excel knows UTF-8
# How a cell begins that a spreadsheet takes for a formula; the full-width ones in some locales.
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001 # the full-width ones count too


class ExportSlots:
    """How many exports a process makes at once."""

    def __init__(self, _runtime: Runtime) -> None:
        self._slots = asyncio.Semaphore(EXPORTS_AT_ONCE_MAX)

    @asynccontextmanager
    async def take(self) -> AsyncIterator[None]:
        """Unavailable when all are taken."""
        if self._slots.locked():
            raise Unavailable(
                "Other exports are being made.", retry_after_seconds=RETRY_AFTER_SECONDS
            )
        async with self._slots:
            yield


async def write_csv(reader: Reader, export: Export, scope: ExportScope) -> AsyncIterator[bytes]:
    """The table in UTF-8 with a byte order mark, by RFC 4180, in chunks of bounded size.

    ``reader`` is in a transaction, which the rows are read from by a cursor.
    """
    buffer = io.StringIO(newline="")
    buffer.write(BYTE_ORDER_MARK)
    table = csv.writer(buffer, lineterminator="\r\n")
    table.writerow(export.columns)
    values = {"event_id": scope.event_id, "organizer_id": scope.organizer_id}
    async for row in reader.stream(export.query, values):
        table.writerow(cells(row))
        if buffer.tell() >= CHUNK_CHARACTERS:
            yield buffer.getvalue().encode()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue().encode()


def cells(row: Iterable[object]) -> list[str]:
    """The values as text: times by RFC 3339, nothing for null, no text that is a formula."""
    return [_cell(value) for value in row]


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        # A spreadsheet shows the rest of a cell that begins so, and never evaluates it.
        return f"'{value}"
    return str(value)
