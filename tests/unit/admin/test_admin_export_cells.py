import csv
import io
from datetime import UTC, datetime, timedelta, timezone
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tiketi.admin.exports import FORMULA_STARTS, cells

SEOUL = timezone(timedelta(hours=9))


@pytest.mark.parametrize("start", FORMULA_STARTS)
def test_a_cell_that_a_spreadsheet_would_evaluate_is_disarmed(start):
    (cell,) = cells([f"{start}cmd|' /C calc'!A0"])
    assert cell == f"'{start}cmd|' /C calc'!A0"


def test_other_values_stay_what_they_are():
    moment = datetime(2026, 11, 22, 19, 0, 0, 5_000, SEOUL)
    row = [
        None,
        "a=1",
        "",
        "김",
        0,
        -5,
        True,
        UUID(int=1),
        moment,
        datetime(2026, 1, 1, tzinfo=UTC),
    ]
    assert cells(row) == [
        "",
        "a=1",
        "",
        "김",
        "0",
        "-5",
        "True",
        "00000000-0000-0000-0000-000000000001",
        "2026-11-22T10:00:00.005Z",
        "2026-01-01T00:00:00Z",
    ]


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\x00")), min_size=1))
def test_whatever_is_written_is_read_again(row):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerow(cells(row))
    (read,) = csv.reader(io.StringIO(buffer.getvalue(), newline=""))
    assert read == cells(row)
    assert not any(cell.startswith(FORMULA_STARTS) for cell in read)
