import asyncio
import re
from datetime import timedelta
from email import policy
from email.parser import BytesParser

import pytest
from sqlalchemy import text

from tests.http.auth.people import PASSWORD, WRONG, problem
from tiketi.auth.loops import mail_due_resets
from tiketi.notifications.loops import send_due_mail

NEW = "new horse battery"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "mail"


@pytest.fixture
def settings(base_settings, folder):
    return base_settings.model_copy(update={"mail_directory": str(folder)})


@pytest.fixture
def mailbox(runtime, folder):
    return Mailbox(runtime, folder)


class Mailbox:
    def __init__(self, runtime, folder):
        self._runtime, self._folder = runtime, folder

    async def letters(self):
        """What lies in the mailbox once the loops have done their rounds; oldest first."""
        while await mail_due_resets(self._runtime) or await send_due_mail(self._runtime):
            pass
        parser = BytesParser(policy=policy.default)
        return [parser.parsebytes(file.read_bytes()) for file in sorted(self._folder.glob("*.eml"))]

    async def tokens(self):
        """Those of the reset letters, each letter's once though it is written twice."""
        found = [
            re.findall(r"token=(\S+)", letter.get_content()) for letter in await self.letters()
        ]
        assert all(len(set(tokens)) == 1 for tokens in found if tokens)
        return [tokens[0] for tokens in found if tokens]


async def _change(client, person, current, new):
    body = {"current_password": current, "new_password": new}
    return await client.post("/auth/password/change", body, token=person.access_token)


async def _forget(client, email):
    return await client.post("/auth/password/forgot", {"email": email})


async def _reset(client, token, new=NEW):
    return await client.post("/auth/password/reset", {"token": token, "new_password": new})


async def test_changing_the_password_ends_everything_that_was_open(client, people, mailbox):
    person = await people.register()
    elsewhere = await people.log_in(person.email)

    answer = await _change(client, person, PASSWORD, NEW)

    assert (answer.status_code, answer.content) == (204, b"")
    for token in (person.access_token, elsewhere.access_token):
        assert problem(await client.get("/auth/me", token=token)) == (401, "unauthenticated")
    for token in (person.refresh_token, elsewhere.refresh_token):
        assert problem(await people.refresh(token)) == (401, "invalid_refresh_token")
    old = await people.try_password(person.email, PASSWORD)
    assert problem(old) == (401, "invalid_credentials")
    again = await people.log_in(person.email, NEW)
    assert (await client.get("/auth/me", token=again.access_token)).status_code == 200
    (letter,) = await mailbox.letters()
    assert letter["To"] == person.email
    assert "Your password was changed" in letter["Subject"]


async def test_a_wrong_current_password_changes_nothing(client, people):
    person = await people.register()
    answer = await _change(client, person, WRONG, NEW)
    assert problem(answer) == (401, "invalid_credentials")
    assert (await client.get("/auth/me", token=person.access_token)).status_code == 200
    assert (await people.refresh(person.refresh_token)).status_code == 200
    await people.log_in(person.email)


async def test_of_two_changes_at_once_one_wins(client, people):
    person = await people.register()
    answers = await asyncio.gather(
        _change(client, person, PASSWORD, "first new one"),
        _change(client, person, PASSWORD, "second new one"),
    )
    assert sorted(answer.status_code for answer in answers) == [204, 401]
    order = 1 if answers[0].status_code == 204 else -1
    won, lost = ("first new one", "second new one")[::order]
    await people.log_in(person.email, won)
    assert (await people.try_password(person.email, lost)).status_code == 401


@pytest.mark.parametrize("new", ["short", "p" * 257, None])
async def test_a_new_password_keeps_the_rules(client, people, new):
    person = await people.register()
    assert problem(await _change(client, person, PASSWORD, new)) == (422, "invalid")
    assert problem(await _reset(client, "token", new)) == (422, "invalid")


