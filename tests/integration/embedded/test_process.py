import signal
import subprocess
import sys

from tiketi.infra.embedded.process import bound_log, processes_in, spawn, stop, sweep, wait_until

APPEND = "import sys, time\nwhile True: print('x' * 99, flush=True); time.sleep(0.01)"
STUBBORN = (
    "import signal, time; signal.signal(15, signal.SIG_IGN)\n"
    "print('set', flush=True); time.sleep(60)"
)


def start(program, folder, *, death_signal=signal.SIGKILL):
    return spawn(
        [sys.executable, "-c", program],
        log=folder / "log",
        cwd=folder,
        death_signal=death_signal,
    )


def test_log_is_bounded_while_its_writer_goes_on(tmp_path):
    process = start(APPEND, tmp_path)
    log = tmp_path / "log"
    assert wait_until(lambda: log.stat().st_size > 1_000, timeout_seconds=10)
    bound_log(log, bytes_max=1_000)
    assert (tmp_path / "log.1").stat().st_size > 1_000
    assert wait_until(lambda: log.stat().st_size > 0, timeout_seconds=10)
    assert log.read_bytes()[:1] == b"x"  # appended at the new end, no hole
    assert log.stat().st_mode & 0o077 == 0
    process.kill()
    process.wait()


def test_process_that_ignores_the_request_is_killed(tmp_path):
    process = start(STUBBORN, tmp_path)
    assert wait_until(lambda: (tmp_path / "log").read_text() == "set\n", timeout_seconds=10)
    assert stop(process, [(signal.SIGTERM, 0.2)]) == -signal.SIGKILL


def test_sweep_ends_strangers_in_the_directory_and_nobody_else(tmp_path):
    inside, outside = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    outside.mkdir()
    victim, bystander = start(APPEND, inside), start(APPEND, outside)
    assert wait_until(lambda: (inside / "log").stat().st_size > 0, timeout_seconds=10)
    assert sweep(inside, polite=signal.SIGTERM, timeout_seconds=5) == 1
    assert victim.wait(5) == -signal.SIGTERM
    assert processes_in(inside) == []
    assert bystander.poll() is None
    bystander.kill()
    bystander.wait()


def test_child_ends_with_its_parent(tmp_path):
    program = f"""
import signal, sys
from pathlib import Path
from tiketi.infra.embedded.process import spawn
child = spawn([sys.executable, "-c", {APPEND!r}], log=Path("log"), cwd=Path("."),
              death_signal=signal.SIGTERM)
sys.stdin.read()
"""
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=tmp_path, stdin=subprocess.PIPE)
    assert wait_until(lambda: len(processes_in(tmp_path)) == 2, timeout_seconds=10)
    parent.kill()
    parent.wait()
    parent.stdin.close()
    assert wait_until(lambda: processes_in(tmp_path) == [], timeout_seconds=10)
