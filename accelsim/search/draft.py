"""Layer + mapper -> how the layer will run, but for what is left to a search.

Cases, tile sizes that are fitted, rewriting and fallback are settled here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice, product

from accelsim.architecture.architecture import Architecture
from accelsim.errors import InputError, unknown_name
from accelsim.expressions import (
    Number,
    evaluate_condition,
    evaluate_expression,
    whole_number,
)
from accelsim.formats import Bits
from accelsim.mapping.build import build_block, einsums_of
from accelsim.mapping.legality import check_structure
from accelsim.mapping.load import load_mapper
from accelsim.mapping.mapping import Block, MappedLayer
from accelsim.mapping.occupancy import occupancy_of
from accelsim.mapping.residency import Residency
from accelsim.mapping.schema import (
    BlockFile,
    CaseFile,
    MapperFile,
    SearchedTile,
    SearchFile,
    TileFile,
)
from accelsim.search.blocks import placeholder
from accelsim.search.fit import divisors, largest_divisor, largest_fitting
from accelsim.search.layer import Unit, check_search, counted, units_of
from accelsim.workload import Layer, load_template

__all__ = ["Bits", "Draft", "bits_of", "draft_layer"]


@dataclass(frozen=True)
class Draft:
    """A layer as it will run: blocks that are settled, and units that are searched."""

    layer: Layer
    """Rewritten, and with the sizes that the dataflow fixes, where the mapper says so."""
    mapper: str
    parts: tuple[Block | Unit, ...]
    tiles: Mapping[str, int]
    bits: Bits
    weighed: bool = False
    """Whether it was taken as the best of several, by what they cost."""

    @property
    def units(self) -> tuple[Unit, ...]:
        """What is left to search."""
        return tuple(part for part in self.parts if isinstance(part, Unit))

    def mapped(self, found: Iterator[tuple[Block, ...]]) -> MappedLayer:
        """The mapping, once blocks are found for every unit."""
        blocks: list[Block] = []
        for part in self.parts:
            blocks += next(found) if isinstance(part, Unit) else (part,)
        return MappedLayer(self.mapper, tuple(blocks), dict(self.tiles))

    def check(self, architecture: Architecture) -> None:
        """Refuse what is wrong whatever a search may find.

        Raises:
            InputError: every violation of the structure at once.
        """
        stands = ((placeholder(u.names, u.cascade, architecture),) for u in self.units)
        check_structure(self.mapped(stands), self.layer.cascade, architecture)


def bits_of(layer: Layer, architecture: Architecture) -> Bits:
    """Bits per element of each tensor: its format, else the workload's, else the machine's word."""
    return lambda tensor: layer.bits(tensor, architecture.word_bits)


def draft_layer(
    layer: Layer,
    architecture: Architecture,
    mapper: str,
    *,
    objectives: tuple[str, ...] = ("latency",),
    tried: tuple[str, ...] = (),
) -> Draft:
    """How one layer will run.

    Args:
        layer: the cascade with its sizes.
        architecture: the machine.
        mapper: name of the mapper, or a path.
        objectives: what an enumerated search minimises, one mapping each.
        tried: cascades and mappers that led here by rewriting and fallback.

    Raises:
        InputError: where the mapper does not cover the cascade, or its mapping is not legal.
    """
    step = f"'{layer.template.name}' by '{mapper}'"
    if step in tried:
        raise InputError(
            f"mappers lead in a circle: {' -> '.join((*tried, step))}; mend their rewrites and "
            "fallback"
        )
    tried = (*tried, step)
    file = load_mapper(mapper)
    if file.search is not None:
        check_search(file.search, where=f"mapper '{mapper}'")
    names = frozenset(einsum.name for einsum in layer.cascade.einsums)
    found: list[_Case] = []
    for case in file.cases:
        if einsums_of(case) == names and (file.take == "best" or not found):
            found += _Case.all_of(case, layer, architecture, mapper, file, objectives)
    if found:
        return _best(found)
    target = file.rewrites.get(layer.template.name)
    if target is not None:
        other = layer.rewritten(load_template(target))
        return draft_layer(other, architecture, mapper, objectives=objectives, tried=tried)
    if file.search is not None:
        bits = bits_of(layer, architecture)
        every = [einsum.name for einsum in layer.cascade.einsums]
        units = units_of(
            every,
            layer.cascade,
            architecture,
            bits=bits,
            search=file.search,
            objectives=objectives,
        )
        return Draft(layer, mapper, units, {}, bits)
    if file.fallback is not None:
        return draft_layer(layer, architecture, file.fallback, objectives=objectives, tried=tried)
    raise InputError(_not_covered(layer, mapper, file))


def _not_covered(layer: Layer, mapper: str, file: MapperFile) -> str:
    names = frozenset(einsum.name for einsum in layer.cascade.einsums)
    conditions = [str(case.when) for case in file.cases if einsums_of(case) == names]
    if conditions:
        return (
            f"mapper '{mapper}': none of its cases for '{layer.template.name}' holds at these "
            f"sizes ({'; '.join(conditions)}); use --mapper auto"
        )
    covered = " or ".join(", ".join(sorted(einsums_of(case))) for case in file.cases)
    return (
        f"mapper '{mapper}' maps cascades with the Einsums {covered}, but "
        f"'{layer.template.name}' has {', '.join(sorted(names))}; use --mapper auto"
    )


_MOST_CHOICES = 4096
"""Combinations of sizes that a case may leave open."""


def _best(cases: Sequence[_Case]) -> Draft:
    """The draft with the sizes that are best for the objective, all of them counted in full."""
    drafts = [
        draft for case in cases for draft in islice(case.drafts(), _MOST_CHOICES // len(cases) + 1)
    ]
    if len(drafts) == 1:
        return drafts[0]
    if len(drafts) > _MOST_CHOICES:
        raise InputError(
            f"{cases[0].where}: leaves more than {_MOST_CHOICES:,} combinations of sizes open; "
            "fix some of them"
        )
    best: tuple[tuple[float, float], Draft] | None = None
    problem: InputError | None = None
    for draft in drafts:
        try:
            key = cases[0].cost(draft)
        except InputError as error:
            problem = error
            continue
        if best is None or key < best[0]:
            best = key, draft
    if best is None:
        assert problem is not None
        raise problem
    return replace(best[1], weighed=True)


@dataclass(frozen=True)
class _Case:
    """One case of a mapper on one layer: its tile sizes and its blocks."""

    case: CaseFile
    layer: Layer
    architecture: Architecture
    mapper: str
    file: MapperFile
    objectives: tuple[str, ...]

    @cached_property
    def names(self) -> Mapping[str, Number]:
        return {**self.architecture.sizes, **self.layer.cascade.sizes}

    @property
    def where(self) -> str:
        return f"mapper '{self.mapper}'"

    @cached_property
    def bits(self) -> Bits:
        return bits_of(self.layer, self.architecture)

    @staticmethod
    def all_of(
        case: CaseFile,
        layer: Layer,
        architecture: Architecture,
        mapper: str,
        file: MapperFile,
        objectives: tuple[str, ...],
    ) -> Iterator[_Case]:
        """The case at every choice of the sizes that the dataflow fixes; none where its condition
        fails."""
        where = f"mapper '{mapper}'"
        template = layer.template
        of_inputs = {rank for ranks in template.tensors.values() for rank in ranks}
        for name in case.ranks:
            if name in of_inputs or name not in template.ranks:
                splits = [rank for rank in template.ranks if rank not in of_inputs]
                raise InputError(
                    unknown_name("rank that splits another", name, splits, where=where)
                )
        for name in case.tiles:
            if name in template.ranks or name in template.parameters:
                raise InputError(f"{where}: tile '{name}' has the name of a rank; rename it")
        names = {**layer.cascade.sizes, **architecture.sizes}
        choices = []
        for rank, size in case.ranks.items():
            what = f"{where}: rank '{rank}'"
            if not isinstance(size, SearchedTile):
                known = architecture.sizes
                choices.append(
                    [whole_number(evaluate_expression(size, known, where=where), what=what)]
                )
            elif rank in layer.settings:
                choices.append([layer.cascade.sizes[rank]])
            else:
                number = evaluate_expression(size.divisor_of, names, where=where)
                choices.append(divisors(whole_number(number, what=what)))
        for sizes in product(*choices):
            fixed = dict(zip(case.ranks, sizes, strict=True))
            found = _Case(case, layer.with_sizes(fixed), architecture, mapper, file, objectives)
            if case.when is None or evaluate_condition(case.when, found.names, where=where):
                yield found

    def cost(self, draft: Draft) -> tuple[float, float]:
        """What is minimised, and what breaks ties, of the blocks that are settled.

        Raises:
            InputError: where tiles do not fit.
        """
        blocks = [part for part in draft.parts if isinstance(part, Block)]
        found = counted(blocks, draft.layer.cascade, self.architecture, draft.bits)
        return {
            "latency": (found.cycles, found.energy_pj),
            "energy": (found.energy_pj, found.cycles),
            "edp": (found.energy_pj * found.cycles, found.cycles),
        }[self.objectives[0]]

    def drafts(self) -> Iterator[Draft]:
        """The layer at every choice of tile sizes."""
        # Names are checked before anything is fitted: what fits cannot be told of an unknown rank.
        self._draft(self._tiles({})).check(self.architecture)
        chosen: list[dict[str, int]] = [{}]
        for name, tile in self.case.tiles.items():
            if isinstance(tile, TileFile | SearchedTile):
                chosen = [
                    {**fitted, name: size}
                    for fitted in chosen
                    for size in self._choices(name, tile, fitted)
                ]
        for fitted in chosen:
            yield self._draft(self._tiles(fitted))

    def _choices(
        self, name: str, tile: TileFile | SearchedTile, fitted: Mapping[str, int]
    ) -> list[int]:
        if isinstance(tile, TileFile):
            return [self._fitted(name, tile, fitted)]
        what = f"{self.where}: divisor_of of tile '{name}'"
        return divisors(self._size(tile.divisor_of, self._tiles(fitted), what))

    def _tiles(self, fitted: Mapping[str, int]) -> dict[str, int]:
        """Every named tile size, each from those written above it; 1 where not fitted yet."""
        tiles: dict[str, int] = {}
        for name, tile in self.case.tiles.items():
            if isinstance(tile, TileFile | SearchedTile):
                tiles[name] = fitted.get(name, 1)
            else:
                tiles[name] = self._size(tile, tiles, f"{self.where}: tile '{name}'")
        return tiles

    def _draft(self, tiles: Mapping[str, int]) -> Draft:
        """The layer with these tiles."""
        parts: list[Block | Unit] = []
        for part in self.case.blocks:
            if isinstance(part, BlockFile):
                parts.append(build_block(part, {**self.names, **tiles}, where=self.where))
            else:
                parts += units_of(
                    part.search,
                    self.layer.cascade,
                    self.architecture,
                    bits=self.bits,
                    search=self.file.search or SearchFile(),
                    objectives=self.objectives,
                )
        searched = {
            rank: self.layer.cascade.sizes[rank]
            for rank, size in self.case.ranks.items()
            if isinstance(size, SearchedTile)
        }
        return Draft(self.layer, self.mapper, tuple(parts), {**searched, **tiles}, self.bits)

    def _size(self, written: int | float | str, tiles: Mapping[str, int], what: str) -> int:
        names = {**self.names, **tiles}
        return whole_number(evaluate_expression(written, names, where=self.where), what=what)

    def _fitted(self, name: str, tile: TileFile, fitted: Mapping[str, int]) -> int:
        what = f"{self.where}: largest_divisor_of of tile '{name}'"
        number = self._size(tile.largest_divisor_of, self._tiles(fitted), what)
        memory = self.architecture.memories.get(tile.fits)
        if memory is None:
            where = f"{self.where}: tile '{name}'"
            known = self.architecture.memories
            raise InputError(unknown_name("memory", tile.fits, known, where=where))
        if memory.capacity_bytes is None:
            return number
        capacity_bits, only = memory.capacity_bytes * 8, tile.fits

        def fits(size: int) -> bool:
            names = {**self.names, **self._tiles({**fitted, name: size})}
            for part in self.case.blocks:
                if isinstance(part, BlockFile):
                    block = build_block(part, names, where=self.where)
                    residency = Residency(self.layer.cascade, self.architecture, block)
                    filled = occupancy_of(residency, self.bits, only=only).get(only, {})
                    if sum(filled.values()) > capacity_bits:
                        return False
            return True

        return largest_divisor(number, largest_fitting(number, fits))
