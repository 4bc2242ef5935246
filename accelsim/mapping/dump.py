"""Mappings -> a mapper file that gives exactly these mappings again, to be read and changed.

Every size is written as a number. What a mapper chose or computed is fixed in the file: so it is
good for the layers that it was written for, and at other sizes as far as its tiles still fit.
Layers with the same Einsums get a case each, told apart by their sizes.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from accelsim.architecture.architecture import Architecture, Array
from accelsim.documents import check_model, parse_document
from accelsim.errors import InputError
from accelsim.expressions import Number, evaluate_condition
from accelsim.layout import format_document
from accelsim.mapping.build import build_block
from accelsim.mapping.mapping import Block, Compute, Keep, Loop, MappedLayer, Nest, Step, Unrolled
from accelsim.mapping.schema import BlockFile, MapperFile
from accelsim.workload.workload import Layer

__all__ = ["PlannedLayer", "dump_mapper"]

Value = str | int | list["Value"] | dict[str, "Value"]

_WIDTH = 96


@dataclass(frozen=True)
class PlannedLayer:
    """A layer of a workload, what runs in its place, and how."""

    asked: Layer
    """As the workload has it."""
    planned: Layer
    """As it runs: rewritten, and with the sizes that the dataflow fixes."""
    mapped: MappedLayer

    @property
    def rewritten(self) -> bool:
        """Whether another cascade runs in its place."""
        return self.asked.template.name != self.planned.template.name

    @property
    def arriving(self) -> Layer:
        """The layer as a case of the mapper meets it: rewritten, no size fixed by the dataflow."""
        return self.asked.rewritten(self.planned.template) if self.rewritten else self.asked

    @property
    def ranks(self) -> dict[str, int]:
        """Ranks that the dataflow fixed."""
        given = self.arriving.settings
        sizes = self.planned.cascade.sizes
        return {name: sizes[name] for name in self.planned.settings if name not in given}

    @property
    def title(self) -> str:
        """What is mapped, in words: a layer's name, or that of its cascade."""
        return self.asked.name or self.asked.template.name


@dataclass(frozen=True)
class _Case:
    layer: PlannedLayer
    when: str | None = None


def dump_mapper(
    layers: Sequence[PlannedLayer],
    architecture: Architecture,
    *,
    name: str,
    comments: Sequence[str] = (),
) -> str:
    """A mapper file, in the layout of ``accelsim check --format``.

    Args:
        layers: every layer of a workload with its mapping.
        architecture: the machine that it is mapped on.
        name: of the mapper.
        comments: lines in front of it, besides what is mapped at which sizes on which machine.

    Raises:
        InputError: where two layers cannot be told apart, or a mapping is none that a file can
            say.
    """
    cases = _cases(layers, architecture)
    lines = [f"# {line}" for text in _headline(layers, architecture, comments) for line in text]
    lines.append(f"name: {_quoted(name)}")
    rewrites: dict[str, Value] = {
        layer.asked.template.name: layer.planned.template.name
        for layer in layers
        if layer.rewritten
    }
    if rewrites:
        lines.append(f"rewrites: {_flow(rewrites)}")
    lines.append("cases:")
    for case in cases:
        lines += _case_lines(case, architecture)
    text = format_document("\n".join([*lines, ""]), name=name)
    _check(text, cases, architecture)
    return text


def _headline(
    layers: Sequence[PlannedLayer], architecture: Architecture, comments: Sequence[str]
) -> Iterator[list[str]]:
    """Comment lines that say what the file maps."""
    yield [f"A mapping for {architecture.name}, every size written out:"]
    shown: dict[str, list[str]] = {}
    for layer in layers:
        sizes = ", ".join(f"{rank} {size}" for rank, size in layer.asked.cascade.sizes.items())
        shown.setdefault(f"({layer.asked.template.name}) with {sizes}", []).append(layer.title)
    for sizes, titles in shown.items():
        if len(layers) == 1:
            sizes = sizes.partition(") ")[2]
            titles = [layers[0].asked.template.name]
        yield _wrapped(f"- {', '.join(titles)} {sizes}")
    for comment in comments:
        yield _wrapped(comment)


def _wrapped(text: str) -> list[str]:
    plain = "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)
    return textwrap.wrap(plain, _WIDTH, subsequent_indent="  " if text.startswith("-") else "")


def _names(layer: Layer) -> frozenset[str]:
    return frozenset(einsum.name for einsum in layer.cascade.einsums)