async def test_a_mailed_token_resets_the_password_once(client, people, mailbox):
    person = await people.register(email="Hana@example.com")

    answer = await _forget(client, "hana@EXAMPLE.com")

    assert (answer.status_code, answer.content) == (204, b"")
    (letter,) = await mailbox.letters()
    assert letter["To"] == "Hana@example.com"
    (token,) = await mailbox.tokens()
    assert (await _reset(client, token)).status_code == 204
    for refused in (
        await client.get("/auth/me", token=person.access_token),
        await people.refresh(person.refresh_token),
        await people.try_password(person.email, PASSWORD),
    ):
        assert refused.status_code == 401
    await people.log_in(person.email, NEW)
    assert problem(await _reset(client, token, "third horse")) == (422, "invalid_reset_token")
    await people.log_in(person.email, NEW)


async def test_of_many_resets_by_one_token_at_once_one_wins(client, people, mailbox):
    person = await people.register()
    await _forget(client, person.email)
    (token,) = await mailbox.tokens()
    answers = await asyncio.gather(*(_reset(client, token, f"new horse {n}") for n in range(4)))
    assert sorted(answer.status_code for answer in answers) == [204, 422, 422, 422]
    winner = next(n for n, answer in enumerate(answers) if answer.status_code == 204)
    await people.log_in(person.email, f"new horse {winner}")


async def test_an_unknown_address_is_answered_alike_and_gets_no_mail(client, mailbox, runtime):
    for email in ("nobody@example.com", "no address", "한글"):
        answer = await _forget(client, email)
        assert (answer.status_code, answer.content) == (204, b"")
    assert await mailbox.letters() == []
    async with runtime.database.latest() as reader:
        count = await reader.execute(text("SELECT count(*) FROM infra.outbox"))
        assert count.scalar_one() == 0


async def test_nothing_of_a_mail_stays_in_the_outbox(client, people, mailbox, runtime):
    person = await people.register()
    await _forget(client, person.email)
    assert len(await mailbox.letters()) == 1
    async with runtime.database.latest() as reader:
        count = await reader.execute(text("SELECT count(*) FROM infra.outbox"))
        assert count.scalar_one() == 0


async def test_a_mailbox_is_not_flooded(client, people, mailbox, clock):
    person = await people.register()
    for _ in range(10):
        assert (await _forget(client, person.email)).status_code == 204
    assert len(await mailbox.letters()) == 3
    clock.ahead += timedelta(hours=1, seconds=1)
    await _forget(client, person.email)
    assert len(await mailbox.letters()) == 4


async def test_a_reset_ends_the_other_resets_of_the_account_only(client, people, mailbox):
    person, other = await people.register(), await people.register()
    for email in (person.email, person.email, other.email):
        await _forget(client, email)
    mine, mine_too, theirs = await mailbox.tokens()
    assert (await _reset(client, mine_too)).status_code == 204
    assert problem(await _reset(client, mine)) == (422, "invalid_reset_token")
    assert (await _reset(client, theirs)).status_code == 204
    await people.log_in(other.email, NEW)


async def test_a_token_that_is_too_old_resets_nothing(client, people, mailbox, clock):
    person = await people.register()
    await _forget(client, person.email)
    (token,) = await mailbox.tokens()
    clock.ahead += timedelta(hours=1, seconds=1)
    assert problem(await _reset(client, token)) == (422, "invalid_reset_token")
    await people.log_in(person.email)


async def test_an_erased_account_gets_neither_mail_nor_reset(client, people, mailbox):
    person = await people.register()
    await _forget(client, person.email)
    (token,) = await mailbox.tokens()
    await _forget(client, person.email)
    await client.delete("/auth/me", token=person.access_token)
    assert problem(await _reset(client, token)) == (422, "invalid_reset_token")
    assert len(await mailbox.letters()) == 1


@pytest.mark.parametrize("token", ["x", "한글 토큰", "a" * 256])
async def test_an_unknown_token_resets_nothing(client, token):
    answer = await _reset(client, token)
    assert problem(answer) == (422, "invalid_reset_token")
    assert answer.json()["errors"][0]["loc"] == ["body", "token"]
