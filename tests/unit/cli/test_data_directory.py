import stat

import pytest

from tiketi.cli.data_directory import DataDirectory
from tiketi.infra.embedded import DirectoryInUse
from tiketi.infra.tokens import KeyRing


def test_secrets_are_made_once_and_private(tmp_path):
    directory = DataDirectory(tmp_path / "state")
    directory.open()
    first = directory.secrets(["auth_user"])
    assert DataDirectory(tmp_path / "state").secrets(["auth_user"]) == first
    assert stat.S_IMODE((tmp_path / "state" / "secrets.json").stat().st_mode) == 0o600
    directory.close()


def test_secrets_have_the_shapes_that_the_settings_take(tmp_path):
    directory = DataDirectory(tmp_path)
    secrets = directory.secrets(["auth_user"])
    assert KeyRing(secrets.signing_key, None, issuer="tiketi").jwks()["keys"]
    assert secrets.sandbox_webhook_secret.startswith("whsec_")


def test_new_role_gets_a_password_and_the_others_keep_theirs(tmp_path):
    directory = DataDirectory(tmp_path)
    before = directory.secrets(["auth_user"])
    after = directory.secrets(["auth_user", "queue_user"])
    assert after.roles["auth_user"] == before.roles["auth_user"]
    assert after.roles["queue_user"]
    assert after.signing_key == before.signing_key


def test_directory_has_one_owner(tmp_path):
    first = DataDirectory(tmp_path)
    first.open()
    with pytest.raises(DirectoryInUse):
        DataDirectory(tmp_path).open()
    first.close()
    second = DataDirectory(tmp_path)
    second.open()
    second.close()
