import stat
from email import policy
from email.parser import BytesParser

import pytest

from tests.integration.notifications.conftest import enqueue, make_due, outbox_rows
from tiketi.notifications.loops import send_due_mail


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "made" / "when needed"


@pytest.fixture
def settings(base_settings, folder):
    return base_settings.model_copy(update={"mail_directory": str(folder)})


async def test_a_mail_is_a_file_named_by_its_message(runtime, folder):
    await enqueue(runtime, "hana@example.com", "duri@example.com")
    rows = await outbox_rows(runtime)

    await send_due_mail(runtime)

    files = sorted(folder.iterdir())
    assert [file.name for file in files] == [f"{row.id}.eml" for row in rows]
    letter = BytesParser(policy=policy.default).parsebytes(files[0].read_bytes())
    assert letter["To"] == "hana@example.com"
    assert letter["Subject"] == "예매 완료"
    assert letter.get_content().strip() == "안녕하세요"
    assert stat.S_IMODE(files[0].stat().st_mode) == 0o600
    assert await outbox_rows(runtime) == []


async def test_a_mail_waits_for_a_folder_that_cannot_be_written(runtime, folder):
    folder.parent.mkdir()
    folder.write_text("a file stands in the way")
    await enqueue(runtime, "hana@example.com")
    await send_due_mail(runtime)
    assert [row.attempts for row in await outbox_rows(runtime)] == [1]
    folder.unlink()
    await make_due(runtime)
    await send_due_mail(runtime)
    assert len(list(folder.iterdir())) == 1


class TestWithoutAnyWayOut:
    @pytest.fixture
    def settings(self, base_settings):
        return base_settings

    async def test_mail_is_said_to_be_unconfigured_and_named_nowhere(self, runtime, capsys):
        await enqueue(runtime, "hana@example.com")
        (row,) = await outbox_rows(runtime)
        await send_due_mail(runtime)
        assert await outbox_rows(runtime) == []
        logged = "".join(capsys.readouterr())
        assert "mail_not_configured" in logged
        assert str(row.id) in logged
        assert "hana" not in logged
