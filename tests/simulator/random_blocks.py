"""Random machines, cascades and nests for the event simulator: small, with everything in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from random import Random

from accelsim.architecture import Architecture, Array, Link, Memory, OperationCost
from accelsim.einsum import Cascade
from accelsim.errors import AccelsimError
from accelsim.mapping import Block, Compute, Keep, Loop, MappedLayer, Move, Nest
from accelsim.mapping.legality import check_structure
from accelsim.mapping.mapping import Step
from accelsim.model import count_block
from accelsim.model.counts import BlockCounts
from accelsim.workload import cascade_from_text

__all__ = ["Drawn", "draw", "drawn_block"]

BITS = {"Z": 32, "A": 8, "B": 4, "X": 16}


@dataclass(frozen=True)
class _Kind:
    text: str
    ranks: tuple[str, ...]
    tensors: Mapping[str, tuple[str, ...]]
    derived: Mapping[str, str] = field(default_factory=dict)
    parameters: tuple[str, ...] = ()


_SPLIT = {"M1": "ceil(M / M0)"}
_SINGLE = [
    _Kind("Z[m,n] = A[m,k] * B[k,n]", ("M", "N", "K"), {"A": ("M", "K"), "B": ("K", "N")}),
    _Kind("Z[m] = A[m,k] * B[k]", ("M", "K"), {"A": ("M", "K"), "B": ("K",)}),
    _Kind("Z[m,n] = A[m] * B[n]", ("M", "N"), {"A": ("M",), "B": ("N",)}),
    _Kind("Z[m] = max(k) A[m,k]", ("M", "K"), {"A": ("M", "K")}),
    _Kind(
        "Z[m,n] = A[s*m+d*k] * B[k,n]",
        ("M", "N", "K"),
        {"A": ("H",), "B": ("K", "N")},
        {"H": "s*(M-1) + d*(K-1) + 1"},
        ("s", "d"),
    ),
    _Kind("Z[p] = A[M0*m1+m0] * B[p]", ("M", "M0", "P"), {"A": ("M",), "B": ("P",)}, _SPLIT),
]
_FUSED = [
    _Kind(
        "X[m,k] = A[m,l] * B[l,k]\nY[m,k] = X[m,k] - A[m,k]\nZ[m] = max(k) Y[m,k]",
        ("M", "K"),
        {"A": ("M", "L"), "B": ("L", "K")},
        {"L": "K"},
    ),
    _Kind(
        "X[m,k] = A[m] * B[k]\nG[m] = max(k) X[m,k]\nY[m,k] = X[m,k] - G[m]\n"
        "Z[m,n] = Y[m,k] * B[n]",
        ("M", "K"),
        {"A": ("M",), "B": ("K",)},
        {"N": "K"},
    ),
    _Kind(
        "L[m,p] = A[m] * B[p]\nR[m+1,p] = max(R[m,p], L[m,p]) where R[0,p] = 0\n"
        "Y[m,p] = L[m,p] - R[m+1,p]\nD[m+1,p] = D[m,p] + Y[m,p] where D[0,p] = 0\n"
        "Z[p] = D[M,p] * B[p]",
        ("M", "P"),
        {"A": ("M",), "B": ("P",)},
    ),
    _Kind(  # As one-pass attention: tiles of M, a running maximum and a running sum.
        "X[m1,m0,p] = A[M0*m1+m0] * B[p]\nL[m1,p] = max(m0) X[m1,m0,p]\n"
        "R[m1+1,p] = max(R[m1,p], L[m1,p]) where R[0,p] = 0\n"
        "S[m1,m0,p] = X[m1,m0,p] - R[m1+1,p]\nT[m1,p] = S[m1,m0,p]\n"
        "C[m1,p] = R[m1,p] - R[m1+1,p]\nE[m1,p] = D[m1,p] * C[m1,p]\n"
        "D[m1+1,p] = T[m1,p] + E[m1,p] where D[0,p] = 0\nZ[p] = D[M1,p] * B[p]",
        ("M", "M0", "P"),
        {"A": ("M",), "B": ("P",)},
        _SPLIT,
    ),
]


@dataclass(frozen=True)
class Drawn:
    """A block on a machine."""

    cascade: Cascade
    architecture: Architecture
    block: Block

    @staticmethod
    def bits(tensor: str) -> int:
        return BITS.get(tensor, 16)


def drawn_block(
    seed: int, *, fused: bool, latencies: bool = True, plain: bool = False
) -> tuple[Drawn, BlockCounts] | None:
    """A block that is sound and fits, with what the analytic model counts of it; else None."""
    try:
        drawn = draw(Random(seed), fused=fused, latencies=latencies, plain=plain)
        check_structure(MappedLayer("t", (drawn.block,)), drawn.cascade, drawn.architecture)
        counts = count_block(
            drawn.block, drawn.cascade, drawn.architecture, bits=drawn.bits, where=""
        )
    except AccelsimError:
        return None
    return drawn, counts


def draw(rng: Random, *, fused: bool, latencies: bool = True, plain: bool = False) -> Drawn:
    """A block, from a seeded generator; it may not fit, or wait for itself.

    Args:
        rng: the generator.
        fused: whether it holds several Einsums.
        latencies: whether memories and links may have one.
        plain: of one Einsum, without registers, windows, split ranks and spills.
    """
    kind = rng.choice(_FUSED if fused else _SINGLE[:4] if plain else _SINGLE)
    ranks: dict[str, int | str] = {name: rng.randint(1, 13) for name in kind.ranks}
    if rng.random() < 0.3:
        # One long rank among short ones, so that much of it is skipped.
        ranks = {name: rng.randint(1, 4) for name in kind.ranks}
        ranks[rng.choice(kind.ranks[:2])] = rng.randint(30, 150)
    if "M0" in ranks:
        ranks["M0"] = rng.randint(2, 4)
    cascade = cascade_from_text(
        kind.text,
        ranks={**ranks, **kind.derived},
        tensors=kind.tensors,
        parameters={name: rng.randint(1, 3) for name in kind.parameters},
    )
    arrays = 2 if fused and rng.random() < 0.7 else 1
    machine = _machine(rng, arrays, latencies)
    if plain:
        inside = [m for m in machine.memories.values() if m.parent in machine.arrays]
        outside = {n: m for n, m in machine.memories.items() if m not in inside}
        machine = replace(machine, memories=outside)
    block = _fused(rng, cascade, machine) if fused else _single(rng, cascade, machine)
    if plain:
        (compute,) = block.nest.body
        assert isinstance(compute, Compute)
        compute = Compute("Z", "array0", compute.rows, compute.columns, compute.order)
        block = replace(block, nest=Nest(block.nest.steps, (compute,)), spill=(), halo="whole")
    return Drawn(cascade, machine, block)


def _machine(rng: Random, arrays: int, latencies: bool) -> Architecture:
    def memory(name: str, parent: str | None, instances: int = 1) -> Memory:
        rate = rng.choice([None, 1e9, 3e9, 7e9, 16e9])
        size = rng.choice([None, None, 40, 200, 1000])
        if parent is None:
            size, rate = None, rng.choice([1e9, 2e9, 5e9])
        latency = rng.choice([None, 0, 3, 20]) if latencies else None
        ports = rng.choice([1, 1, 2])
        return Memory(name, parent, size, rate, 8, 1.0, 1.0, 1.0, instances, latency, ports)

    memories = [memory("DRAM", None), memory("outer", "DRAM"), memory("inner", "outer")]
    operations = ("multiply-add", "multiply", "add", "subtract", "max")
    made = {}
    for i in range(arrays):
        name, rows, columns = f"array{i}", rng.randint(1, 3), rng.randint(1, 3)
        made[name] = Array(
            name,
            "inner",
            rows,
            columns,
            {o: OperationCost(rng.randint(1, 2), {o: 1}) for o in operations},
            dict.fromkeys(operations, 1.0),
            {},
        )
        if rng.random() < 0.6:
            memories.append(memory(f"registers{i}", name, rows * columns))
    links = {}
    if arrays == 2 and rng.random() < 0.6:
        links["link"] = Link("link", "array0", "array1", rng.choice([0, 5, 30]) * latencies)
    return Architecture("toy", 1e9, 8, "auto", {m.name: m for m in memories}, made, links)


def _unrolled(rng: Random, ranks: list[str]) -> tuple[str | None, str | None]:
    chosen = rng.sample(ranks, min(2, len(ranks)))
    return (
        chosen[0] if rng.random() < 0.5 else None,
        chosen[1] if len(chosen) > 1 and rng.random() < 0.5 else None,
    )


def _bypass(rng: Random, names: list[str], kept: set[str]) -> tuple[str, ...]:
    """Tensors that pass the registers by, among those that are not kept there."""
    return tuple(t for t in dict.fromkeys(names) if t not in kept and rng.random() < 0.15)


def _spill(rng: Random) -> tuple[str, ...]:
    return tuple(m for m in ("outer", "inner") if rng.random() < 0.2)


def _single(rng: Random, cascade: Cascade, machine: Architecture) -> Block:
    einsum = cascade["Z"]
    ranks = [r for r in einsum.sizes if r != "M1"]
    loops = [Loop(rng.choice(ranks), rng.randint(1, 5)) for _ in range(rng.randint(0, 5))]
    if "M1" in einsum.sizes:  # All loops over M1 before those over M0: else they are no split.
        loops = [Loop("M1", rng.randint(1, 3)), *loops]
    steps: list[list[Step]] = [[loop] for loop in loops]
    memories = [m for m in machine.memories if m != "DRAM"]
    inside: set[str] = set()
    tensors = [a.tensor for a in (einsum.output, *einsum.inputs)]
    for tensor in dict.fromkeys(tensors):
        depths = sorted(rng.randint(0, len(steps)) for _ in memories)
        for memory, depth in zip(memories, depths, strict=True):
            if rng.random() < 0.6:
                keep = Keep(memory, ((tensor,),))
                inside |= {tensor} if memory == "registers0" else set()
                if depth:
                    steps[depth - 1].append(keep)
                else:
                    steps.insert(0, [keep])
    rows, columns = _unrolled(rng, ranks)
    order = rng.sample(ranks, rng.randint(0, len(ranks)))
    bypass = _bypass(rng, tensors, inside)
    compute = Compute("Z", "array0", rows, columns, tuple(order), bypass=bypass)
    nest = Nest(tuple(step for group in steps for step in group), (compute,))
    twice = tuple(m for m in memories if rng.random() < 0.2)
    halo = rng.choice(["whole", "overlap"])
    spill = _spill(rng)
    return Block("block", nest, halo=halo, double_buffer=twice, spill=spill)  # type: ignore[arg-type]


def _fused(rng: Random, cascade: Cascade, machine: Architecture) -> Block:
    iterated = [e.iterated for e in cascade.einsums if e.iterated]
    arrays = {e.name: rng.choice(list(machine.arrays)) for e in cascade.einsums}
    steps = _shared_steps(rng, cascade, iterated)
    inside = _in_registers(rng, cascade, machine, arrays)
    for keep in inside:
        # Of the tiles of all loops, or above the innermost one.
        steps.insert(len(steps) - (rng.random() < 0.2), keep)
    kept = {t for keep in inside for t in keep.tensors}
    body: list[Nest | Compute] = []
    for einsum in cascade.einsums:
        ranks = [r for r in einsum.sizes if r not in iterated]
        rows, columns = _unrolled(rng, ranks)
        names = [a.tensor for a in (einsum.output, *einsum.inputs)]
        bypass = _bypass(rng, names, kept)
        compute = Compute(einsum.name, arrays[einsum.name], rows, columns, bypass=bypass)
        if rng.random() < 0.3 and not iterated:
            inner = tuple(Loop(r, rng.randint(1, 3)) for r in rng.sample(ranks, 1))
            body.append(Nest(inner, (compute,)))
        else:
            body.append(compute)
    epochs = _epochs(rng, cascade, machine, arrays) if rng.random() < 0.4 else ()
    return Block("block", Nest(tuple(steps), tuple(body)), epochs, spill=_spill(rng))


def _shared_steps(rng: Random, cascade: Cascade, iterated: list[str]) -> list[Step]:
    """Loops around all Einsums, and what is kept between and above them."""
    shared = set.intersection(*(set(e.sizes) for e in cascade.einsums if not e.iterated))
    outer: list[Step] = [Loop(r, rng.randint(1, 4)) for r in sorted(shared)]
    if iterated:
        outer = [Loop("P", rng.randint(2, 5)), Loop(iterated[0]), Loop("P", rng.randint(1, 2))]
    kept = [e.name for e in cascade.einsums if e.name != "Z"]
    place = rng.randint(0, len(outer)) if not iterated else rng.choice([0, 1])
    together = not iterated and rng.random() < 0.3
    groups = (tuple(kept),) if together else tuple((t,) for t in kept)
    steps = [*outer[:place], Keep(rng.choice(["inner", "outer"]), groups), *outer[place:]]
    for tensor in cascade.inputs:
        if rng.random() < 0.6:
            steps.insert(rng.randint(0, len(steps)), Keep("outer", ((tensor,),)))
    return steps


def _in_registers(
    rng: Random, cascade: Cascade, machine: Architecture, arrays: Mapping[str, str]
) -> list[Keep]:
    """What all of its readers find in the registers of their array."""
    found: list[Keep] = []
    for tensor, readers in cascade.consumers.items():
        on = {arrays[reader] for reader in readers}
        registers = machine.registers(next(iter(on))) if len(on) == 1 else None
        if tensor in arrays and registers is not None and rng.random() < 0.4:
            found.append(Keep(registers.name, ((tensor,),)))
    return found


def _epochs(
    rng: Random, cascade: Cascade, machine: Architecture, arrays: Mapping[str, str]
) -> tuple[tuple[str | Move, ...], ...]:
    names = [e.name for e in cascade.einsums]
    cuts = sorted(rng.sample(range(1, len(names)), rng.randint(0, 2)))
    parts: list[list[str | Move]] = [
        list(names[a:b]) for a, b in zip([0, *cuts], [*cuts, len(names)], strict=True)
    ]
    if len(parts) > 1 and rng.random() < 0.4:
        parts[0].append(parts[-1].pop())
    crossing = [t for t in names if t != "Z" and arrays[t] == "array0"]
    if machine.links and crossing and rng.random() < 0.6:
        tensor = rng.choice(crossing)
        after = next(i for i, part in enumerate(parts) if tensor in part) + 1
        parts.insert(after, [Move(tensor, "link")])
    return tuple(tuple(part) for part in parts if part)
