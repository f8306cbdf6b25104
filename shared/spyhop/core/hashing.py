"""Terms as numbers: MurmurHash3 (x86, 32 bits, seed 0) of their UTF-8, as scikit-learn hashes."""

from functools import lru_cache

from msgspec import Struct

# A language's words recur; what nobody repeats must not fill the memory.
MOST_REMEMBERED = 2**16

_32_BITS = 0xFFFFFFFF


class Hashing(Struct, frozen=True):
    """How terms find their place among `n_features` counts without a vocabulary.

    With `alternate_sign` a term whose hash is negative counts down.
    """

    n_features: int
    alternate_sign: bool = True


def hashed(term: str, hashing: Hashing) -> tuple[int, int]:
    """Return the place of `term` and what it counts there, 1 or -1."""
    number = signed_hash(term)
    return abs(number) % hashing.n_features, -1 if hashing.alternate_sign and number < 0 else 1


@lru_cache(MOST_REMEMBERED)
def signed_hash(term: str) -> int:
    """Return the hash of `term` as a signed 32-bit integer."""
    data = term.encode()
    whole = len(data) // 4 * 4
    state = 0
    for start in range(0, whole, 4):
        state ^= _mixed(int.from_bytes(data[start : start + 4], "little"))
        state = (_rotated(state, 13) * 5 + 0xE6546B64) & _32_BITS
    # Of a rest of no bytes the mix is 0, which changes nothing.
    state ^= _mixed(int.from_bytes(data[whole:], "little"))
    state = _avalanched(state ^ len(data))
    return state - 2**32 if state >= 2**31 else state


def _mixed(word: int) -> int:
    return _rotated(word * 0xCC9E2D51 & _32_BITS, 15) * 0x1B873593 & _32_BITS


def _rotated(word: int, bits: int) -> int:
    return (word << bits | word >> (32 - bits)) & _32_BITS


def _avalanched(state: int) -> int:
    """Return `state` with each of its bits spread over all."""
    state = (state ^ state >> 16) * 0x85EBCA6B & _32_BITS
    state = (state ^ state >> 13) * 0xC2B2AE35 & _32_BITS
    return state ^ state >> 16
