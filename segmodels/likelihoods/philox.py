"""Random numbers as a function of where they stand: Philox 4x64 with ten rounds.

A counter of four words and a key of two give four random words, with no state in between. So a number belongs to
its customer and draw, whatever the order, the blocks or the threads in which numbers are asked for.

Source: Salmon, Moraes, Dror and Shaw (2011), Parallel random numbers: as easy as 1, 2, 3, SC '11. NumPy's
``Philox`` is the same function; it counts up before it gives its first words.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba import njit, types
from numba.extending import intrinsic
from numpy.typing import NDArray

Words = NDArray[np.uint64]

_ROUNDS = 10
_MULTIPLY_0, _MULTIPLY_1 = np.uint64(0xD2E7470EE14C6C93), np.uint64(0xCA5A826395121157)
_ADD_0, _ADD_1 = np.uint64(0x9E3779B97F4A7C15), np.uint64(0xBB67AE8584CAA73B)
_ZERO, _LANES, _TWELVE = np.uint64(0), np.uint64(4), np.uint64(12)


def _typed_high_word(typing_context: Any, a: Any, b: Any) -> Any:
    """Upper 64 bits of the product of two words: one instruction, of which Python has no name."""
    del typing_context, a, b
    signature = types.uint64(types.uint64, types.uint64)

    def generate(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        del context, signature
        word, double = ir.IntType(64), ir.IntType(128)
        a, b = (builder.zext(argument, double) for argument in arguments)
        return builder.trunc(builder.lshr(builder.mul(a, b), ir.Constant(double, 64)), word)

    return signature, generate


_high_word: Any = intrinsic(_typed_high_word)


@njit(cache=True, nogil=True, inline="always")
def philox(
    c0: np.uint64, c1: np.uint64, c2: np.uint64, c3: np.uint64, k0: np.uint64, k1: np.uint64
) -> tuple[np.uint64, np.uint64, np.uint64, np.uint64]:
    """Four random words of a counter and a key, all uint64.

    Examples
    --------
    >>> one, zero = np.uint64(1), np.uint64(0)
    >>> first = philox(one, zero, zero, zero, np.uint64(7), zero)[0]
    >>> int(first) == int(np.random.Philox(counter=0, key=7).random_raw())
    True
    """
    for _ in range(_ROUNDS):
        high_0, low_0 = _high_word(_MULTIPLY_0, c0), _MULTIPLY_0 * c0
        high_1, low_1 = _high_word(_MULTIPLY_1, c2), _MULTIPLY_1 * c2
        c0, c1, c2, c3 = high_1 ^ c1 ^ k0, low_1, high_0 ^ c3 ^ k1, low_0
        k0 += _ADD_0
        k1 += _ADD_1
    return c0, c1, c2, c3


@njit(cache=True, nogil=True, inline="always")
def unit(word: np.uint64) -> float:
    """Turn a random word to a number in the open interval (0, 1), of 52 bits.

    Examples
    --------
    >>> unit(np.uint64(0)) > 0.0, unit(np.uint64(2**64 - 1)) < 1.0
    (True, True)
    """
    return (np.float64(word >> _TWELVE) + 0.5) * 2.0**-52


@njit(cache=True, nogil=True)
def fill_uniforms(
    seed: np.uint64,
    keys: Words,
    numbers: Words,
    stream: np.uint64,
    out: NDArray[np.float64],
    first: int,
    last: int,
) -> None:
    """Fill the rows ``first:last`` of `out` (B, D) with the uniforms of keys (B,) and numbers (D,).

    The counter is (number, stream // 4, key, 0) and the key (seed, 0); of the four words it is number stream % 4.
    """
    block, lane = stream // _LANES, stream % _LANES
    for i in range(first, last):
        for d in range(numbers.size):
            words = philox(numbers[d], block, keys[i], _ZERO, seed, _ZERO)
            out[i, d] = unit(words[lane])
