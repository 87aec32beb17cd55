"""What an on-sale asks over and over is found by an index, and docs/statements.md says by which."""

from pathlib import Path

import pytest

from tests.support.hot_statements import explain_hot, table_of

PAGE = Path(__file__).parents[3] / "docs" / "statements.md"
# A handful of rows an event: reading all of them is what is wanted.
READ_WHOLE = {"every seat's state"}


@pytest.fixture
async def plans(runtime):
    return await explain_hot(runtime)


async def test_no_hot_statement_reads_a_whole_table_and_the_page_says_so(plans):
    whole = [
        (plan.statement.name, table)
        for plan in plans
        for table, index in plan.scans
        if index is None and plan.statement.name not in READ_WHOLE
    ]
    assert whole == []
    table = table_of(plans)
    assert table in PAGE.read_text(), f"docs/statements.md should have:\n{table}"
