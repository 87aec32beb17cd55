"""Background work of notifications."""

from tiketi.infra.loops import Loop

LOOPS: tuple[Loop, ...] = ()
