"""Layer + mapper -> a layer with its mapping: cases, tile sizes, rewriting, search, fallback."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property

from accelsim.architecture.architecture import Architecture
from accelsim.errors import InputError, unknown_name
from accelsim.expressions import (
    Number,
    evaluate_condition,
    evaluate_expression,
    whole_number,
)
from accelsim.formats import number_format
from accelsim.mapping.build import build_block, einsums_of
from accelsim.mapping.legality import check_structure
from accelsim.mapping.load import load_mapper
from accelsim.mapping.mapping import Block, MappedLayer
from accelsim.mapping.occupancy import occupancy_of
from accelsim.mapping.residency import Residency
from accelsim.mapping.schema import BlockFile, CaseFile, MapperFile, SearchFile, TileFile
from accelsim.search.blocks import search_blocks
from accelsim.search.exhaustive import OBJECTIVES
from accelsim.search.fit import largest_divisor, largest_fitting
from accelsim.workload import Layer, load_template

__all__ = ["OBJECTIVES", "Plan", "bits_of", "plan_layer"]

Bits = Callable[[str], int]


@dataclass(frozen=True)
class Plan:
    """A layer as it will run, and its mapping."""

    layer: Layer
    """Rewritten, and with the sizes that the dataflow fixes, where the mapper says so."""
    mapped: MappedLayer
    bits: Bits


def bits_of(layer: Layer, architecture: Architecture) -> Bits:
    """Bits per element of each tensor: its format, else the workload's, else the machine's word."""
    formats = layer.template.formats
    default = formats.get("default")
    word = number_format(default).bits if default else architecture.word_bits
    known = {tensor: number_format(name).bits for tensor, name in formats.items()}
    return lambda tensor: known.get(tensor, word)


def plan_layer(
    layer: Layer,
    architecture: Architecture,
    mapper: str,
    *,
    objective: str = "latency",
    tried: tuple[str, ...] = (),
) -> Plan:
    """Map one layer.

    Args:
        layer: the cascade with its sizes.
        architecture: the machine.
        mapper: name of the mapper, or a path.
        objective: what a search minimises, one of ``OBJECTIVES``.
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
    names = frozenset(einsum.name for einsum in layer.cascade.einsums)
    for case in file.cases:
        if einsums_of(case) == names:
            found = _Case.of(case, layer, architecture, mapper, file, objective)
            if found is not None:
                return found.plan()
    target = file.rewrites.get(layer.template.name)
    if target is not None:
        other = layer.rewritten(load_template(target))
        return plan_layer(other, architecture, mapper, objective=objective, tried=tried)
    if file.search is not None:
        return _plan_search(layer, architecture, mapper, file.search, objective)
    if file.fallback is not None:
        return plan_layer(layer, architecture, file.fallback, objective=objective, tried=tried)
    conditions = [str(case.when) for case in file.cases if einsums_of(case) == names]
    if conditions:
        raise InputError(
            f"mapper '{mapper}': none of its cases for '{layer.template.name}' holds at these "
            f"sizes ({'; '.join(conditions)}); use --mapper auto"
        )
    covered = " or ".join(", ".join(sorted(einsums_of(case))) for case in file.cases)
    raise InputError(
        f"mapper '{mapper}' maps cascades with the Einsums {covered}, but "
        f"'{layer.template.name}' has {', '.join(sorted(names))}; use --mapper auto"
    )


def _plan_search(
    layer: Layer, architecture: Architecture, mapper: str, search: SearchFile, objective: str
) -> Plan:
    bits = bits_of(layer, architecture)
    blocks = search_blocks(
        [einsum.name for einsum in layer.cascade.einsums],
        layer.cascade,
        architecture,
        bits=bits,
        search=search,
        objective=objective,
    )
    mapped = MappedLayer(mapper, tuple(blocks))
    check_structure(mapped, layer.cascade, architecture)
    return Plan(layer, mapped, bits)


@dataclass(frozen=True)
class _Case:
    """One case of a mapper on one layer: its tile sizes and its blocks."""

    case: CaseFile
    layer: Layer
    architecture: Architecture
    mapper: str
    file: MapperFile
    objective: str

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
    def of(
        case: CaseFile,
        layer: Layer,
        architecture: Architecture,
        mapper: str,
        file: MapperFile,
        objective: str,
    ) -> _Case | None:
        """The case at the sizes that the dataflow fixes, or None where its condition fails."""
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
        fixed = {
            rank: whole_number(
                evaluate_expression(size, architecture.sizes, where=where),
                what=f"{where}: rank '{rank}'",
            )
            for rank, size in case.ranks.items()
        }
        found = _Case(case, layer.with_sizes(fixed), architecture, mapper, file, objective)
        if case.when is None or evaluate_condition(case.when, found.names, where=where):
            return found
        return None

    def plan(self) -> Plan:
        # Names are checked before anything is fitted: what fits cannot be told of an unknown rank.
        self._check(self._tiles({}))
        fitted: dict[str, int] = {}
        for name, tile in self.case.tiles.items():
            if isinstance(tile, TileFile):
                fitted[name] = self._fitted(name, tile, fitted)
        return Plan(self.layer, self._check(self._tiles(fitted)), self.bits)

    def _tiles(self, fitted: Mapping[str, int]) -> dict[str, int]:
        """Every named tile size, each from those written above it; 1 where not fitted yet."""
        tiles: dict[str, int] = {}
        for name, tile in self.case.tiles.items():
            if isinstance(tile, TileFile):
                tiles[name] = fitted.get(name, 1)
            else:
                tiles[name] = self._size(tile, tiles, f"{self.where}: tile '{name}'")
        return tiles

    def _check(self, tiles: Mapping[str, int]) -> MappedLayer:
        """The mapping with these tiles, of sound structure."""
        blocks: list[Block] = []
        for part in self.case.blocks:
            if isinstance(part, BlockFile):
                blocks.append(build_block(part, {**self.names, **tiles}, where=self.where))
            else:
                blocks += search_blocks(
                    part.search,
                    self.layer.cascade,
                    self.architecture,
                    bits=self.bits,
                    search=self.file.search or SearchFile(),
                    objective=self.objective,
                )
        mapped = MappedLayer(self.mapper, tuple(blocks), dict(tiles))
        check_structure(mapped, self.layer.cascade, self.architecture)
        return mapped

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
        capacity_bits = memory.capacity_bytes * 8

        def fits(size: int) -> bool:
            names = {**self.names, **self._tiles({**fitted, name: size})}
            for part in self.case.blocks:
                if isinstance(part, BlockFile):
                    block = build_block(part, names, where=self.where)
                    residency = Residency(self.layer.cascade, self.architecture, block)
                    filled = occupancy_of(residency, self.bits, only=tile.fits).get(tile.fits, {})
                    if sum(filled.values()) > capacity_bits:
                        return False
            return True

        return largest_divisor(number, largest_fitting(number, fits))
