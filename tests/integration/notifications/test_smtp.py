import asyncio
import socket

import pytest
from pydantic import SecretStr

from tests.integration.notifications.conftest import enqueue, make_due, outbox_rows
from tests.integration.notifications.mail_server import LOCALHOST, mail_server, make_certificate
from tiketi.infra.outbox import BATCH_MAX
from tiketi.notifications import carriers
from tiketi.notifications.api import enqueue_mail
from tiketi.notifications.loops import send_due_mail


def _use(runtime, url):
    runtime.settings = runtime.settings.model_copy(update={"smtp_url": SecretStr(url)})


async def test_a_mail_arrives_and_leaves_nothing_behind(runtime, inbox):
    await enqueue(runtime, "hana@example.com", subject="예매\n완료 ")
    (row,) = await outbox_rows(runtime)

    assert await send_due_mail(runtime) is False

    (letter,) = inbox.letters
    assert inbox.envelopes == [("tickets@tiketi.local", ["hana@example.com"])]
    assert letter["Subject"] == "예매 완료"
    assert letter.get_content().strip() == "안녕하세요"
    assert letter["Message-ID"] == f"<{row.id}@tiketi.local>"
    assert await outbox_rows(runtime) == []
    await send_due_mail(runtime)
    assert len(inbox.letters) == 1


async def test_a_mail_of_a_transaction_that_rolls_back_is_never_sent(runtime, inbox):
    async def break_off():
        async with runtime.database.transaction() as tx:
            await enqueue_mail(tx, to="hana@example.com", subject="S", body_text="B")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await break_off()
    await send_due_mail(runtime)
    assert inbox.letters == []


async def test_a_round_is_bounded_and_shares_one_connection(runtime, inbox):
    await enqueue(runtime, *(f"person{n}@example.com" for n in range(BATCH_MAX + 1)))
    assert await send_due_mail(runtime) is True
    assert (len(inbox.letters), inbox.greetings) == (BATCH_MAX, 1)
    assert await send_due_mail(runtime) is False
    assert (len(inbox.letters), inbox.greetings) == (BATCH_MAX + 1, 2)


async def test_rounds_at_once_send_every_mail_once(runtime, inbox):
    await enqueue(runtime, *(f"person{n}@example.com" for n in range(20)))
    await asyncio.gather(*(send_due_mail(runtime) for _ in range(3)))
    recipients = [to for _sender, (to,) in inbox.envelopes]
    assert sorted(recipients) == sorted(f"person{n}@example.com" for n in range(20))


async def test_a_mail_that_is_put_off_comes_later_with_the_same_message_id(runtime, inbox):
    inbox.refusals = {"hana@example.com": ["451 greylisted, hana@example.com"]}
    await enqueue(runtime, "hana@example.com", "duri@example.com")
    row = (await outbox_rows(runtime))[0]

    await send_due_mail(runtime)

    assert [to for _sender, to in inbox.envelopes] == [["duri@example.com"]]
    (waiting,) = await outbox_rows(runtime)
    assert (waiting.id, waiting.attempts) == (row.id, 1)
    assert waiting.last_error == "MailDelayed: SMTP 451"
    assert waiting.due_at > row.due_at
    await make_due(runtime)
    await send_due_mail(runtime)
    assert inbox.letters[-1]["Message-ID"] == f"<{row.id}@tiketi.local>"
    assert await outbox_rows(runtime) == []


async def test_a_delivery_whose_mark_was_lost_repeats_the_message_id(runtime, inbox, monkeypatch):
    await enqueue(runtime, "hana@example.com")
    # The server takes the mail, and its answer comes too late for the transaction.
    monkeypatch.setattr(carriers, "SEND_TIMEOUT_SECONDS", 0.3)
    taken = inbox.handle_DATA

    async def take_slowly(server, session, envelope):
        answer = await taken(server, session, envelope)
        await asyncio.sleep(0.6 if len(inbox.letters) == 1 else 0)
        return answer

    inbox.handle_DATA = take_slowly
    await send_due_mail(runtime)
    assert len(await outbox_rows(runtime)) == 1
    await make_due(runtime)
    await send_due_mail(runtime)
    first, second = inbox.letters
    assert first["Message-ID"] == second["Message-ID"]
    assert await outbox_rows(runtime) == []


