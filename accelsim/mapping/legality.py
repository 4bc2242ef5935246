"""The rules that a mapping must meet, each with a name and its own message."""

from __future__ import annotations

from collections.abc import Iterable
from math import prod

from accelsim.architecture.architecture import Architecture, Array
from accelsim.einsum.cascade import Cascade
from accelsim.errors import InputError, unknown_name
from accelsim.formats import Bits
from accelsim.mapping.mapping import Block, Compute, Keep, Loop, MappedLayer, Move
from accelsim.mapping.occupancy import Occupancy, occupancy_of
from accelsim.mapping.residency import Residency

__all__ = ["check_capacity", "check_structure"]


def check_structure(mapped: MappedLayer, cascade: Cascade, architecture: Architecture) -> None:
    """Rules that can be checked before anything is counted.

    ``once``: every Einsum runs in exactly one block, after what it reads.
    ``names``: ranks, tensors, memories, arrays and links exist.
    ``array``: an unrolled rank belongs to the Einsum.
    ``fanout``: the ranks on one dimension of an array take at most its PEs.
    ``rounds``: two memories between the outermost and the PEs, which keep before any loop.
    ``bypass``: what passes the registers by is used by the Einsum, and not kept in them.
    ``epochs``: where there are epochs, every Einsum of the block is in exactly one.
    ``inwards``: further in, a tensor is kept in a memory further in.
    ``reach``: what is kept inside an array's PEs is read on that array.
    ``forward``: a forwarded tensor is made before, in the same block on the same array.
    ``link``: a tensor that crosses a link is made on the array at the link's start.
    ``complete``: what sums or reduces over a rank is not read inside a loop over that rank by
    Einsums that run in each of its turns.
    ``recurrence``: Einsums that feed each other through an iterated rank share a block that steps
    along it, and none is unrolled over it.

    Raises:
        InputError: every violation at once.
    """
    where = f"mapping '{mapped.mapper}' of '{cascade.name}'"
    problems: list[str] = []
    done: list[str] = []
    for block in mapped.blocks:
        problems += _names(block, cascade, architecture)
        problems += _epochs(block)
        done += [path.compute.einsum for path in block.paths()]
    wanted = [einsum.name for einsum in cascade.einsums]
    for name in wanted:
        if done.count(name) != 1:
            problems.append(f"Einsum '{name}' is mapped {done.count(name)} times, must be once")
    if not problems:
        problems += _order(done, cascade)
        problems += _recurrences(mapped, cascade, architecture)
        for block in mapped.blocks:
            problems += _forwards(block)
            problems += _links(block, architecture)
            problems += _inwards(block, architecture)
            problems += _readers(block, cascade, architecture)
            problems += _bypasses(block, cascade, architecture)
            problems += _incomplete(block, cascade)
    if problems:
        raise InputError([f"{where}: {problem}" for problem in dict.fromkeys(problems)])


def _names(block: Block, cascade: Cascade, architecture: Architecture) -> Iterable[str]:
    einsums = [einsum.name for einsum in cascade.einsums]
    mapped = [path.compute.einsum for path in block.paths() if path.compute.einsum in einsums]
    ranks = {rank for name in mapped for rank in cascade[name].sizes}
    for path in block.paths():
        compute = path.compute
        if compute.einsum not in einsums:
            yield unknown_name("Einsum", compute.einsum, einsums)
            continue
        if compute.array not in architecture.arrays:
            yield unknown_name("array", compute.array, architecture.arrays)
            continue
        yield from _compute(compute, cascade)
        yield from _fanout(compute, architecture.arrays[compute.array])
        for step in path.steps:
            yield from _step(step, ranks, cascade, architecture)
    for memory in (*block.reserve_bytes, *block.spill, *block.double_buffer, *block.rounds):
        if memory not in architecture.memories:
            yield unknown_name("memory", memory, architecture.memories)
    for memory in block.spill:
        if memory == architecture.root.name:
            yield f"memory '{memory}' is the outermost, nothing above it can take what spills"
        elif memory in architecture.memories and _inside(memory, architecture):
            yield f"memory '{memory}' is inside the PEs, which cannot take what spills"
    yield from _rounds(block, architecture)
    if architecture.root.name in block.double_buffer:
        yield f"memory '{architecture.root.name}' is the outermost, its tiles are not replaced"
    for epoch in block.epochs:
        for part in epoch:
            if isinstance(part, Move) and part.link not in architecture.links:
                yield unknown_name("link", part.link, architecture.links)


