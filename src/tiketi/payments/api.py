"""Payments' door for other modules."""

from tiketi.infra.invariants import Invariant

INVARIANTS: tuple[Invariant, ...] = ()
