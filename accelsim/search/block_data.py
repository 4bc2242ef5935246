"""Blocks as plain data, in the form of a mapper file, and back; and under other names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from accelsim.errors import InputError
from accelsim.mapping.build import build_block
from accelsim.mapping.mapping import Block, Compute, Keep, Loop, Move, Nest, Step, Unrolled
from accelsim.mapping.schema import BlockFile

__all__ = ["block_from_data", "block_to_data", "renamed_block"]


def block_to_data(block: Block) -> dict[str, Any]:
    """A block as lists, mappings, texts and numbers: what a mapper file says of it.

    Raises:
        InputError: where no file can say it.
    """
    data: dict[str, Any] = {"name": block.name, "nest": list(_nest(block.nest))}
    if block.epochs:
        data["epochs"] = [
            [part if isinstance(part, str) else f"{part.tensor}@{part.link}" for part in epoch]
            for epoch in block.epochs
        ]
    if block.reserve_bytes:
        data["reserve_bytes"] = dict(block.reserve_bytes)
    if block.halo != "whole":
        data["halo"] = block.halo
    for key in ("spill", "double_buffer", "rounds"):
        if getattr(block, key):
            data[key] = list(getattr(block, key))
    if block_from_data(data) != block:
        raise InputError(f"block '{block.name}': is none that a mapper file can say")
    return data


def _nest(nest: Nest) -> Iterator[dict[str, Any]]:
    for step in nest.steps:
        if isinstance(step, Loop):
            yield {"for": {step.rank: step.tile}}
        else:
            yield {"keep": {step.memory: [_group(group) for group in step.groups]}}
    for part in nest.body:
        yield _compute(part) if isinstance(part, Compute) else {"nest": list(_nest(part))}


def _group(group: tuple[str, ...]) -> str | list[str]:
    return group[0] if len(group) == 1 else list(group)


def _compute(compute: Compute) -> dict[str, Any]:
    data: dict[str, Any] = {"einsum": compute.einsum, "on": compute.array}
    for side in ("rows", "columns", "lanes"):
        ranks: Unrolled = getattr(compute, side)
        if ranks:
            data[side] = ranks[0][0] if ranks[0][1] is None else dict(ranks)
    for key in ("order", "forward", "bypass"):
        if getattr(compute, key):
            data[key] = list(getattr(compute, key))
    return data


def block_from_data(data: object, *, where: str = "block") -> Block:
    """The block that data describes; everything about it is checked but what needs a cascade.

    Raises:
        InputError: where it describes none.
    """
    from pydantic import ValidationError

    try:
        return build_block(BlockFile.model_validate(data), {}, where=where)
    except ValidationError as error:
        raise InputError(f"{where}: is no block ({error.error_count()} problems)") from None


def renamed_block(block: Block, ranks: Mapping[str, str], tensors: Mapping[str, str]) -> Block:
    """The same block of an Einsum that differs in its names.

    Args:
        block: of some Einsums.
        ranks: rank -> its new name.
        tensors: tensor -> its new name, those of the Einsums among them; others keep theirs.
    """

    def named(name: str) -> str:
        return tensors.get(name, name)

    def step(one: Step) -> Step:
        if isinstance(one, Loop):
            return Loop(ranks[one.rank], one.tile)
        return Keep(one.memory, tuple(tuple(map(named, group)) for group in one.groups))

    def unrolled(dimension: Unrolled) -> Unrolled:
        return tuple((ranks[rank], pes) for rank, pes in dimension)

    def part(one: Nest | Compute) -> Nest | Compute:
        if isinstance(one, Nest):
            return nest(one)
        return Compute(
            named(one.einsum),
            one.array,
            unrolled(one.rows),
            unrolled(one.columns),
            tuple(ranks[rank] for rank in one.order),
            tuple(map(named, one.forward)),
            tuple(map(named, one.bypass)),
            unrolled(one.lanes),
        )

    def nest(one: Nest) -> Nest:
        return Nest(tuple(map(step, one.steps)), tuple(map(part, one.body)))

    def epoch_part(one: str | Move) -> str | Move:
        return named(one) if isinstance(one, str) else Move(named(one.tensor), one.link)

    return replace(
        block,
        name="+".join(named(name) for name in block.name.split("+")),
        nest=nest(block.nest),
        epochs=tuple(tuple(map(epoch_part, epoch)) for epoch in block.epochs),
    )
