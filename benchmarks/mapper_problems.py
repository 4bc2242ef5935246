"""The problems on which the mapper is timed, and what other tools found on them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

__all__ = ["PROBLEMS", "Peer", "Problem", "chain", "convolution", "product"]


@dataclass(frozen=True)
class Peer:
    """What another tool found on the same machine and accounting, on two cores of a like machine.

    Each was run once in a process of its own, on Python 3.12 where it does not install on 3.11.
    """

    tool: str
    seconds: float
    energy_uj: float | None = None
    cycles: int | None = None
    remark: str = ""


@dataclass(frozen=True)
class Problem:
    """Something to map; sent to a fresh process as JSON."""

    name: str
    cascade: str = ""
    """Einsums, one a line; or the name of a shipped workload with many layers."""
    ranks: Mapping[str, int] = field(default_factory=dict)
    tensors: Mapping[str, Sequence[str]] = field(default_factory=dict)
    search: Mapping[str, object] = field(default_factory=dict)
    """What differs from ``method: exact``."""
    machine: str = "ref3"
    """A shipped name, or the text of an architecture file."""
    kind: str = "exact"
    """``exact``; ``network``: all layers, as users call it; ``first``: so, the import counted."""
    peers: tuple[Peer, ...] = ()


def product(size: int, **search: object) -> Problem:
    """A product of two square matrices."""
    return Problem(
        f"matmul {size}",
        "Z[m,n] = A[m,k] * B[k,n]",
        dict.fromkeys("MNK", size),
        {"A": "MK", "B": "KN"},
        search,
    )


def convolution(name: str, c: int, k: int, p: int, q: int, r: int, s: int) -> Problem:
    """A convolution of stride 1 of one image, its input with the halo."""
    return Problem(
        name,
        "O[k,p,q] = I[c,p+r,q+s] * W[k,c,r,s]",
        {"C": c, "K": k, "P": p, "Q": q, "R": r, "S": s, "Y": p + r - 1, "X": q + s - 1},
        {"I": "CYX", "W": "KCRS"},
    )


def chain(count: int, rows: int, width: int) -> Problem:
    """Products, each of the one before and a square matrix."""
    names = ["A", *(f"T{i}" for i in range(count))]
    lines = [f"T{i}[m,n{i + 1}] = {names[i]}[m,n{i}] * B{i}[n{i},n{i + 1}]" for i in range(count)]
    weights = {f"B{i}": (f"N{i}", f"N{i + 1}") for i in range(count)}
    ranks = {"M": rows, **{f"N{i}": width for i in range(count + 1)}}
    return Problem(
        f"chain of {count}, {rows} x {width}",
        "\n".join(lines),
        ranks,
        {"A": ("M", "N0"), **weights},
    )


def _attention(heads: int) -> Problem:
    """The two products of attention, a thousand positions; what is between them is left out."""
    head, H, a = ("H", {"H": heads}, "h,") if heads > 1 else ("", {}, "")
    return Problem(
        f"attention, {heads} head{'s' * (heads > 1)}",
        f"QK[{a}m,p] = Q[{a}e,p] * K[{a}e,m]\nAV[{a}f,p] = QK[{a}m,p] * V[{a}f,m]",
        {**H, "E": 64, "F": 64, "M": 1024, "P": 1024},
        {"Q": (*head, "E", "P"), "K": (*head, "E", "M"), "V": (*head, "F", "M")},
    )


def _with(problem: Problem, name: str, *peers: Peer, **search: object) -> Problem:
    """A problem under another name, searched otherwise, with what others found."""
    return replace(problem, name=name, peers=peers, search={**problem.search, **search})


PROBLEMS = (
    _with(
        product(1024),
        "matmul 1024",
        Peer("AccelForge 1.0.467", 38.6, 1371.957, 4_194_304, "for EDP"),
        Peer("ZigZag 3.9.1", 32.4, None, 4_199_760, "other accounting of registers"),
        Peer("Timeloop 4", 34.5, 1895.0, 4_194_304, "random, stops after 500 without gain"),
    ),
    product(4096),
    _with(product(1024), "matmul 1024, imperfect tiles", tiles="imperfect"),
    _with(
        product(1024),
        "matmul 1024, bypass",
        Peer("Timeloop 4", 129.9, 1243.6, 4_194_304, "random, stops after 500 without gain"),
        bypass=True,
    ),
    _with(
        convolution("", c=64, k=64, p=56, q=56, r=3, s=3),
        "conv 64->64, 56x56, 3x3",
        Peer("AccelForge 1.0.467", 265.0, None, None, "no answer by then"),
        Peer("ZigZag 3.9.1", 49.9, 115.618, 516_383, "other accounting of registers"),
        Peer("Timeloop 4", 162.2, 200.1, 602_112, "random, stops after 500 without gain"),
    ),
    convolution("conv 256->512, 14x14, 3x3", c=256, k=512, p=14, q=14, r=3, s=3),
    convolution("conv 3->64, 112x112, 7x7", c=3, k=64, p=112, q=112, r=7, s=7),
    _with(
        _attention(1),
        "attention, 1 head, fused",
        Peer("AccelForge 1.0.467", 99.8, 144.140, 1_310_720, "for energy"),
    ),
    _with(
        _attention(1),
        "attention, 1 head, apart",
        Peer("AccelForge 1.0.467", 44.1, 282.224, 786_432, "for energy"),
        fuse=False,
    ),
    _with(_attention(16), "attention, 16 heads, fused"),
    _with(chain(2, 1024, 1024), "2 products of 1024, chained"),
    _with(chain(2, 1024, 256), "2 products, 1024 x 256, chained"),
    Problem("all 53 layers of ResNet-50", "resnet-50", kind="network"),
    Problem("first call: import, then matmul 1024", "matmul", kind="first"),
)
"""``python benchmarks/mapper.py`` prints one line for each."""