@pytest.mark.parametrize("where", ["recipient", "data"])
async def test_a_mail_refused_for_good_is_given_up_and_hinders_no_other(runtime, inbox, where):
    if where == "recipient":
        inbox.refusals = {"gone@example.com": ["550 no such user"]}
    else:
        inbox.data_refusals = ["554 no thanks"]
    await enqueue(runtime, "gone@example.com", "hana@example.com")
    await send_due_mail(runtime)
    assert inbox.envelopes == [("tickets@tiketi.local", ["hana@example.com"])]
    assert await outbox_rows(runtime) == []


async def test_an_address_that_smtp_cannot_carry_is_given_up(runtime, inbox):
    await enqueue(runtime, "하나@example.com", "hana@한국.kr")
    await send_due_mail(runtime)
    assert inbox.envelopes == [("tickets@tiketi.local", ["hana@xn--3e0b707e.kr"])]
    assert await outbox_rows(runtime) == []


async def test_mail_waits_while_the_server_is_away(runtime, inbox, smtp_port):
    with socket.socket() as unbound:
        unbound.bind((LOCALHOST, 0))
        _use(runtime, f"smtp://{LOCALHOST}:{unbound.getsockname()[1]}")
        await enqueue(runtime, "hana@example.com", "duri@example.com")
        await send_due_mail(runtime)
    waiting = await outbox_rows(runtime)
    assert [row.attempts for row in waiting] == [1, 1]
    assert "SMTPConnectError" in waiting[0].last_error
    _use(runtime, f"smtp://{LOCALHOST}:{smtp_port}")
    await make_due(runtime)
    await send_due_mail(runtime)
    assert len(inbox.letters) == 2


async def test_a_server_that_never_speaks_is_not_waited_for(runtime, monkeypatch):
    monkeypatch.setattr(carriers, "SMTP_COMMAND_TIMEOUT_SECONDS", 0.2)
    with socket.socket() as mute:
        mute.bind((LOCALHOST, 0))
        mute.listen()
        _use(runtime, f"smtp://{LOCALHOST}:{mute.getsockname()[1]}")
        await enqueue(runtime, "hana@example.com")
        async with asyncio.timeout(10):
            await send_due_mail(runtime)
    (waiting,) = await outbox_rows(runtime)
    assert "Timeout" in waiting.last_error


@pytest.mark.parametrize("scheme", ["smtps", "smtp"])
async def test_a_password_goes_over_tls(runtime, inbox, tmp_path, monkeypatch, scheme):
    context, trusted = make_certificate(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", trusted)
    # The server offers AUTH over TLS only; it takes no notice of TLS that was there before it.
    tls = {
        "smtps": {"over": context, "auth_require_tls": False},
        "smtp": {"tls_context": context},
    }
    async with mail_server(inbox, authenticator=inbox.log_in, **tls[scheme]) as port:
        _use(runtime, f"{scheme}://us%40er:s%3Acret%2F@127.0.0.1:{port}")
        await enqueue(runtime, "hana@example.com")
        await send_due_mail(runtime)
    assert inbox.logins == [(b"us@er", b"s:cret/")]
    assert len(inbox.letters) == 1
    assert await outbox_rows(runtime) == []


async def test_no_password_goes_to_another_machine_without_tls(runtime, inbox):
    plain = {"authenticator": inbox.log_in, "auth_require_tls": False}
    async with mail_server(inbox, **plain) as port:
        # Resolves to loopback, and does not look like it.
        _use(runtime, f"smtp://user:secret@127.1:{port}")
        await enqueue(runtime, "hana@example.com")
        await send_due_mail(runtime)
    assert (inbox.greetings, inbox.logins, inbox.letters) == (1, [], [])
    (waiting,) = await outbox_rows(runtime)
    assert waiting.attempts == 1


async def test_a_certificate_that_nobody_vouches_for_is_refused(runtime, inbox, tmp_path):
    context, _trusted = make_certificate(tmp_path)
    async with mail_server(inbox, over=context) as port:
        _use(runtime, f"smtps://127.0.0.1:{port}")
        await enqueue(runtime, "hana@example.com")
        await send_due_mail(runtime)
    assert inbox.letters == []
    (waiting,) = await outbox_rows(runtime)
    assert "certificate" in waiting.last_error


@pytest.mark.parametrize("url", ["http://mail", "smtp://", "mail.example.com:25", ""])
async def test_a_url_of_another_kind_is_refused(runtime, url):
    _use(runtime, url)
    with pytest.raises(ValueError, match="TIKETI_SMTP_URL"):
        await send_due_mail(runtime)