def _rounds(block: Block, architecture: Architecture) -> Iterable[str]:
    named = ", ".join(block.rounds)
    if block.rounds and len(set(block.rounds)) != 2:
        yield f"rounds are [{named}], must be two memories"
    for memory in block.rounds:
        if memory == architecture.root.name:
            yield f"rounds are [{named}], of which '{memory}' is the outermost; name memories in it"
        elif memory in architecture.memories and _inside(memory, architecture):
            yield f"rounds are [{named}], of which '{memory}' is inside the PEs; name one outside"
    made = {path.compute.einsum for path in block.paths()}
    for path in block.paths() if block.rounds else ():
        for i, step in enumerate(path.steps):
            if not isinstance(step, Keep) or step.memory not in block.rounds:
                continue
            if any(isinstance(outer, Loop) for outer in path.steps[:i]):
                yield f"rounds are [{named}], so '{step}' must stand before every loop; move it"
            for tensor in sorted(made & set(step.tensors)):
                yield (
                    f"rounds are [{named}] and send what is read, but '{step.memory}' keeps "
                    f"'{tensor}', which the block makes; keep it in another memory"
                )


def _step(
    step: Loop | Keep, ranks: Iterable[str], cascade: Cascade, architecture: Architecture
) -> Iterable[str]:
    if isinstance(step, Loop):
        if step.rank not in ranks:
            yield unknown_name("loop: rank of the block's Einsums", step.rank, ranks)
        if step.tile < 1:
            yield f"tile of rank '{step.rank}' is {step.tile}, must be at least 1"
        return
    if step.memory not in architecture.memories:
        yield unknown_name("memory", step.memory, architecture.memories)
    if step.memory == architecture.root.name:
        yield f"memory '{step.memory}' is the outermost and holds every tensor; leave its keep out"
    for tensor in step.tensors:
        if tensor not in cascade.tensors:
            yield unknown_name("tensor", tensor, cascade.tensors)


def _inside(memory: str, architecture: Architecture) -> bool:
    return architecture.memories[memory].parent in architecture.arrays


def _compute(compute: Compute, cascade: Cascade) -> Iterable[str]:
    einsum = cascade[compute.einsum]
    unrolled = (*compute.rows, *compute.columns, *compute.lanes)
    for rank in (*(rank for rank, _ in unrolled), *compute.order):
        if rank not in einsum.sizes:
            yield unknown_name(f"Einsum '{einsum.name}': rank", rank, einsum.sizes)
    read = [access.tensor for access in einsum.inputs]
    for tensor in compute.forward:
        if tensor not in read:
            yield unknown_name(f"Einsum '{einsum.name}': forwarded tensor", tensor, read)
    for tensor in compute.bypass:
        if tensor not in (einsum.name, *read):
            used = (einsum.name, *read)
            yield unknown_name(f"Einsum '{einsum.name}': bypassed tensor", tensor, used)


def _fanout(compute: Compute, array: Array) -> Iterable[str]:
    for side, ranks, size in compute.sides(array):
        where, one = f"Einsum '{compute.einsum}': {side}", "lanes" if side == "lanes" else "PEs"
        alone = [rank for rank, pes in ranks if pes is None]
        if len(ranks) > 1 and alone:
            yield (
                f"{where} hold {', '.join(rank for rank, _ in ranks)}, of which "
                f"'{alone[0]}' takes all; say how many {one} each takes"
            )
            continue
        for rank, pes in ranks:
            if pes is not None and pes < 1:
                yield f"{where}: rank '{rank}' takes {pes} {one}, must be at least 1"
        taken = prod(pes or 1 for _, pes in ranks)
        if taken > size:
            each = " x ".join(f"{rank} {pes}" for rank, pes in ranks)
            total = f"{each} = {taken}" if len(ranks) > 1 else each
            yield (
                f"{where} take {total} {one}, array '{array.name}' has {size} {side}; "
                "unroll fewer values"
            )


