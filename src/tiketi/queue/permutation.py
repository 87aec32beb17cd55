"""The draw's keyed permutation of 1 … entrants; docs/draw.md says what it is, step by step.

A Feistel network whose two halves need not be of one size, with cycle walking: Black and Rogaway,
"Ciphers with Arbitrary Finite Domains", CT-RSA 2002. ``lua/permutation.lua`` has the same inside
the store, whose only hash is SHA-1: a round function has to be unpredictable without the key, not
free of collisions, and nobody sees an output of it before the key itself is shown.
"""

import hashlib
import math

KEY_BYTES = 32
ROUNDS = 10
# 48 bits: exact in a number of Lua, and so many that the remainder favours no value noticeably.
_MIXED_HEX_DIGITS = 12


def commitment_of(key: bytes) -> str:
    """What is published before the draw: the key's SHA-256, in lower-case hex."""
    return hashlib.sha256(key).hexdigest()


def draw_place(key: bytes, entrants: int, number: int) -> int:
    """The place drawn for a number of 1 … ``entrants``; a later number is its own place."""
    if number > entrants:
        return number
    wide, high = _sides(entrants)
    at = number - 1
    while True:
        right, left = divmod(at, wide)
        for turn in range(1, ROUNDS, 2):
            left = (left + _mix(key, entrants, turn, right)) % wide
            right = (right + _mix(key, entrants, turn + 1, left)) % high
        at = left + right * wide
        # Past the last entrant it walks on: it came from within, so it comes back.
        if at < entrants:
            return at + 1


def find_number(key: bytes, entrants: int, place: int) -> int:
    """The number for which the place was drawn: the inverse of ``draw_place``."""
    if place > entrants:
        return place
    wide, high = _sides(entrants)
    at = place - 1
    while True:
        right, left = divmod(at, wide)
        for turn in range(ROUNDS, 1, -2):
            right = (right - _mix(key, entrants, turn, left)) % high
            left = (left - _mix(key, entrants, turn - 1, right)) % wide
        at = left + right * wide
        if at < entrants:
            return at + 1


def _sides(entrants: int) -> tuple[int, int]:
    """A rectangle that holds them all, with less than one column to spare."""
    wide = math.isqrt(entrants - 1) + 1
    return wide, -(-entrants // wide)


def _mix(key: bytes, entrants: int, turn: int, half: int) -> int:
    text = f"draw:{key.hex()}:{entrants}:{turn}:{half}".encode()
    digest = hashlib.sha1(text, usedforsecurity=False).hexdigest()
    return int(digest[:_MIXED_HEX_DIGITS], 16)
