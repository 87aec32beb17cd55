import dataclasses
import os
import stat
import subprocess
import sys

from tiketi.cli.running import (
    FILE_NAME,
    RunningSystem,
    find_running,
    forget_running,
    process_start_time,
    write_running,
)


def system_of(pid, data, started_at):
    return RunningSystem(
        edge_url="http://127.0.0.1:8080",
        services={"auth": "http://127.0.0.1:3010"},
        database_url="postgresql://",
        redis_url="redis://",
        signing_key="seed",
        admin_email="admin@tiketi.local",
        data_dir=data,
        pids={"supervisor": pid},
        started_at=started_at,
    )


def living(data):
    return system_of(os.getpid(), data, process_start_time(os.getpid()))


def test_running_system_is_found_whole(tmp_path):
    write_running(living(tmp_path))
    assert find_running(tmp_path) == living(tmp_path)


def test_it_is_private(tmp_path):
    write_running(living(tmp_path))
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_file_of_a_dead_supervisor_is_not_believed(tmp_path):
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        pass
    write_running(system_of(process.pid, tmp_path, 0.0))
    assert find_running(tmp_path) is None


def test_another_process_with_the_same_number_is_not_believed(tmp_path):
    write_running(dataclasses.replace(living(tmp_path), started_at=1.0))
    assert find_running(tmp_path) is None


def test_nothing_is_found_where_nothing_runs(tmp_path):
    assert find_running(tmp_path) is None
    (tmp_path / FILE_NAME).write_text("{")
    assert find_running(tmp_path) is None
    forget_running(tmp_path)
    forget_running(tmp_path)


def test_default_is_the_directory_of_the_setting(tmp_path, monkeypatch):
    monkeypatch.setenv("TIKETI_DATA", str(tmp_path))
    write_running(living(tmp_path))
    assert find_running() == living(tmp_path)
