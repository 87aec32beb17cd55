import pytest
from pydantic import SecretStr
from sqlalchemy import text

from tests.integration.notifications.mail_server import LOCALHOST, Inbox, mail_server
from tiketi.infra.runtime import Runtime
from tiketi.notifications.api import enqueue_mail


@pytest.fixture
def inbox() -> Inbox:
    return Inbox()


@pytest.fixture
async def smtp_port(inbox):
    async with mail_server(inbox) as port:
        yield port


@pytest.fixture
def settings(base_settings, smtp_port):
    return base_settings.model_copy(
        update={"smtp_url": SecretStr(f"smtp://{LOCALHOST}:{smtp_port}")}
    )


async def enqueue(runtime: Runtime, *recipients: str, subject: str = "예매 완료") -> None:
    async with runtime.database.transaction() as tx:
        for to in recipients:
            await enqueue_mail(tx, to=to, subject=subject, body_text="안녕하세요\n")


async def outbox_rows(runtime: Runtime):
    async with runtime.database.latest() as reader:
        return (await reader.execute(text("SELECT * FROM infra.outbox ORDER BY id"))).all()


async def make_due(runtime: Runtime) -> None:
    """Let the wait between two tries be over."""
    async with runtime.database.transaction() as tx:
        await tx.execute(text("UPDATE infra.outbox SET due_at = now()"))