def _epochs(block: Block) -> Iterable[str]:
    if not block.epochs:
        return
    listed = [p if isinstance(p, str) else p.tensor for epoch in block.epochs for p in epoch]
    einsums = [path.compute.einsum for path in block.paths()]
    in_epochs = [part for epoch in block.epochs for part in epoch if isinstance(part, str)]
    for name in einsums:
        if in_epochs.count(name) != 1:
            yield f"Einsum '{name}' is in {in_epochs.count(name)} epochs, must be in one"
    for name in listed:
        if name not in einsums:
            yield unknown_name("epoch: Einsum", name, einsums)


def _order(done: list[str], cascade: Cascade) -> Iterable[str]:
    position = {name: i for i, name in enumerate(done)}
    for (maker, reader), lag in cascade.lags.items():
        if lag <= 0 and position[maker] > position[reader]:
            yield f"Einsum '{reader}' runs before '{maker}', which it reads; swap them"


def _recurrences(
    mapped: MappedLayer, cascade: Cascade, architecture: Architecture
) -> Iterable[str]:
    for group in cascade.feedback:
        rank = next(cascade[name].iterated for name in group if cascade[name].iterated)
        together = " and ".join(f"'{name}'" for name in group)
        paths = {
            path.compute.einsum: (i, path)
            for i, block in enumerate(mapped.blocks)
            for path in block.paths()
            if path.compute.einsum in group
        }
        for name, (_, path) in paths.items():
            if rank in path.compute.widths(architecture.arrays[path.compute.array]):
                yield (
                    f"Einsum '{name}' is unrolled over '{rank}', but each step of it needs the "
                    "one before; unroll another rank"
                )
        stepping = [
            {
                (i, address)
                for step, address in zip(path.steps, path.addresses, strict=True)
                if isinstance(step, Loop) and step.rank == rank and step.tile == 1
            }
            for i, path in paths.values()
        ]
        if len(group) > 1 and not set.intersection(*stepping):
            yield (
                f"Einsums {together} feed each other step by step, so they need one block with "
                f"'for: {rank}' around all of them"
            )


def _incomplete(block: Block, cascade: Cascade) -> Iterable[str]:
    paths = {path.compute.einsum: path for path in block.paths()}
    for name, path in paths.items():
        loops = {
            address: step.rank
            for step, address in zip(path.steps, path.addresses, strict=True)
            if isinstance(step, Loop) and step.tile < cascade[name].sizes.get(step.rank, 0)
        }
        for access in cascade[name].inputs:
            maker = access.tensor
            if maker not in paths:
                continue
            for address, rank in loops.items():
                if rank in cascade[maker].reduced and address in paths[maker].addresses:
                    yield (
                        f"Einsum '{name}' reads '{maker}' in a loop over '{rank}' before that has "
                        f"been reduced over all of '{rank}'; move '{name}' out of the loop, or end "
                        "the loop before it"
                    )


def _forwards(block: Block) -> Iterable[str]:
    before: dict[str, str] = {}
    for path in block.paths():
        compute = path.compute
        for tensor in compute.forward:
            if before.get(tensor) != compute.array:
                yield (
                    f"Einsum '{compute.einsum}': forwarded tensor '{tensor}' is not made before "
                    f"in block '{block.name}' on array '{compute.array}'; keep it in a memory"
                )
        before[compute.einsum] = compute.array


def _links(block: Block, architecture: Architecture) -> Iterable[str]:
    arrays = {path.compute.einsum: path.compute.array for path in block.paths()}
    for epoch in block.epochs:
        for part in epoch:
            if isinstance(part, Move):
                start = architecture.links[part.link].start
                if arrays[part.tensor] != start:
                    yield (
                        f"epoch: '{part.tensor}' is made on '{arrays[part.tensor]}', but link "
                        f"'{part.link}' starts at '{start}'"
                    )


