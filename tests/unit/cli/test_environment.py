import pytest
import typer
from pydantic import ValidationError

from tiketi.cli.environment import explain, load_settings, unknown_settings
from tiketi.settings import Settings


def test_wrong_setting_is_explained_by_its_name(monkeypatch):
    monkeypatch.setenv("TIKETI_PORT", "none")
    monkeypatch.setenv("TIKETI_SERVER", "apache")
    with pytest.raises(ValidationError) as caught:
        Settings()
    lines = explain(caught.value)
    assert [line.split(":")[0] for line in lines] == ["TIKETI_SERVER", "TIKETI_PORT"]


def test_command_leaves_with_a_usage_error(monkeypatch, capsys):
    monkeypatch.setenv("TIKETI_HOLD_TTL_SECONDS", "0")
    with pytest.raises(typer.Exit) as caught:
        load_settings()
    assert caught.value.exit_code == 2
    assert "TIKETI_HOLD_TTL_SECONDS" in capsys.readouterr().err


def test_wrong_secret_is_not_repeated(monkeypatch, capsys):
    monkeypatch.setenv("TIKETI_PORT", "hunter2-in-the-wrong-place")
    with pytest.raises(typer.Exit):
        load_settings()
    assert "hunter2" not in capsys.readouterr().err


def test_misspelt_setting_is_noticed(monkeypatch):
    monkeypatch.setenv("TIKETI_REDIS_ULR", "redis://")
    assert unknown_settings() == [
        "TIKETI_REDIS_ULR is not a setting; did you mean TIKETI_REDIS_URL?"
    ]
