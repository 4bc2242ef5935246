"""Einsums that run fused: shared outer loops, and what they hand to each other kept on the chip.

Around the Einsums of a block run loops over ranks that all of them share, each cut at most once,
in any order. Between these loops tiles of tensors are kept in the outermost memory on the chip:
those that the Einsums hand to each other always, inside all loops; any other tensor at any place,
or not at all, and then its Einsum tiles it as that likes. Inside, every Einsum is a problem of its
own (``exact.py``), and all share what that memory has left.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import permutations, product
from typing import TypeVar

import numpy as np

from accelsim.einsum.cascade import Cascade
from accelsim.mapping.mapping import Block, Keep, Loop, Nest, Step
from accelsim.search.assemble import joined, nest_of
from accelsim.search.exact import ExactSearch
from accelsim.search.front import Front
from accelsim.search.inside import Combined, InnerSearch, Inside
from accelsim.search.mapspace import MapSpace, Split
from accelsim.search.moves import Charges, Moves
from accelsim.search.problem import Problem
from accelsim.search.shared_loops import SharedLoops
from accelsim.search.terms import Around, Found
from accelsim.search.tiles import Floats, Ints, factors

__all__ = ["Choice", "Fused", "shared_ranks"]

T = TypeVar("T", bound=ExactSearch)


def shared_ranks(names: Sequence[str], cascade: Cascade) -> tuple[str, ...] | None:
    """Ranks over which loops may run around all of these Einsums; None where they cannot fuse.

    A rank is shared where all of them have it, and where whatever one hands to another carries it
    at the same position: then a tile of it is all that the reader needs.
    """
    members = [cascade[name] for name in names]
    if any(name in group for name in names for group in cascade.feedback):
        return None
    shared = [r for r in members[0].sizes if all(r in member.sizes for member in members)]
    for i, reader in enumerate(members[1:], 1):
        handed = [access for access in reader.inputs if access.tensor in names[:i]]
        if not handed:
            return None
        for access in handed:
            alone = {index.plain for index in access.indices}
            made = {index.plain for index in cascade[access.tensor].output.indices}
            shared = [rank for rank in shared if rank in alone and rank in made]
    return tuple(shared)


def _limited(problem: Problem) -> list[str]:
    memories = [problem.memory(level) for level in problem.limited]
    return [memory.name for memory in memories if memory]


class Fused:
    """The fusion of some Einsums.

    Args:
        names: the Einsums, in the order of the cascade.
        spaces: for each, its map spaces, one an array.
        front: what is known for these Einsums already, apart; fused mappings are added.
    """

    def __init__(
        self, names: Sequence[str], spaces: Sequence[Sequence[MapSpace]], front: Front
    ) -> None:
        self.names, self.spaces, self.front = names, spaces, front
        self.problems = [space[0].problem for space in spaces]
        self.cascade = self.problems[0].cascade
        self.memory = self.problems[0].levels[-1]
        self._known: dict[
            tuple[int, tuple[int, ...], frozenset[int]], tuple[float, list[Inside]]
        ] = {}
        self._known_least: dict[tuple[int, tuple[int, ...]], tuple[float, float]] = {}
        self._unrolled: dict[
            tuple[str, str, frozenset[int]],
            tuple[Ints, Mapping[tuple[int, ...], Split]],
        ] = {}

    @property
    def possible(self) -> bool:
        """Whether all Einsums share a memory on the chip."""
        memories = {s.problem.levels[-1].memory for each in self.spaces for s in each}
        depths = {len(s.problem.levels) for each in self.spaces for s in each}
        together = len(memories) == 1 and depths == {len(self.problems[0].levels)}
        return together and min(depths) > 1 and all(map(self._may_stay, self._handed))

    def search(self) -> None:
        """Add every fused mapping that is worth it to the front."""
        if not np.isfinite(sum(energy for energy, _ in self._least)):
            return
        outers = sorted(self._outers(), key=lambda outer: (outer.least_energy, -outer.bits))
        filled: list[SharedLoops] = []
        hopeless: list[SharedLoops] = []
        for outer in outers:
            if not self._worth(outer) or any(other.beats(outer) for other in filled):
                continue
            # What costs too much inside of large tiles does so inside of smaller ones.
            if any(other.bounds(outer) for other in hopeless):
                continue
            tight = self._tightened(outer)
            if self._worth(tight):
                self._fill(tight)
                filled.append(outer)
            else:
                hopeless.append(outer)

    def _worth(self, outer: SharedLoops) -> bool:
        cycles = float(outer.least_busy.max(initial=0.0))
        if self._one_array:
            cycles = max(cycles, sum(cycles for _, cycles in self._least))
        return bool(self.front.worth(np.array([outer.least_energy]), np.array([cycles]))[0])

    @cached_property
    def _one_array(self) -> bool:
        """Whether all Einsums must take turns on one array."""
        return len({s.problem.array.name for each in self.spaces for s in each}) == 1

    # ---- shared loops ---------------------------------------------------------------------

    @cached_property
    def _handed(self) -> frozenset[str]:
        """Tensors that one of the Einsums makes and another one reads."""
        return frozenset(
            name for name in self.names if set(self.cascade.consumers[name]) & set(self.names)
        )

    @cached_property
    def _users(self) -> Mapping[str, tuple[int, int]]:
        """Tensor -> (Einsum, position among its tensors) that makes it, or reads it first."""
        found: dict[str, tuple[int, int]] = {}
        for i, problem in enumerate(self.problems):
            for use, spec in enumerate(problem.uses):
                if use == 0 or spec.name not in found:
                    found[spec.name] = i, use
        return found

    def _may_stay(self, tensor: str) -> bool:
        """Whether the shared memory may keep a tensor."""
        level = len(self.problems[0].levels) - 1
        return all(
            space.may_keep(level, use)
            for each in self.spaces
            for space in each
            for use, spec in enumerate(space.problem.uses)
            if spec.name == tensor
        )

    def _leaves(self, tensor: str) -> bool:
        """Whether a tensor that is handed on is needed outside, too."""
        outside = set(self.cascade.consumers[tensor]) - set(self.names)
        return tensor in self.cascade.outputs or bool(outside)

    def _outers(self) -> Iterator[SharedLoops]:
        shared = shared_ranks(self.names, self.cascade) or ()
        sizes = self.cascade[self.names[0]].sizes
        everywhere = [
            rank
            for rank in shared
            if all(p.ranks.index(rank) in use.ranks for p in self.problems for use in p.uses)
        ]
        whole = {
            space.problem.ranks[rank]
            for each in self.spaces
            for space in each
            for level, rank in space.rules(frozenset()).whole
            if level == len(space.problem.levels) - 1
        }
        options = [
            (sizes[rank],) if rank in whole else factors(sizes[rank], "perfect") for rank in shared
        ]
        for tiles in product(*options):
            chosen = dict(zip(shared, tiles, strict=True))
            cut = [rank for rank in shared if chosen[rank] < sizes[rank]]
            # A rank that every tensor has costs nothing outermost.
            first = tuple(rank for rank in cut if rank in everywhere)
            for rest in permutations([rank for rank in cut if rank not in everywhere]):
                yield from self._placed(chosen, (*first, *rest), len(first))

    def _placed(
        self, tiles: Mapping[str, int], order: tuple[str, ...], first: int
    ) -> Iterator[SharedLoops]:
        """Every choice of what is kept, and where; dominated ones left out."""
        capacity = self.memory.capacity_bits
        fixed = [self._kept(name, tiles, order, len(order)) for name in sorted(self._handed)]
        bits = sum(kept[1] for kept in fixed)
        if capacity is not None and bits > capacity:
            return
        free = [name for name in self._users if name not in self._handed]
        options = [self._places(name, tiles, order, first) for name in free]
        least = sum(energy for energy, _ in self._least)
        for choice in product(*options):
            kept = [*fixed, *choice]
            filled = sum(part[1] for part in kept)
            if capacity is not None and filled > capacity:
                continue
            stays = [part for part in kept if part[0] >= 0]
            names = [*sorted(self._handed), *free]
            yield SharedLoops(
                order,
                tiles,
                tuple((n, part[0]) for n, part in zip(names, kept, strict=True) if part[0] >= 0),
                filled,
                sum(part[2] for part in stays),
                sum((part[3] for part in stays), self._no_busy),
                sum(part[2] for part in kept) + least,
                sum((part[3] for part in kept), self._no_busy),
                all(part[0] >= 0 for part in kept),
            )

    @property
    def _no_busy(self) -> Floats:
        return np.zeros(len(self._limited))

    @cached_property
    def _limited(self) -> list[str]:
        """Memories with a bandwidth, of all arrays."""
        problems = [space.problem for each in self.spaces for space in each]
        return list(dict.fromkeys(name for problem in problems for name in _limited(problem)))

    def _of_all(self, problem: Problem, busy: Floats) -> Floats:
        """Busy cycles of a problem's memories in columns for those of all arrays."""
        found = np.zeros((*busy.shape[:-1], len(self._limited)))
        found[..., [self._limited.index(name) for name in _limited(problem)]] = busy
        return found

    def _places(
        self, name: str, tiles: Mapping[str, int], order: tuple[str, ...], first: int
    ) -> list[tuple[int, float, float, Floats]]:
        """(loops around it or -1, bits, energy, busy) for a tensor that need not be kept."""
        i, use = self._users[name]
        problem = self.problems[i]
        ranks = {problem.ranks[rank] for rank in problem.uses[use].ranks}
        depths = [first, *(d + 1 for d in range(first, len(order)) if order[d] in ranks)]
        found = []
        if self._may_stay(name):
            found = [self._kept(name, tiles, order, depth) for depth in depths]
        energy, busy = self._each_turn(name, tiles, order)
        readers = sum(name in {u.name for u in p.uses} for p in self.problems)
        found.append((-1, 0.0, energy * readers, busy * readers))
        return found

    def _each_turn(
        self, name: str, tiles: Mapping[str, int], order: tuple[str, ...]
    ) -> tuple[float, Floats]:
        """Energy and busy cycles of a tensor that crosses anew in every turn of the loops."""
        moved = self._elements(name, tiles, order)[1]
        i, use = self._users[name]
        held = all(s.must_keep(len(s.problem.levels) - 1, use) for s in self.spaces[i])
        return self._crossing(name, moved, held=held)

    def _kept(
        self, name: str, tiles: Mapping[str, int], order: tuple[str, ...], depth: int
    ) -> tuple[int, float, float, Floats]:
        filled, moved = self._elements(name, tiles, order[:depth])
        i, use = self._users[name]
        bits = filled * self.problems[i].uses[use].bits
        if len(self.problems[0].levels) - 1 in self.spaces[0][0].doubled and depth:
            bits *= 2.0
        if name in self._handed and not self._leaves(name):
            return depth, bits, 0.0, self._no_busy
        energy, busy = self._crossing(name, moved, held=True)
        return depth, bits, energy, busy

    def _elements(
        self, name: str, tiles: Mapping[str, int], around: tuple[str, ...]
    ) -> tuple[float, float]:
        """Elements of a tensor's tile inside of loops, and of all its tiles together."""
        i, use = self._users[name]
        problem, moves = self.problems[i], Moves(self.problems[i])
        inside = {rank: tiles[rank] for rank in around}
        extents = np.array(
            [[inside.get(r, n) for r, n in zip(problem.ranks, problem.sizes, strict=True)]]
        )
        spec = problem.uses[use]
        return float(moves.tile(spec, extents)[0]), float(moves.moved(spec, extents)[0])

    def _crossing(self, name: str, elements: float, *, held: bool) -> tuple[float, Floats]:
        """Energy and busy cycles of moving elements between the chip and the outermost memory."""
        i, use = self._users[name]
        level = len(self.problems[i].levels) - 1
        charges = Charges(self.problems[i], use, level, level + 1, held=held)
        moved, size = np.array([elements]), float(self.problems[i].uses[use].size)
        busy = self._of_all(self.problems[i], charges.busy(moved, moved, size)[0])
        return float(charges.energy(moved, moved, size)[0]), busy

    # ---- inside ---------------------------------------------------------------------------

    def _searches(self, i: int, front: Front, around: Around, kind: type[T]) -> Iterator[T]:
        """Searches of one Einsum inside of shared loops, on every array."""
        for chosen in self.spaces[i]:
            problem = chosen.problem
            # Tiles of the shared loops are perfect, and so is what lies in them.
            whole = {r for r, n in enumerate(problem.sizes) if around.top[r] == n}
            ragged = chosen.ragged & whole
            widths, _ = self._unrollings(chosen, ragged)
            left = {
                (*holding[:-1], tuple(use for use in holding[-1] if use not in around.resident))
                for holding in chosen.holdings()
            }
            for holding in sorted(left, reverse=True):
                yield kind(problem, holding, front, widths, chosen.rules(ragged), around)

    def _unrollings(
        self, space: MapSpace, ragged: frozenset[int]
    ) -> tuple[Ints, Mapping[tuple[int, ...], Split]]:
        key = (space.problem.einsum.name, space.problem.array.name, ragged)
        if key not in self._unrolled:
            self._unrolled[key] = space.unrollings(ragged)
        return self._unrolled[key]

    @cached_property
    def _least(self) -> list[tuple[float, float]]:
        """For every Einsum, its least energy and cycles, whatever runs around it."""
        return [self._least_of(i, problem.sizes) for i, problem in enumerate(self.problems)]

    def _least_of(self, i: int, top: tuple[int, ...]) -> tuple[float, float]:
        """Least energy and cycles of an Einsum that finds all tensors on the chip.

        Args:
            i: its position.
            top: tile size of every rank inside of the shared loops.
        """
        if (i, top) not in self._known_least:
            front, cycles = Front(), np.inf
            every = frozenset(range(len(self.problems[i].uses)))
            around = Around(top, every, free=not self._kept_in_any_case(i))
            for search in self._searches(i, front, around, ExactSearch):
                search.run()
                cycles = min(cycles, search.least_cycles)
            energy = float(front.energy.min()) if len(front) else np.inf
            self._known_least[i, top] = energy * (1 - 1e-12), cycles
        return self._known_least[i, top]

    def _kept_in_any_case(self, i: int) -> bool:
        """Whether no tensor of an Einsum may pass the shared memory by."""
        return all(
            space.must_keep(len(space.problem.levels) - 1, use)
            for space in self.spaces[i]
            for use in range(len(space.problem.uses))
        )

    def _top(self, i: int, outer: SharedLoops) -> tuple[int, ...]:
        problem = self.problems[i]
        return tuple(
            outer.tiles[rank] if rank in outer.order else size
            for rank, size in zip(problem.ranks, problem.sizes, strict=True)
        )

    def _tightened(self, outer: SharedLoops) -> SharedLoops:
        """With what the Einsums cost at least inside of just these loops."""
        more = sum(
            self._least_of(i, self._top(i, outer))[0] - self._least[i][0]
            for i in range(len(self.names))
        )
        return replace(outer, least_energy=outer.least_energy + more)

    def _around(self, i: int, outer: SharedLoops) -> Around:
        problem = self.problems[i]
        resident = {use for use, spec in enumerate(problem.uses) if spec.name in outer.resident}
        # What is not kept crosses in every turn at least; that is counted inside.
        own = self._least_of(i, self._top(i, outer))[0]
        for use, spec in enumerate(problem.uses):
            if use not in resident:
                own += self._each_turn(spec.name, outer.tiles, outer.order)[0]
        others = sum(cycles for j, (_, cycles) in enumerate(self._least) if j != i)
        return Around(
            top=self._top(i, outer),
            resident=frozenset(resident),
            energy=outer.least_energy - own,
            cycles=others if self._one_array else 0.0,
        )

    def _inside(self, i: int, outer: SharedLoops) -> list[Inside]:
        """What one Einsum may do inside of shared loops."""
        around = self._around(i, outer)
        key = (i, around.top, around.resident)
        known = self._known.get(key)
        # What was cut off for the sake of the others may be worth it where these cost less.
        if known and known[0] <= around.energy:
            return known[1]
        found = []
        for search in self._searches(i, self.front, around, InnerSearch):
            search.run()
            if search.kept is not None and len(search.kept):
                rows = search.kept
                busy = self._of_all(search.problem, rows.busy)
                found.append(Inside(rows.energy, rows.cycles, busy, rows.used, rows, search))
        self._known[key] = around.energy, found
        return found

    def _fill(self, outer: SharedLoops) -> None:
        """Every combination of what the Einsums may do inside of some shared loops."""
        capacity = self.memory.capacity_bits
        room = np.inf if capacity is None else capacity - outer.bits
        arrays = sorted({space.problem.array.name for each in self.spaces for space in each})
        total = Combined.start(outer.energy, outer.busy, len(arrays))
        tables = []
        rest = sum(self._least_of(i, self._top(i, outer))[0] for i in range(len(self.names)))
        for i in range(len(self.names)):
            table = self._inside(i, outer)
            tables.append(table)
            rest -= self._least_of(i, self._top(i, outer))[0]
            parts = [
                self._kept_of(every, rest)
                for which, part in enumerate(table)
                for every in total.with_each(
                    part, which, arrays.index(part.search.problem.array.name), room
                )
            ]
            if not parts:
                return
            total = self._kept_of(Combined.join(parts), rest)
        chosen = [
            Choice(
                outer,
                tuple(
                    tables[i][which].search.found(tables[i][which].rows, row)
                    for i, (which, row) in enumerate(picks)
                ),
            )
            for picks in total.picks.tolist()
        ]
        self.front.add(total.energy, total.latency, chosen)

    def _kept_of(self, combined: Combined, rest: float) -> Combined:
        """Combinations that may be worth it with what the others cost at least."""
        combined = combined.take(
            self.front.worth(combined.energy + max(rest, 0.0), combined.latency)
        )
        return combined.take(combined.undominated)

    # ---- the block ------------------------------------------------------------------------

    def block(self, choice: Choice) -> Block:
        """The block of one fused mapping."""
        outer, steps = choice.outer, list[Step]()
        for depth in range(len(outer.order) + 1):
            here = tuple((tensor,) for tensor, place in outer.places if place == depth)
            if here:
                assert self.memory.memory is not None
                steps.append(Keep(self.memory.memory.name, here))
            if depth < len(outer.order):
                rank = outer.order[depth]
                steps.append(Loop(rank, outer.tiles[rank]))
        nests = []
        for i, found in enumerate(choice.founds):
            space = next(s for s in self.spaces[i] if s.problem.array.name == found.array)
            top = self._around(i, outer).top
            whole = {r for r, n in enumerate(space.problem.sizes) if top[r] == n}
            _, splits = self._unrollings(space, space.ragged & whole)
            nests.append(nest_of(space.problem, found, splits[found.widths], top))
        # A nest of a single step needs no brackets of its own.
        body = tuple(nest.body[0] if not nest.steps else nest for nest in nests)
        doubled = self.spaces[0][0].doubled_memories
        return Block("+".join(self.names), Nest(joined(steps), body), double_buffer=doubled)


@dataclass(frozen=True)
class Choice:
    """Shared loops, and a mapping of every Einsum inside of them."""

    outer: SharedLoops
    founds: tuple[Found, ...]
