"""A mapper's case -> blocks, once its tile sizes are known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from accelsim.expressions import Number, evaluate_expression, whole_number
from accelsim.mapping.mapping import (
    Block,
    Compute,
    Keep,
    Loop,
    Move,
    Nest,
    Step,
    Unrolled,
)
from accelsim.mapping.schema import BlockFile, CaseFile, EinsumStep, ForStep, KeepStep, NestStep

__all__ = ["build_block", "einsums_of"]

Names = Mapping[str, Number]


def build_block(file: BlockFile, names: Names, *, where: str) -> Block:
    """One block of a mapper file with its sizes filled in.

    Args:
        file: the block as written.
        names: rank sizes, figures of the architecture and tile sizes.
        where: the mapper, for messages.

    Raises:
        InputError: where a size cannot be computed or is too small.
    """
    return Block(
        name=file.name,
        nest=_nest(file.nest, names, where),
        epochs=tuple(tuple(map(_epoch_part, epoch)) for epoch in file.epochs),
        reserve_bytes={
            memory: _size(size, names, f"{where}: reserve_bytes.{memory}", least=0)
            for memory, size in file.reserve_bytes.items()
        },
        spill=tuple(file.spill),
        halo=file.halo,
        double_buffer=tuple(file.double_buffer),
        rounds=tuple(file.rounds),
    )


def _size(written: int | float | str, names: Names, where: str, *, least: int = 1) -> int:
    return whole_number(evaluate_expression(written, names, where=where), what=where, least=least)


def _epoch_part(text: str) -> str | Move:
    tensor, separator, link = text.partition("@")
    return Move(tensor.strip(), link.strip()) if separator else text


def _nest(items: Sequence[object], names: Names, where: str) -> Nest:
    """Steps up to the first Einsum or nest are this nest's own; a later one opens an inner nest."""
    steps: list[Step] = []
    body: list[Nest | Compute] = []
    for i, item in enumerate(items):
        if isinstance(item, ForStep | KeepStep):
            if body:
                body.append(_nest(items[i:], names, where))
                break
            steps += _steps(item, names, where)
        elif isinstance(item, EinsumStep):
            body.append(_compute(item, names, where))
        elif isinstance(item, NestStep):
            body.append(_nest(item.nest, names, where))
    return Nest(tuple(steps), tuple(body))


def _compute(item: EinsumStep, names: Names, where: str) -> Compute:
    where = f"{where}: Einsum '{item.einsum}'"
    return Compute(
        item.einsum,
        item.on,
        _unrolled(item.rows, names, f"{where}: rows"),
        _unrolled(item.columns, names, f"{where}: columns"),
        tuple(item.order),
        tuple(item.forward),
        tuple(item.bypass),
        _unrolled(item.lanes, names, f"{where}: lanes"),
    )


def _unrolled(
    written: str | Mapping[str, int | float | str] | None, names: Names, where: str
) -> str | Unrolled | None:
    if written is None or isinstance(written, str):
        return written
    return tuple((rank, _size(size, names, f"{where}.{rank}")) for rank, size in written.items())


def _steps(item: ForStep | KeepStep, names: Names, where: str) -> Iterator[Step]:
    if isinstance(item, KeepStep):
        for memory, tensors in item.keep.items():
            yield Keep(memory, tuple((t,) if isinstance(t, str) else tuple(t) for t in tensors))
    elif isinstance(item.loops, dict):
        for rank, size in item.loops.items():
            yield Loop(rank, _size(size, names, f"{where}: tile of rank '{rank}'"))
    else:
        for rank in [item.loops] if isinstance(item.loops, str) else item.loops:
            yield Loop(rank)


def einsums_of(case: CaseFile) -> frozenset[str]:
    """Every Einsum that a case maps."""
    names: set[str] = set()
    for block in case.blocks:
        names |= set(_in_nest(block.nest) if isinstance(block, BlockFile) else block.search)
    return frozenset(names)


def _in_nest(items: Sequence[object]) -> Iterator[str]:
    for item in items:
        if isinstance(item, EinsumStep):
            yield item.einsum
        elif isinstance(item, NestStep):
            yield from _in_nest(item.nest)
