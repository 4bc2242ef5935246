"""The Pareto front of a whole map space by brute force: every mapping is costed, none is skipped.

All that is counted is a product of factors, one for every group of ranks that no window ties to
others. So the chains of a group are written as columns of factors, and the costs of all
combinations are products of two matrices. Columns that agree in every factor are costed once;
that is all that is saved.

It is written from the rules of counting and shares no code with the search.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import module_from_spec, spec_from_file_location
from itertools import product
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

# Tests are no package, so the helper beside this file is loaded by its path.
_spec = spec_from_file_location("oracle_mapspace", Path(__file__).with_name("oracle_mapspace.py"))
assert _spec
assert _spec.loader
mapspace = module_from_spec(_spec)
_spec.loader.exec_module(mapspace)

Space, Holding, Order, State = mapspace.Space, mapspace.Holding, mapspace.Order, mapspace.State
orders_of = mapspace.orders_of
delivered, taken, held = mapspace.delivered, mapspace.taken, mapspace.held

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]

_CHUNK = 400_000


@dataclass(frozen=True)
class _Side:
    """Combinations of the chains of some groups."""

    factors: Floats
    """[quantity, combination]"""
    widths: list[tuple[tuple[int, int], ...]]
    """Distinct (rank, PEs) of all ranks of these groups."""
    which: Ints
    """[combination] of ``widths``."""
    times: Floats
    """Mappings that a combination stands for."""


class _Costs:
    """What the mappings of one order of stores cost."""

    def __init__(self, space: Space, holding: Holding, order: Order) -> None:
        self.space, self.holding, self.order = space, holding, order
        levels = range(len(space.levels))
        self.limited = [i for i in levels if (s := space.levels[i]) and s.cycles]
        self.bounded = [i for i in levels if (s := space.levels[i]) and s.capacity_bits is not None]
        names: list[tuple[str, int]] = [("steps", 0), ("begun", 0)]
        for at, (level, _) in enumerate(order):
            names += [("delivered", at), ("taken", at)]
            names += [("held", at)] * (level in self.bounded)
        self.row = {name: i for i, name in enumerate(names)}
        self.energy, self.energy_offset = self._linear(energy=True)
        self.busy = {level: self._linear(energy=False, level=level) for level in self.limited}
        self.used = {level: np.zeros(len(names)) for level in self.bounded}
        for at, (level, tensor) in enumerate(order):
            if level in self.bounded and (level or tensor in holding[0]):
                self.used[level][self.row["held", at]] += space.operands[tensor].bits

    def _linear(self, *, energy: bool, level: int | None = None) -> tuple[Floats, float]:
        """Energy, or the cycles of one memory: a weight for each quantity, and a constant."""
        space, weights, offset = self.space, np.zeros(len(self.row)), 0.0

        def cost(of: int) -> tuple[float, float]:
            store = space.levels[of]
            if store is None:
                return 0.0, 0.0
            if energy:
                return store.read_pj, store.write_pj
            return (store.cycles, store.cycles) if of == level else (0.0, 0.0)

        begun = self.row["begun", 0]
        for at, (here, tensor) in enumerate(self.order):
            bits = space.operands[tensor].bits
            outer = range(here + 1, len(space.levels) - 1)
            parent = next((i for i in outer if tensor in self.holding[i]), len(space.levels) - 1)
            kept = here or space.in_registers(self.holding, tensor)
            (read, write), (own_read, own_write) = cost(parent), cost(here) if kept else (0.0, 0.0)
            out, into = self.row["delivered", at], self.row["taken", at]
            if tensor:
                weights[out] += read * bits
                weights[into] += own_write * bits
                continue
            weights[out] += (read + write) * bits
            weights[into] += (own_read + own_write) * bits
            offset -= read * bits * space.results
            if here:
                offset -= own_write * bits * space.results
            else:
                weights[begun] -= own_write * bits * space.results
        read, write = (cost(0)[0] * space.operands[0].bits, cost(0)[1] * space.operands[0].bits)
        reads, writes, results = self._operations()
        offset += reads * read + writes * write
        weights[begun] -= results * read
        if energy:
            offset += space.points * space.point_pj
        return weights, offset

    def _operations(self) -> tuple[int, int, int]:
        """Register reads and writes of the operations; and the results that are not read before
        the first write, in every PE that begins them."""
        space = self.space
        kept = [space.in_registers(self.holding, tensor) for tensor in range(len(space.operands))]
        reads = space.reads - sum(not there for there in kept[1:])
        writes, results = space.writes, space.results if space.reduces else 0
        if not kept[0]:
            reads, writes, results = reads - space.reduces, writes - 1, 0
        return max(reads, 0) * space.points, max(writes, 0) * space.points, results

    # ---- columns ------------------------------------------------------------------------------

    def side(self, groups: Iterable[tuple[int, ...]]) -> _Side:
        """All combinations of chains of some groups."""
        space, side = self.space, _one(len(self.row))
        for group in groups:
            parts = [space.chains(rank, len(self.order)) for rank in group]
            side = _joined(side, self.columns(group, parts))
        return side

    def columns(
        self, ranks: tuple[int, ...], parts: Sequence[tuple[tuple[int, ...], ...]]
    ) -> _Side:
        """The chains of one group, those that latch more than one value left out."""
        factors, fits = _factors(self.space, self.order, ranks, tuple(parts))
        keep = np.ones(len(fits[0]), bool)
        for at, (level, tensor) in enumerate(self.order):
            if not level and (self.space.latches or tensor not in self.holding[0]):
                keep &= fits[at]
        rows = [factors[name] for name in self.row]
        widths = [
            tuple(zip(ranks, (chain[-1] for chain in choice), strict=True))
            for choice in product(*parts)
        ]
        distinct = sorted(set(widths))
        place = {pes: i for i, pes in enumerate(distinct)}
        which = np.array([place[pes] for pes in widths], np.int64)
        table = np.stack([*rows, which])[:, keep]
        _, first, times = np.unique(_keys(table), return_index=True, return_counts=True)
        return _Side(
            table[:-1, first].astype(float), distinct, table[-1, first], times.astype(float)
        )

    # ---- all combinations ---------------------------------------------------------------------

    def every(self, left: _Side, right: _Side) -> Iterator[tuple[Floats, Floats, float]]:
        """Energy and latency of what fits, and how many mappings were costed."""
        allowed = np.array(
            [[self._unrolls(a + b) for b in right.widths] for a in left.widths], bool
        ).reshape(len(left.widths), len(right.widths))
        step = max(1, _CHUNK // max(1, len(right.which)))
        for start in range(0, len(left.which), step):
            part = slice(start, start + step)
            factors = left.factors[:, part].T
            fits = allowed[left.which[part][:, None], right.which[None, :]]
            count = float(left.times[part] @ fits @ right.times)
            for level, weights in self.used.items():
                store = self.space.levels[level]
                assert store is not None
                assert store.capacity_bits is not None
                fits &= (factors * weights) @ right.factors <= store.capacity_bits + 0.5
            energy = (factors * self.energy) @ right.factors + self.energy_offset
            steps = np.outer(factors[:, 0], right.factors[0]) * self.space.point_cycles
            for weights, offset in self.busy.values():
                steps = np.maximum(steps, (factors * weights) @ right.factors + offset)
            yield energy[fits], steps[fits], count

    def _unrolls(self, widths: tuple[tuple[int, int], ...]) -> bool:
        return tuple(pes for _, pes in sorted(widths)) in self.space.unrollings


@lru_cache(maxsize=4096)
def _state_table(
    space: Space,
    tensor: int,
    inside: bool,
    ranks: tuple[int, ...],
    states: tuple[State, ...],
) -> tuple[Ints, Ints, Ints]:
    """[state] delivered, taken and held of a tensor."""
    operand = space.operands[tensor]
    out = np.array([delivered(operand, ranks, state, inside) for state in states])
    into = np.array([taken(operand, ranks, state) for state in states]) if inside else out
    return out, into, np.array([held(operand, ranks, state, inside) for state in states])


@lru_cache(maxsize=64)
def _chain_states(
    sizes: tuple[int, ...], parts: tuple[tuple[tuple[int, ...], ...], ...]
) -> tuple[Ints, tuple[State, ...]]:
    """[store, combination of chains] -> which of the distinct states of these ranks."""
    known: dict[State, int] = {}
    which = []
    for choice in product(*parts):
        places = []
        for tiles in zip(*(chain[:-1] for chain in choice), strict=True):
            state = tuple(
                (size, tile, chain[-1])
                for size, tile, chain in zip(sizes, tiles, choice, strict=True)
            )
            places.append(known.setdefault(state, len(known)))
        which.append(places)
    return np.array(which, np.int64).T, tuple(known)


def _factors(
    space: Space,
    order: Order,
    ranks: tuple[int, ...],
    parts: tuple[tuple[tuple[int, ...], ...], ...],
) -> tuple[dict[tuple[str, int], Ints], list[NDArray[np.bool_]]]:
    """(quantity, store) -> factor of every combination of chains; where one value is held."""
    sizes = tuple(space.sizes[rank] for rank in ranks)
    which, states = _chain_states(sizes, parts)
    factors, single = {}, []
    for at, (level, tensor) in enumerate(order):
        tables = _state_table(space, tensor, level == 0, ranks, states)
        for name, table in zip(("delivered", "taken", "held"), tables, strict=True):
            factors[name, at] = table[which[at]]
        single.append(factors["held", at] == 1)
    steps = np.array([math.prod(-(-n // pes) for n, _, pes in state) for state in states])
    begun = np.array(
        [
            math.prod(
                min(n, pes)
                for rank, (n, _, pes) in zip(ranks, state, strict=True)
                if rank not in space.operands[0]
            )
            for state in states
        ]
    )
    factors["steps", 0], factors["begun", 0] = steps[which[0]], begun[which[0]]
    return factors, single


def _keys(table: Ints) -> Ints:
    """A number for every column; equal for equal ones, and else (all but surely) not."""
    random = np.random.default_rng(len(table)).integers(-(2**62), 2**62, len(table))
    return np.asarray((table * random[:, None]).sum(axis=0))


def _one(quantities: int) -> _Side:
    return _Side(np.ones((quantities, 1)), [()], np.zeros(1, np.int64), np.ones(1))


def _joined(one: _Side, other: _Side) -> _Side:
    factors = one.factors[:, :, None] * other.factors[:, None, :]
    which = one.which[:, None] * len(other.widths) + other.which[None, :]
    return _Side(
        factors.reshape(len(factors), -1),
        [a + b for a in one.widths for b in other.widths],
        which.ravel(),
        np.outer(one.times, other.times).ravel(),
    )


# ---- the front --------------------------------------------------------------------------------


def _sides(space: Space, stores: int) -> tuple[list[tuple[int, ...]], list[tuple[int, ...]]]:
    """The groups on two sides, with about as many combinations each."""

    def weight(group: tuple[int, ...]) -> int:
        return math.prod(len(space.chains(rank, stores)) for rank in group)

    sides: tuple[list[tuple[int, ...]], list[tuple[int, ...]]] = ([], [])
    total = [1, 1]
    for group in sorted(space.groups, key=weight, reverse=True):
        smaller = total.index(min(total))
        sides[smaller].append(group)
        total[smaller] *= weight(group)
    return sides


def brute_force(
    space: Space, holdings: Iterable[Holding]
) -> tuple[list[tuple[float, float]], float]:
    """The Pareto front of (energy in pJ, latency in cycles), and how many mappings were costed."""
    front = np.empty((2, 0))
    count = 0.0
    for holding in holdings:
        for order in orders_of(space, holding):
            costs = _Costs(space, holding, order)
            left, right = (costs.side(groups) for groups in _sides(space, len(order)))
            for energy, latency, costed in costs.every(left, right):
                count += costed
                front = _front(np.concatenate((front, _beyond(front, energy, latency)), axis=1))
    return [(float(e), float(t)) for e, t in front.T], count


def _beyond(front: Floats, energy: Floats, latency: Floats) -> Floats:
    """Points that a front does not cover."""
    points = np.stack((energy, latency))
    if front.shape[1]:
        at = np.searchsorted(front[0], energy, side="right") - 1
        points = points[:, (at < 0) | (latency < front[1][at])]
    return points


def _front(points: Floats) -> Floats:
    points = points[:, np.lexsort((points[1], points[0]))]
    fastest = np.minimum.accumulate(points[1])
    keep = np.ones(points.shape[1], bool)
    keep[1:] = points[1][1:] < fastest[:-1]
    return points[:, keep]


def cost_of(
    space: Space,
    holding: Holding,
    order: Order,
    widths: Sequence[int],
    tiles: Sequence[Sequence[int]],
) -> tuple[float, float] | None:
    """Energy and latency of one mapping, by the same code; None where it does not fit.

    Args:
        space: of the mapping.
        holding: what is kept where.
        order: the stores.
        widths: PEs along every rank.
        tiles: [store][rank] tile sizes.
    """
    costs = _Costs(space, holding, order)
    side = _one(len(costs.row))
    for group in space.groups:
        parts = [((*(row[rank] for row in tiles), widths[rank]),) for rank in group]
        side = _joined(side, costs.columns(group, parts))
    for energy, latency, _ in costs.every(side, _one(len(costs.row))):
        if len(energy):
            return float(energy[0]), float(latency[0])
    return None
