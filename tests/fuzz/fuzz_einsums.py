"""Einsums by their grammar, mostly right, and cascades of them with ranks and tensors."""

from __future__ import annotations

import json
from random import Random

RANKS = {"M": 24, "K": 6, "N": 5, "T": 8, "M1": 4, "M0": 6}
INPUTS = {"A": ["M", "K"], "B": ["K", "N"], "X": ["T"], "E": ["M", "N"], "S": []}
_UNARY = ("exp", "relu", "sqrt", "reciprocal", "log", "tanh", "sigmoid", "gelu", "abs")
_REDUCTIONS = ("max", "sum", "min", "product", "prod", "topk", "argtopk", "argmax", "any")
_NUMBERS = ("0", "1", "2.5", "1e3", ".5", "inf", "M", "1e999", "12345678901234567890", "0.1e-7")

Tensors = dict[str, list[str]]


def index(rng: Random, rank: str, tensors: Tensors, odd: float) -> str:
    """A position along a rank; ``odd`` is how often it is unusual."""
    name = rank.lower()
    if rng.random() >= odd:
        return name
    shapes = [f"{name}+1", f"{name} - 2", "0", f"2*{name}", f"({name})", f"-{name}+{rank}-1", "M1"]
    shapes += ["X[t]", "M0*m1+m0", f"{rank}-1", "m-p+1", "A[", "9" * 40, f"{name}*{name}"]
    return rng.choice(shapes)


def access(rng: Random, tensors: Tensors, odd: float) -> str:
    name = rng.choice(list(tensors))
    inside = [index(rng, rank, tensors, odd) for rank in tensors[name]]
    if rng.random() < odd / 4:
        inside = inside[1:]
    return f"{name}[{rng.choice([',', ', ']).join(inside)}]"


def expression(rng: Random, tensors: Tensors, depth: int, odd: float) -> str:
    kind = rng.random()
    if not depth or kind < 0.3:
        if rng.random() < 0.15:
            return rng.choice(_NUMBERS)
        return access(rng, tensors, odd)
    left = expression(rng, tensors, depth - 1, odd)
    if kind < 0.5:
        return f"{rng.choice(_UNARY)}({left})" if rng.random() < 0.9 else f"-{left}"
    right = expression(rng, tensors, depth - 1, odd)
    if kind < 0.6:
        return f"{rng.choice(['max', 'min'])}({left}, {right})"
    text = f"{left}{rng.choice([' ', ''])}{rng.choice('+-**/')} {right}"
    return f"({text})" if rng.random() < 0.4 else text


def condition(rng: Random) -> str:
    terms = ["m", "0", "k", "m - 2", "n", "M - 1", "2*k+1", "m-(k)"]
    signs = ["<=", "<", ">=", ">", "=="]
    pairs = [f" {rng.choice(signs)} {rng.choice(terms)}" for _ in range(rng.choice([1, 1, 2]))]
    return rng.choice(terms) + "".join(pairs)


def einsum(rng: Random, name: str, tensors: Tensors, odd: float = 0.05) -> tuple[str, list[str]]:
    """The text of an Einsum, and the ranks of what it writes."""
    right = expression(rng, tensors, rng.choice([0, 1, 1, 2, 3]), odd)
    used = [rank for rank in RANKS if f"{rank.lower()}" in _indices(right)]
    kept = [rank for rank in used if rng.random() < 0.7]
    reduced = [rank.lower() for rank in used if rank not in kept]
    left, start = [rank.lower() for rank in kept], ""
    if kept and rng.random() < odd:
        left[0] += "+1"
        zero = ",".join(["0", *left[1:]])
        start = f"  where {name}[{zero}] = {rng.choice(['0', '-inf', '1.5'])}"
    if reduced and rng.random() < 0.4:
        right = f"{rng.choice(_REDUCTIONS)}({','.join(reduced)}) {right}"
    text = f"{name}[{','.join(left)}] = {right}"
    if rng.random() < 0.15:
        text += " if " + " and ".join(condition(rng) for _ in range(rng.choice([1, 2])))
    text += start
    if rng.random() < 0.05:
        text += rng.choice(["  # why", "\n  # a comment [", " #"])
    return text, kept


def _indices(text: str) -> set[str]:
    word, found = "", set()
    for sign in text + " ":
        if sign.isalnum():
            word += sign
        else:
            found.add(word)
            word = ""
    return found


def damaged(rng: Random, text: str) -> str:
    """The same text with some signs lost, doubled, swapped or put in."""
    for _ in range(rng.choice([1, 1, 2, 4])):
        at = rng.randrange(len(text) + 1)
        to = min(len(text), at + rng.randrange(4))
        new = rng.choice(["", "", text[at:to] * 2, "(", ")", "[", "]", "=", ",", "-", "9" * 400])
        text = text[:at] + new + text[to:]
    return text


def statement(rng: Random) -> str:
    """One Einsum; about one of three is broken."""
    text, _ = einsum(rng, rng.choice(["Z", "Y", "A"]), INPUTS, odd=0.2)
    if rng.random() < 0.02:
        depth = rng.randrange(1, 400)
        text = f"Z[m] = {'(' * depth}A[m,k]{')' * depth}"
    return damaged(rng, text) if rng.random() < 0.35 else text


def cascade(rng: Random, length: int | None = None) -> str:
    """A workload file: Einsums that read the inputs and each other."""
    tensors: Tensors = {name: list(ranks) for name, ranks in INPUTS.items()}
    texts = []
    odd = rng.choice([0.0, 0.0, 0.02, 0.2])
    for i in range(length or rng.choice([1, 2, 3, 6, 12])):
        text, ranks = einsum(rng, f"T{i}", tensors, odd)
        texts.append(damaged(rng, text) if rng.random() < odd / 4 else text)
        tensors[f"T{i}"] = ranks
    sizes = {rank: rng.choice([size, size, 1, 10**6]) for rank, size in RANKS.items()}
    sizes = RANKS if rng.random() < 0.6 else sizes
    file = {"name": "random", "ranks": sizes, "tensors": INPUTS, "cascade": texts}
    return json.dumps(file, ensure_ascii=rng.random() < 0.5)