def _cases(layers: Sequence[PlannedLayer], architecture: Architecture) -> list[_Case]:
    """A case for each layer that differs from those before, with the condition that it needs."""
    distinct: list[PlannedLayer] = []
    for layer in layers:
        if not any(_same_case(layer, other) and _met(layer) == _met(other) for other in distinct):
            distinct.append(layer)
    cases: list[_Case] = []
    problems: list[str] = []
    for layer in distinct:
        others = list(_others(layer, distinct))
        if any(_same_case(layer, case.layer) and case.when is None for case in cases):
            continue
        try:
            cases.append(_Case(layer, _condition(layer, others, architecture)))
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return cases


def _met(layer: PlannedLayer) -> Mapping[str, int]:
    return layer.arriving.cascade.sizes


def _same_case(one: PlannedLayer, other: PlannedLayer) -> bool:
    """Whether one case without a condition serves both."""
    same_ranks = one.ranks == other.ranks and _names(one.planned) == _names(other.planned)
    return same_ranks and one.mapped.blocks == other.mapped.blocks


def _others(layer: PlannedLayer, layers: Sequence[PlannedLayer]) -> Iterator[tuple[str, Layer]]:
    """What reaches the mapper with the same Einsums and must not take this layer's case."""
    wanted = _names(layer.planned)
    for other in layers:
        if other.rewritten and _names(other.asked) == wanted:
            yield other.title, other.asked
        if _names(other.planned) == wanted and not _same_case(layer, other):
            yield other.title, other.arriving


def _condition(
    layer: PlannedLayer, others: Sequence[tuple[str, Layer]], architecture: Architecture
) -> str | None:
    """A condition on sizes that holds for a layer and for none of the others."""
    if not others:
        return None
    own = layer.planned.cascade.sizes
    apart: list[set[str]] = []
    for title, other in others:
        # A size that the case fixes is fixed for every layer that meets it.
        sizes = other.with_sizes(layer.ranks).cascade.sizes
        differing = {rank for rank in own if rank in sizes and sizes[rank] != own[rank]}
        if not differing or not set(layer.ranks) <= set(other.template.ranks):
            raise InputError(
                f"layers '{layer.title}' and '{title}': both have the Einsums "
                f"{', '.join(sorted(_names(other)))} and the same sizes, but are mapped in "
                "different ways, which a mapper file cannot tell apart; write a file for each "
                "of them"
            )
        apart.append(differing)
    chosen: list[str] = []
    while left := [ranks for ranks in apart if not ranks & set(chosen)]:
        chosen.append(max(own, key=lambda rank: sum(rank in ranks for ranks in left)))
    when = _equal({rank: own[rank] for rank in chosen})
    for _, other in others:
        names: dict[str, Number] = {**other.with_sizes(layer.ranks).cascade.sizes}
        assert not evaluate_condition(when, {**architecture.sizes, **names}, where=layer.title)
    return when


def _equal(sizes: Mapping[str, int]) -> str:
    """All of these sizes at once, as the one comparison that a condition is."""
    if len(sizes) == 1:
        return " and ".join(f"{rank} == {size}" for rank, size in sizes.items())
    parts = [f"{rank} - {size}, {size} - {rank}" for rank, size in sizes.items()]
    return f"max({', '.join(parts)}) == 0"


def _case_lines(case: _Case, architecture: Architecture) -> Iterator[str]:
    lead = "  - "
    if case.when is not None:
        yield f"  # {case.layer.title}"
        yield f"{lead}when: {_quoted(case.when)}"
        lead = "    "
    if case.layer.ranks:
        yield f"{lead}ranks: {_flow({**case.layer.ranks})}"
        lead = "    "
    yield f"{lead}blocks:"
    for block in case.layer.mapped.blocks:
        yield from _block_lines(block, architecture)


def _block_lines(block: Block, architecture: Architecture) -> Iterator[str]:
    yield f"      - name: {_quoted(block.name)}"
    if block.reserve_bytes:
        yield f"        reserve_bytes: {_flow({**block.reserve_bytes})}"
    if block.spill:
        yield f"        spill: {_flow([*block.spill])}"
    if block.halo != "whole":
        yield f"        halo: {block.halo}"
    if block.double_buffer:
        yield f"        double_buffer: {_flow([*block.double_buffer])}"
    if block.rounds:
        yield f"        rounds: {_flow([*block.rounds])}"
    yield "        nest:"
    yield from _nest_lines(block.nest, block, architecture, " " * 10)
    if block.epochs:
        yield "        epochs:"
        for epoch in block.epochs:
            parts = [p if isinstance(p, str) else f"{p.tensor}@{p.link}" for p in epoch]
            yield f"          - {_flow([*parts])}"


