"""Mapped layers -> how they pass in time: the entry of the event simulator."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from accelsim.architecture.architecture import Architecture
from accelsim.einsum.cascade import Cascade
from accelsim.errors import Interrupted, UnsupportedError
from accelsim.formats import Bits
from accelsim.mapping.mapping import Block, MappedLayer
from accelsim.mapping.residency import Residency
from accelsim.model.cost import block_cycles
from accelsim.model.counts import ActionCounts, BlockCounts
from accelsim.simulator.engine import Engine, PlayInterruptedError
from accelsim.simulator.program import program_of
from accelsim.simulator.timing import STATES, BlockTiming, LayerTiming, Link, Skip, Span
from accelsim.simulator.unlimited import without_waits

__all__ = ["play_block", "play_layers"]


Mapped = tuple[MappedLayer, Cascade, Bits]
"""A layer's mapping, its cascade, and tensor -> bits per element."""


def play_layers(
    layers: Sequence[Mapped], architecture: Architecture, counts: Sequence[ActionCounts]
) -> tuple[LayerTiming, ...]:
    """How layers pass, one after another, each its blocks one after another.

    Layers that are alike are played once.

    Args:
        layers: as they are mapped.
        architecture: the machine.
        counts: what the analytic model counts of each.

    Raises:
        InputError: where a block would wait for itself.
        Interrupted: where the user stops it; it says how far it came.
    """
    known: dict[str, tuple[BlockTiming, ...]] = {}
    timings = []
    for (mapped, cascade, bits), count in zip(layers, counts, strict=True):
        formats = [bits(tensor) for tensor in cascade.tensors]
        key = repr((mapped.blocks, cascade.einsums, cascade.tensors, cascade.outputs, formats))
        if key not in known:
            known[key] = tuple(
                _told(block, cascade, architecture, each, bits, count.layer)
                for block, each in zip(mapped.blocks, count.blocks, strict=True)
            )
        timings.append(LayerTiming(count.layer, count.repeat, known[key]))
    return tuple(timings)


def _told(
    block: Block,
    cascade: Cascade,
    architecture: Architecture,
    counts: BlockCounts,
    bits: Bits,
    layer: str,
) -> BlockTiming:
    """One block; an interruption says where it was."""
    try:
        return play_block(block, cascade, architecture, counts, bits=bits)
    except PlayInterruptedError as stopped:
        where = f"layer '{layer}', block '{block.name}'" if layer else f"block '{block.name}'"
        least = float(block_cycles(counts, architecture))
        raise Interrupted(
            f"interrupted at cycle {float(stopped.cycles):,.0f} of {where}, for which the analytic "
            f"model counts {least:,.0f} cycles"
        ) from None


def play_block(
    block: Block,
    cascade: Cascade,
    architecture: Architecture,
    counts: BlockCounts,
    *,
    bits: Bits,
    fast_forward: bool = True,
    unlimited: bool = False,
) -> BlockTiming:
    """How one block passes, from the first request to the last result.

    Args:
        block: of a sound structure.
        cascade: what it computes.
        architecture: the machine.
        counts: what the analytic model counts of it.
        bits: tensor -> bits per element.
        fast_forward: whether what repeats is played once; the answer is the same.
        unlimited: whether buffers have no limit and no latency; then it is the analytic model's.

    Raises:
        InputError: where the block would wait for itself.
        UnsupportedError: where it goes in rounds.
        PlayInterruptedError: where the user stops it.
    """
    if block.rounds:
        raise UnsupportedError(
            f"block '{block.name}': rounds cut tiles anywhere, which cannot be played out in time; "
            "use --fidelity analytic, or a mapper without rounds"
        )
    residency = Residency(cascade, architecture, block)
    program = program_of(residency, counts, bits)
    if unlimited:
        program = without_waits(program)
    engine = Engine(program, fast_forward=fast_forward)
    engine.run()
    return timing_of(engine)


def timing_of(engine: Engine) -> BlockTiming:
    """What an engine that came to its end has to say."""
    program, books = engine.program, engine.books
    unit = program.ticks_per_cycle
    chain = books.whole(engine.chain)
    used = {component for actor in program.actors for component in actor.components}
    # Memories without a bandwidth take no time, and links that nothing crosses have none.
    shown = {c.name for c in program.components if c.shown and (c in used or not c.carries)}
    return BlockTiming(
        name=program.name,
        cycles=Fraction(engine.ended, unit),
        stalls={
            name: {s: Fraction(ledger.spent[s], unit) for s in STATES}
            for name, ledger in books.ledgers.items()
            if name in shown
        },
        chain=tuple(Link(c, what, Fraction(ticks, unit)) for (c, what), ticks in chain.items()),
        spans=tuple(
            Span(name, Fraction(start, unit), Fraction(end, unit), what, state)
            for name, start, end, what, state in sorted(
                [*books.first, *books.last], key=lambda span: span[1]
            )
            if name in shown
        ),
        skips=tuple(
            Skip(Fraction(s.start, unit), Fraction(s.end, unit), s.times, s.rank)
            for s in (engine.forward.skips if engine.forward else ())
        ),
        copies=program.copies.as_table(),
        events=engine.events,
        spans_left_out=books.left_out,
    )
