"""What a search may choose from, for one Einsum on one array."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product

from accelsim.errors import InputError, unknown_name
from accelsim.mapping.schema import SearchFile
from accelsim.search.problem import Problem
from accelsim.search.terms import Holding, Rules
from accelsim.search.tiles import Ints
from accelsim.search.unroll import unrollings

__all__ = ["MapSpace", "Split"]

Split = tuple[tuple[int, ...], tuple[int, ...]]
"""PEs along every rank in rows, and in columns."""

GROUPS = ("output", "inputs", "weights")
"""Words that stand for tensors."""


@dataclass(frozen=True)
class MapSpace:
    """The map space of a problem under the constraints of a mapper's search."""

    problem: Problem
    search: SearchFile

    @cached_property
    def doubled(self) -> frozenset[int]:
        """Levels above the array that hold every tile twice."""
        found = set()
        for name in self.search.double_buffer:
            levels = self._levels(name, "double_buffer")
            if 0 in levels:
                raise InputError(
                    f"search: double_buffer: memory '{name}' is inside the PEs, must be above the "
                    "array; leave it out"
                )
            found.update(levels)
        return frozenset(found)

    @property
    def doubled_memories(self) -> tuple[str, ...]:
        """Their memories."""
        memories = [self.problem.levels[level].memory for level in sorted(self.doubled)]
        return tuple(memory.name for memory in memories if memory)

    @cached_property
    def ragged(self) -> frozenset[int]:
        """Ranks whose last tile may be smaller."""
        tiles, sizes = self.search.tiles, self.problem.sizes
        if tiles == "auto":
            return frozenset(i for i, size in enumerate(sizes) if not _divides_well(size))
        return frozenset(range(len(sizes)) if tiles == "imperfect" else ())

    def rules(self, ragged: frozenset[int]) -> Rules:
        """What narrows the space besides what is kept and unrolled."""
        stationary = self.search.stationary
        stays = set() if stationary == "any" else self._tensors(stationary, "stationary")
        return Rules(
            ragged=ragged,
            doubled=self.doubled,
            stationary=frozenset(stays),
            whole=frozenset(
                (level, self.problem.ranks.index(rank))
                for name, ranks in self.search.whole.items()
                for level in self._levels(name, "whole")
                for rank in ranks
                if rank in self.problem.ranks
            ),
        )

    def holdings(self) -> Iterator[Holding]:
        """Which tensors each level keeps: all of them, or any, as the search says."""
        every = range(len(self.problem.uses))
        choices: list[list[tuple[int, ...]]] = []
        for level in range(len(self.problem.levels)):
            if self.problem.levels[level].latch:
                choices.append([()])
                continue
            kept, left_out = self._named("keep", level), self._named("leave_out", level)
            if both := kept & left_out:
                memory = self.problem.levels[level].memory
                raise InputError(
                    f"search: tensor '{self.problem.uses[min(both)].name}' is in keep and in "
                    f"leave_out of '{memory.name if memory else 'registers'}'; take it out of one"
                )
            free = self._free(level)
            options = [
                tuple(use for use in every if use in kept or use in chosen)
                for chosen in _subsets([u for u in every if u not in kept | left_out], free=free)
            ]
            choices.append(options)
        yield from product(*choices)

    def unrollings(self, ragged: frozenset[int]) -> tuple[Ints, Mapping[tuple[int, ...], Split]]:
        """PEs along every rank, [choice, rank], and of each choice the rows and the columns."""
        array = self.problem.array
        widths, splits = unrollings(
            self.problem.sizes,
            rows=array.rows,
            columns=array.columns,
            on_rows=self.unrollable(self.search.rows),
            on_columns=self.unrollable(self.search.columns),
            ragged=ragged,
            plain=ragged - {r for use in self.problem.uses for r in use.in_windows},
        )
        pairs = zip(widths.tolist(), splits.tolist(), strict=True)
        return widths, {tuple(w): (tuple(rows), tuple(columns)) for w, (rows, columns) in pairs}

    def may_keep(self, level: int, use: int) -> bool:
        """Whether a level may keep a tensor."""
        return use not in self._named("leave_out", level)

    def must_keep(self, level: int, use: int) -> bool:
        """Whether a level keeps a tensor in any case."""
        return self.may_keep(level, use) and (
            not self._free(level) or use in self._named("keep", level)
        )

    def unrollable(self, wanted: Sequence[str]) -> list[int]:
        """Positions of the ranks that may lie along a dimension: names, ``reduced``, ``output``."""
        problem = self.problem
        ranks = set(range(len(problem.ranks)))
        if wanted:
            reduced = {problem.ranks.index(rank) for rank in problem.einsum.reduced}
            kinds = {"reduced": reduced, "output": ranks - reduced}
            named = {name: {problem.ranks.index(name)} for name in problem.ranks}
            ranks = set().union(*(kinds.get(name, named.get(name, set())) for name in wanted))
        return sorted(ranks - problem.stepped)

    @cached_property
    def _memories(self) -> Mapping[str, list[int]]:
        found: dict[str, list[int]] = {"registers": [0], "buffers": []}
        for i, level in enumerate(self.problem.levels):
            if i:
                found["buffers"].append(i)
            if level.memory is not None:
                found[level.memory.name] = [i]
        return found

    def _levels(self, name: str, key: str) -> list[int]:
        known = self._memories
        if name == self.problem.architecture.root.name:
            raise InputError(
                f"search: {key}: memory '{name}' is the outermost and holds every tensor whole; "
                "name one further in"
            )
        if name not in known:
            architecture = self.problem.architecture
            if name in architecture.memories:
                return []  # Of another array.
            names = [*architecture.memories, "registers", "buffers"]
            raise InputError(unknown_name(f"search: {key}: memory", name, names))
        return known[name]

    def _free(self, level: int) -> bool:
        bypass = self.search.bypass
        if isinstance(bypass, bool):
            return bypass
        return any(level in self._levels(name, "bypass") for name in bypass)

    def _named(self, key: str, level: int) -> set[int]:
        table: Mapping[str, Sequence[str]] = getattr(self.search, key)
        found: set[int] = set()
        for memory, names in table.items():
            if level in self._levels(memory, key):
                found |= {use for name in names for use in self._tensors(name, key)}
        return found

    def _tensors(self, name: str, key: str) -> set[int]:
        uses = self.problem.uses
        inputs = set(range(1, len(uses)))
        if name == "output":
            return {0}
        if name in ("inputs", "input"):
            return inputs
        if name == "weights":
            return {min(inputs, key=lambda use: uses[use].size)} if inputs else set()
        known = {use.name: {i} for i, use in enumerate(uses)}
        if name not in known and name not in self.problem.cascade.tensors:
            names = [*self.problem.cascade.tensors, *GROUPS]
            raise InputError(unknown_name(f"search: {key}: tensor", name, names))
        return known.get(name, set())


def _subsets(uses: Sequence[int], *, free: bool) -> Iterator[tuple[int, ...]]:
    """All of them, and all that is less where the choice is free."""
    for size in range(len(uses), -1 if free else len(uses) - 1, -1):
        yield from combinations(uses, size)


def _divides_well(size: int) -> bool:
    """Whether a size has many divisors: no prime factor above 7."""
    for prime in (2, 3, 5, 7):
        while size % prime == 0:
            size //= prime
    return size == 1