def _nest_lines(nest: Nest, block: Block, architecture: Architecture, indent: str) -> Iterator[str]:
    if not nest.steps and not nest.body:
        raise InputError(f"block '{block.name}': holds a nest without steps; leave it out")
    for step in _steps(nest.steps, block):
        yield f"{indent}- {_flow(step)}"
    for i, part in enumerate(nest.body):
        if isinstance(part, Compute):
            array = architecture.arrays.get(part.array)
            yield f"{indent}- {_flow(_compute(part, array, block))}"
        elif i and part is nest.body[-1] and part.steps and _all_einsums(nest.body[:-1]):
            # Steps behind an Einsum open a nest of what follows; beside other nests that would
            # be hard to see.
            yield from _nest_lines(part, block, architecture, indent)
        else:
            yield f"{indent}- nest:"
            yield from _nest_lines(part, block, architecture, f"{indent}    ")


def _all_einsums(parts: Sequence[Nest | Compute]) -> bool:
    return all(isinstance(part, Compute) for part in parts)


def _steps(steps: Sequence[Step], block: Block) -> Iterator[dict[str, Value]]:
    """Loops of one value each together, the others one by one; keeps by different memories
    together."""

    def kind(step: Step) -> str:
        if isinstance(step, Keep):
            return "keep"
        return "ones" if step.tile == 1 else "tiles"

    for found, run in groupby(steps, key=kind):
        if found == "ones":
            ranks: list[Value] = [step.rank for step in run if isinstance(step, Loop)]
            yield {"for": ranks[0] if len(ranks) == 1 else ranks}
        elif found == "tiles":
            for step in run:
                assert isinstance(step, Loop)
                yield {"for": {step.rank: step.tile}}
        else:
            yield from _keeps([step for step in run if isinstance(step, Keep)], block)


def _keeps(keeps: Sequence[Keep], block: Block) -> Iterator[dict[str, Value]]:
    memories: dict[str, Value] = {}
    for keep in keeps:
        if not all(keep.groups):
            raise InputError(
                f"block '{block.name}': {keep.memory} keeps a group without tensors; leave it out"
            )
        if keep.memory in memories:
            yield {"keep": memories}
            memories = {}
        memories[keep.memory] = [g[0] if len(g) == 1 else [*g] for g in keep.groups]
    yield {"keep": memories}


def _compute(compute: Compute, array: Array | None, block: Block) -> dict[str, Value]:
    found: dict[str, Value] = {"einsum": compute.einsum, "on": compute.array}
    for side in ("rows", "columns", "lanes"):
        ranks = getattr(compute, side)
        if ranks:
            where = f"block '{block.name}': Einsum '{compute.einsum}': {side}"
            found[side] = _unrolled(ranks, getattr(array, side, None), where)
    for key in ("order", "forward", "bypass"):
        if listed := getattr(compute, key):
            found[key] = [*listed]
    return found


def _unrolled(ranks: Unrolled, pes: int | None, where: str) -> Value:
    if len(ranks) == 1 and ranks[0][1] is None:
        return ranks[0][0]
    widths: dict[str, Value] = {}
    for rank, width in ranks:
        taken = pes if width is None else width
        if rank in widths or taken is None or width is None:
            raise InputError(
                f"{where}: rank '{rank}' is listed twice or without a number of PEs, must stand "
                "once, with one; join them"
            )
        widths[rank] = taken
    return widths


def _flow(value: Value) -> str:
    """A value on one line; texts in quotes, which the layout drops where they are not needed."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_key(k)}: {_flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return _quoted(value) if isinstance(value, str) else str(value)


def _key(key: str) -> str:
    # The layout would leave the quotes: YAML itself takes a bare ``on`` for a truth value.
    return key if key == "on" else _quoted(key)


def _quoted(text: str) -> str:
    signs = {'"': '\\"', "\\": "\\\\"}
    return '"' + "".join(signs.get(c, c) if c.isprintable() else _escape(c) for c in text) + '"'


def _escape(sign: str) -> str:
    return f"\\U{ord(sign):08x}"


def _check(text: str, cases: Sequence[_Case], architecture: Architecture) -> None:
    """Refuse a file that would give other blocks; that would be a fault of ours."""
    file = check_model(MapperFile, parse_document(text, name="mapper"), what="mapper")
    for written, case in zip(file.cases, cases, strict=True):
        parts = [part for part in written.blocks if isinstance(part, BlockFile)]
        blocks = tuple(build_block(part, architecture.sizes, where="mapper") for part in parts)
        if blocks != case.layer.mapped.blocks or written.ranks != case.layer.ranks:
            raise RuntimeError(f"the file would give another mapping of '{case.layer.title}'")
