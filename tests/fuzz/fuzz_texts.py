"""Random texts: of any signs, of words of the language, arithmetic, odd YAML scalars."""

from __future__ import annotations

from random import Random

LOOK_ALIKES = "K\u0435y", "\u212a", "\uff2d", "\u00b5", "\u0394", "M\u0301"
"""Cyrillic, the Kelvin sign, full width, micro, Greek, a combining accent."""
HIDDEN = "\u202e", "\u2066", "\u200f", "\u200b", "\ufeff", "\u2028", "\x85", "\x00", "\x1b[31m"
FOREIGN = "\u05e9\u05dc\u05d5\u05dd", "\u0645\u0631\u062d\u0628\u0627", "\U0001f600", "\u4e2d"

_WORDS = """
    .nan .inf -.inf -0 0 -1 1e400 1.0e+400 -1.0e-400 1_000 010 0x 0x_ 0x1F 0b1 0b 0o7
    yes no on off true False null ~ 1:30 1:2:3.5 = << ! & * ? - : | > %
    2001-01-01 2001-99-99 2001-01-01T25:00:00Z NaN Infinity 0.1 1.5 1e3 0.3e-9
"""
ODD_SCALARS = (
    *_WORDS.split(),
    "",
    "''",
    '"\\0"',
    '"\\x1b[31m"',
    '"\\ud800"',
    '"\\u202e"',
    '"\\L\\N"',
    '"a\\nb"',
    "!!python/object:os.system x",
    "&a 1",
    "*a",
    "[]",
    "{}",
    "[[]]",
    "{a: {}}",
    "1" + "0" * 30,
    "M M",
    "M / 0",
    "ceil(M / M0)",
    "ceil(" * 70 + "M" + ")" * 70,
    "(" * 200 + "M" + ")" * 200,
    "M" + "*M" * 200,
    "a" * 3000,
    "1" + "0" * 5000,
    "0x" + "f" * 5000,
    "1" + ":59" * 400 + ".5",
    *LOOK_ALIKES,
    *HIDDEN,
    *FOREIGN,
)

_LANGUAGE = """
    A[m] A[m,k] B[k,n] Z[m] Z[m+1] Z[0] A[2*m-k+1] A[-(m)] S[] E[X[t],d] = == + - * / ( ) , [ ]
    max(k) max( sum( exp( relu( topk(e) argtopk(e) product(k) where if and inf -inf M K 2 1.5
    1e999 .5 01 <= < >= != m k lambda # if(m<3) ) M0*m1+m0 @ ; \u212a \u202e
"""
_TOKENS = [*_LANGUAGE.split(), "\x00", "\n", "# \n"]
_SIGNS = "Zm[]=A+-*/(),1. \n#<>!&eE_'\"\\{}:|~^%@\t\r\x00\u202e\ud800\uff2d\u0435"
_SUMS = "MN01.9eEj+-*/%(),<>=!&|~^@:[]{}'\"\\ #_if or is\n\u212a"


def any_text(rng: Random) -> str:
    """Signs of all of Unicode, lone surrogates too, or of the few that mean something."""
    length = min(int(rng.expovariate(0.04)), 3000)
    if rng.random() < 0.3:
        return "".join(chr(rng.randrange(0x110000)) for _ in range(length))
    return "".join(rng.choice(_SIGNS) for _ in range(length))


def any_bytes(rng: Random) -> bytes:
    length = min(int(rng.expovariate(0.02)), 4000)
    if rng.random() < 0.5:
        return bytes(rng.randrange(256) for _ in range(length))
    return any_text(rng).encode(rng.choice(["utf-8", "utf-16", "utf-8-sig"]), "replace")


def soup(rng: Random) -> str:
    """Words of the Einsum language in no order."""
    return rng.choice(["", " "]).join(rng.choices(_TOKENS, k=rng.randrange(1, 25)))


def arithmetic(rng: Random) -> str:
    """What may stand for a size: often wrong, sometimes a tower."""
    kind = rng.random()
    if kind < 0.1:
        return rng.choice(["ceil(", "(", "-", "[", "~", "M*", "M.", "1+"]) * rng.randrange(490)
    if kind < 0.5:
        return "".join(rng.choice(_SUMS) for _ in range(rng.randrange(40)))
    return sum_of(rng, rng.randrange(5))


def sum_of(rng: Random, depth: int) -> str:
    """An expression that is mostly right."""
    if not depth or rng.random() < 0.1:
        return rng.choice(["M", "N", "a.b", "1", "0", "2.5", "1e300", "7", "9" * 90])
    left, right = sum_of(rng, depth - 1), sum_of(rng, depth - 1)
    sign = rng.choice(["+", "-", "*", "/", "//", "%", "**", "<=", "=="])
    shapes = (f"({left} {sign} {right})", f"ceil({left})", f"max({left}, {right})", f"-{left}")
    return rng.choice(shapes)
