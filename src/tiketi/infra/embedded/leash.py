"""Run a program so that it does not outlive its parent. Executed as a file, standard library only.

    python -I -S leash.py <parent pid> <signal number> <uid> <gid> <program> [argument...]

The kernel sends the signal when the parent's spawning thread ends, however it ends (Linux;
elsewhere the program simply runs). A uid of -1 keeps the account; the account changes first, since
a change of credentials clears the parent-death signal.
"""

import ctypes
import os
import sys

PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
KEEP_ACCOUNT = -1


def main() -> None:
    parent, death_signal, uid, gid = (int(part) for part in sys.argv[1:5])
    program = sys.argv[5:]
    if uid != KEEP_ACCOUNT:
        os.setgroups([])
        os.setgid(gid)
        os.setuid(uid)
    if death_signal and sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, death_signal, 0, 0, 0)
        if os.getppid() != parent:  # it died before the kernel was asked
            sys.exit(1)
    os.execv(program[0], program)  # noqa: S606 # no shell is wanted


if __name__ == "__main__":
    main()
