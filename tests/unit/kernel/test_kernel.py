from datetime import UTC, datetime

import pytest

from tiketi.kernel.clock import rfc3339
from tiketi.kernel.ids import new_id, parse_id
from tiketi.kernel.money import Money, percent_of


def test_ids_are_version_7_and_grow_with_time():
    ids = [new_id() for _ in range(100)]
    assert {each.version for each in ids} == {7}
    assert [each.int >> 80 for each in ids] == sorted(each.int >> 80 for each in ids)


@pytest.mark.parametrize(
    "text", ["", "x", "{12345678-1234-7234-8234-123456789012}", "1" * 32, "\x00"]
)
def test_only_the_canonical_form_is_an_id(text):
    assert parse_id(text) is None


def test_a_canonical_id_is_parsed_in_either_case():
    one = new_id()
    assert parse_id(str(one)) == parse_id(str(one).upper()) == one


def test_times_end_in_z():
    assert rfc3339(datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)) == "2026-01-02T03:04:05Z"
    assert rfc3339(datetime(2026, 1, 2, 3, 4, 5, 678_901, tzinfo=UTC)).endswith("05.678Z")


def test_money_shows_its_minor_unit():
    assert str(Money(150_000, "KRW")) == "150,000 KRW"
    assert str(Money(1_050, "USD")) == "10.50 USD"


def test_a_percentage_is_rounded_down():
    assert percent_of(999, 50) == 499