def _inwards(block: Block, architecture: Architecture) -> Iterable[str]:
    for path in block.paths():
        outer: dict[str, str] = {}
        for step in path.steps:
            if not isinstance(step, Keep):
                continue
            for tensor in step.tensors:
                if step.tensors.count(tensor) > 1:
                    yield f"tensor '{tensor}' is kept twice in '{step.memory}'; keep it once"
                if step.memory in _above(outer.get(tensor), architecture):
                    yield (
                        f"tensor '{tensor}' is kept in '{outer[tensor]}' and further in, in "
                        f"'{step.memory}', which lies outside of it; swap them"
                        if step.memory != outer[tensor]
                        else f"tensor '{tensor}' is kept twice in '{step.memory}'; keep it once"
                    )
                outer[tensor] = step.memory


def _readers(block: Block, cascade: Cascade, architecture: Architecture) -> Iterable[str]:
    for path in block.paths():
        read = {access.tensor for access in cascade[path.compute.einsum].inputs}
        for step in path.steps:
            array = architecture.memories[step.memory].parent if isinstance(step, Keep) else None
            if array not in architecture.arrays or array == path.compute.array:
                continue
            assert isinstance(step, Keep)
            for tensor in sorted(read & set(step.tensors)):
                yield (
                    f"tensor '{tensor}' is kept in '{step.memory}', inside '{array}', but Einsum "
                    f"'{path.compute.einsum}' reads it on '{path.compute.array}'"
                )


def _bypasses(block: Block, cascade: Cascade, architecture: Architecture) -> Iterable[str]:
    made: dict[str, Compute] = {}
    for path in block.paths():
        compute = path.compute
        made[compute.einsum] = compute
        for tensor in compute.forward:
            if tensor in compute.bypass or tensor in made.get(tensor, compute).bypass:
                yield (
                    f"Einsum '{compute.einsum}': forwarded tensor '{tensor}' bypasses the "
                    "registers in which it would be found; leave it out of bypass or of forward"
                )
        registers = architecture.registers(compute.array)
        for step in path.steps:
            if registers is None or not isinstance(step, Keep) or step.memory != registers.name:
                continue
            for tensor in compute.bypass:
                if tensor in step.tensors:
                    yield (
                        f"Einsum '{compute.einsum}': bypassed tensor '{tensor}' is kept in "
                        f"'{step.memory}'; keep it further out, or leave it out of bypass"
                    )


def _above(memory: str | None, architecture: Architecture) -> set[str]:
    """A memory and everything between it and the outermost one."""
    found: set[str] = set()
    while memory is not None:
        found.add(memory)
        part = architecture.memories.get(memory) or architecture.arrays.get(memory)
        memory = part.parent if part else None
    return found


def check_operations(einsum: str, operations: Iterable[str], array: Array) -> None:
    """``operation``: the array can perform every operation of the Einsum."""
    missing = [operation for operation in operations if operation not in array.operations]
    if missing:
        raise InputError(
            f"Einsum '{einsum}' needs {', '.join(dict.fromkeys(missing))}, which array "
            f"'{array.name}' does not perform; it performs {', '.join(sorted(array.operations))}"
        )


def check_capacity(residency: Residency, bits: Bits, *, where: str) -> Occupancy:
    """``capacity``: kept tiles fit into their memory, unless the block lets it spill, or go in
    rounds.

    Returns:
        What fills each memory.

    Raises:
        InputError: naming the largest tile, what it needs and what the memory holds.
    """
    problems = []
    occupancy = occupancy_of(residency, bits)
    for name, spaces in occupancy.items():
        memory = residency.architecture.memories[name]
        held, needed = memory.size_bytes, sum(spaces.values())
        bits_per_byte = 8 * memory.instances  # Of one instance, and the same in each.
        may_exceed = (*residency.block.spill, *residency.block.rounds)
        if held is None or needed <= held * bits_per_byte or name in may_exceed:
            continue
        largest = max(spaces, key=spaces.__getitem__)
        tiles, most = f"tile of {largest} needs", ""
        if len(spaces) > 1:
            tiles = f"tiles of {', '.join(spaces)} need"
            most = f" ({largest} alone {-(-spaces[largest] // bits_per_byte):,})"
        inside = " in each PE" if _inside(name, residency.architecture) else ""
        problems.append(
            f"{where}: {tiles} {-(-needed // bits_per_byte):,} bytes{inside}{most}, {name} holds "
            f"{held:,}; use a larger memory or smaller tiles"
        )
    if problems:
        raise InputError(problems)
    return occupancy
