from uuid import UUID

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from tiketi.auth import api, service
from tiketi.kernel.actor import Actor, Role
from tiketi.kernel.errors import NotFound
from tiketi.kernel.ids import new_id


@pytest.fixture
def now(runtime):
    return runtime.clock.now()


async def _enrol(runtime, emails, now):
    async with runtime.database.transaction() as tx:
        return await api.enrol_users(tx, emails=emails, now=now)


async def test_enrolled_users_are_accounts_in_the_order_given(runtime, now):
    emails = [f"Buyer{number}@simulation.example" for number in range(5_000)]

    ids = await _enrol(runtime, emails, now)

    assert len(set(ids)) == 5_000
    async with runtime.database.latest() as reader:
        accounts = await api.find_accounts(reader, ids)
        assert [accounts[user_id].email for user_id in ids] == emails
        first = accounts[ids[0]]
        assert (first.name, first.phone, first.role) == ("Buyer0", None, Role.USER)
        assert await api.is_current(reader, first.actor)
        assert (await api.find_account_by_email(reader, "BUYER7@simulation.example")).id == ids[7]


@pytest.mark.parametrize("again", [["a@x.kr", "A@X.KR"], ["b@x.kr", "taken@x.kr"]])
async def test_enrolling_is_all_or_nothing(runtime, now, again):
    await _enrol(runtime, ["taken@x.kr"], now)
    with pytest.raises(api.EmailTaken):
        await _enrol(runtime, again, now)
    async with runtime.database.latest() as reader:
        assert await api.find_account_by_email(reader, again[0]) is None


async def test_nobody_may_be_enrolled(runtime, now):
    assert await _enrol(runtime, [], now) == []


async def test_too_many_in_one_statement_are_refused(runtime, now):
    with pytest.raises(ValueError, match="at most"):
        await _enrol(runtime, ["a@x.kr"] * (api.ENROL_MAX + 1), now)


async def test_unknown_and_erased_accounts_are_not_found(runtime, now):
    (user_id,) = await _enrol(runtime, ["a@x.kr"], now)
    async with runtime.database.transaction() as tx:
        assert (await api.get_account(tx, user_id)).email == "a@x.kr"
        await service.erase_account(tx, user_id, now)
        for missing in (user_id, new_id()):
            with pytest.raises(NotFound):
                await api.get_account(tx, missing)
            with pytest.raises(NotFound):
                await api.set_role(tx, missing, Role.ADMIN)
            assert await api.find_accounts(tx, [missing]) == {}
            assert not await api.is_current(tx, Actor(missing, Role.USER, 0))
            assert not await api.is_current(tx, Actor(missing, Role.USER, 1))


async def test_an_actor_is_current_until_their_role_changes(runtime, now):
    (user_id,) = await _enrol(runtime, ["a@x.kr"], now)
    async with runtime.database.transaction() as tx:
        before = (await api.get_account(tx, user_id)).actor
        after = (await api.set_role(tx, user_id, Role.STAFF)).actor
        assert (after.role, after.generation) == (Role.STAFF, before.generation + 1)
        assert not await api.is_current(tx, before)
        assert await api.is_current(tx, after)
        assert (await api.set_role(tx, user_id, Role.STAFF)).actor == after


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("hana", ["hana@x.kr", "hana_1@x.kr"]),
        ("HANA@", ["hana@x.kr"]),
        ("hana_", ["hana_1@x.kr"]),
        ("김", ["duri@x.kr"]),
        ("%", []),
        ("\\", []),
        ("x.kr", []),
        ("nobody", []),
    ],
)
async def test_accounts_are_found_by_how_address_or_name_begin(runtime, now, query, found):
    ids: list[UUID] = await _enrol(runtime, ["hana@x.kr", "hana_1@x.kr", "duri@x.kr"], now)
    async with runtime.database.transaction() as tx:
        await service.update_profile(tx, ids[2], name="김두리", phone=None, with_phone=False)
        accounts = await api.search_accounts(tx, query)
        assert sorted(account.email for account in accounts) == sorted(found)
        assert len(await api.search_accounts(tx, "", limit=2)) == 2


async def test_a_database_error_does_not_repeat_what_the_statement_was_given(runtime):
    async def break_off():
        async with runtime.database.transaction() as tx:
            await tx.execute(text("SELECT CAST(:email AS text), 1 / 0"), {"email": "hana@x.kr"})

    with pytest.raises(DBAPIError, match="division by zero") as broken:
        await break_off()
    assert "hana" not in str(broken.value)
