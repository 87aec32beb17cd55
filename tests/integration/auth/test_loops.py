import asyncio
import re
from email import message_from_bytes, policy

import pytest

from tests.support.client import open_client
from tiketi.infra.runtime import open_runtime
from tiketi.services.app import loops_of
from tiketi.services.lifespan import Lifespan
from tiketi.services.registry import get_service

POLLS_MAX = 1_500


@pytest.fixture
def settings(base_settings, tmp_path):
    return base_settings.model_copy(update={"mail_directory": str(tmp_path)})


async def test_the_running_service_mails_a_token_that_resets_the_password(
    runtime, settings, tmp_path
):
    service = get_service("auth")
    as_deployed = settings.model_copy(update={"database_role": service.role})
    own = open_runtime(as_deployed, service="auth")
    running = Lifespan(own, loops_of(service))
    await running.start()
    try:
        async with open_client(own, service) as client:
            person = {"email": "hana@example.com", "password": "correct horse"}
            await client.post("/auth/register", {**person, "name": "김하나"})
            await client.post("/auth/password/forgot", {"email": person["email"]})
            letter = await _first_letter(tmp_path)
            token = re.search(r"token=(\S+)", letter)[1]
            body = {"token": token, "new_password": "new horse battery"}
            assert (await client.post("/auth/password/reset", body)).status_code == 204
            again = await client.post("/auth/login", {**person, "password": "new horse battery"})
            assert again.status_code == 200
    finally:
        await running.stop()


async def _first_letter(folder) -> str:
    for _ in range(POLLS_MAX):
        for file in folder.glob("*.eml"):
            return _text_of(file)
        await asyncio.sleep(0.02)
    raise AssertionError("no mail came")


def _text_of(file) -> str:
    return message_from_bytes(file.read_bytes(), policy=policy.default).get_content()
