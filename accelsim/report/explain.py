"""A mapping explained in plain text: its nest, what bounds it, where bytes and energy go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from accelsim.architecture.architecture import Architecture
from accelsim.mapping.mapping import Block, Move
from accelsim.model.cost import transfer_energy
from accelsim.model.count import count_block
from accelsim.model.counts import BlockCounts, EinsumCounts, Exact
from accelsim.model.result import BlockResult, LayerResult, Result
from accelsim.report.changes import changes_text, cheapest_changes
from accelsim.report.nest_text import nest_lines, wrapped
from accelsim.report.nest_view import block_view
from accelsim.report.text import text_table
from accelsim.search.plan import Plan
from accelsim.units import bytes_text, energy_text, number_text, seconds_text

__all__ = ["explain"]


def explain(
    plans: Sequence[Plan],
    architecture: Architecture,
    result: Result,
    *,
    resimulate: Callable[[Mapping[str, int | float]], Result] | None = None,
) -> str:
    """How a workload runs, and why it takes as much time and energy as it does.

    Args:
        plans: of every layer, in the order of the workload.
        architecture: the machine.
        result: of these plans on this machine.
        resimulate: ``component.field`` -> value: the result with these figures, mapped anew. Where
            it is given, the changes of the machine that help most are listed.
    """
    lines = wrapped(_totals(result))
    done: list[tuple[Plan, LayerResult]] = []
    for plan, layer in zip(plans, result.layers, strict=True):
        same = next((other for each, other in done if _same(each, plan)), None)
        done.append((plan, layer))
        lines += ["", *wrapped(_layer_line(plan, layer))]
        if same is not None:
            lines.append(f"  runs as layer '{same.name}' does")
            continue
        for block, found in zip(plan.mapped.blocks, layer.blocks, strict=True):
            lines += ["", *_Explained.of(plan, block, found, architecture).lines]
    if resimulate is not None:
        changes = cheapest_changes(architecture, result, resimulate)
        lines += ["", changes_text(changes, result)]
    return "\n".join(lines)


def _same(one: Plan, other: Plan) -> bool:
    return (
        one.layer.template == other.layer.template
        and one.layer.cascade.sizes == other.layer.cascade.sizes
        and one.mapped.blocks == other.mapped.blocks
    )


def _totals(result: Result) -> str:
    energy = result.energy_pj
    known = f"energy unknown: no figure for {', '.join(result.energy_missing)}"
    if energy is not None:
        known = f"{energy_text(energy)}, EDP {energy * 1e-12 * result.seconds:.4g} J s"
    return (
        f"{result.workload} on {result.architecture}, mapper {result.mapper}, for "
        f"{result.objective}: {number_text(result.cycles)} cycles "
        f"({seconds_text(result.seconds)}), {known}"
    )


def _layer_line(plan: Plan, layer: LayerResult) -> str:
    name = f"layer '{layer.name}', " if layer.name else ""
    often = f" {layer.repeat:,} times" if layer.repeat > 1 else ""
    sizes = ", ".join(f"{rank} {size:,}" for rank, size in plan.layer.cascade.sizes.items())
    return f"{name}{layer.cascade}{often}, mapped by {layer.mapper}: {sizes}"


@dataclass(frozen=True)
class _Explained:
    """A block with what it counts and what follows; figures are those of one repeat."""

    plan: Plan
    block: Block
    counts: BlockCounts
    found: BlockResult
    architecture: Architecture

    @staticmethod
    def of(plan: Plan, block: Block, found: BlockResult, architecture: Architecture) -> _Explained:
        counts = count_block(
            block, plan.layer.cascade, architecture, bits=plan.bits, where=plan.mapped.mapper
        )
        return _Explained(plan, block, counts, found, architecture)

    @property
    def lines(self) -> list[str]:
        """The tree, then time, then traffic and energy."""
        cascade = self.plan.layer.cascade
        view = block_view(self.block, cascade, self.architecture, self.plan.bits)
        notes = {e.name: f"{number_text(e.cycles)} cycles" for e in self.counts.einsums}
        lines = wrapped(self._head)
        for text in self._settings:
            lines += wrapped(text, "  ")
        lines += ["", *nest_lines(view, notes, prefix="  ")]
        for rows in (self._times, self._traffic):
            lines += ["", *(f"  {line}" for line in text_table(rows).splitlines())]
        return lines

    @property
    def _head(self) -> str:
        name = self.found.limiting
        what = f"memory {name}"
        if name == "epochs":
            what = "epochs that wait for each other"
        elif name in self.architecture.arrays:
            what = f"array {name}"
        elif name in self.architecture.links:
            what = f"link {name}"
        return f"block {self.block.name}: {number_text(self.found.cycles)} cycles, bound by {what}"

    @property
    def _settings(self) -> Iterator[str]:
        if self.block.halo != "whole":
            yield "of the tile of a window only what is new is fetched (halo: overlap)"
        if self.block.double_buffer:
            yield f"tiles that are replaced lie twice in {', '.join(self.block.double_buffer)}"
        for memory, size in self.block.reserve_bytes.items():
            yield f"{bytes_text(size)} of {memory} are reserved"
        for memory, part in self.counts.spilled.items():
            yield f"{memory} is too small: {float(part):.1%} of its tiles lie in the memory above"
        for memory, turns in self.counts.rounds.items():
            times = "once" if turns == 1 else f"{turns:,} times"
            yield f"rounds: {memory} is sent what it keeps {times}"
        for i, epoch in enumerate(self.block.epochs):
            parts = [p if isinstance(p, str) else _move_text(p) for p in epoch]
            busy = [f"{name} {number_text(n)}" for name, n in self.counts.epochs[i].items()]
            yield f"epoch {i + 1}: {', '.join(parts)}; {' and '.join(busy)} cycles"

    @property
    def _times(self) -> list[list[str]]:
        """How long each component is busy, and how well arrays are used."""
        rows = [["time", "busy cycles", "of the block", "PEs at work"]]
        busy = dict(self.found.busy_cycles)
        for name, cycles in sorted(busy.items(), key=lambda item: -item[1]):
            used = ""
            if array := self.architecture.arrays.get(name):
                work = sum(e.pe_cycles for e in self.counts.einsums if e.array == name)
                used = f"{work / (array.points_at_once * self.found.cycles):.1%}"
            part = f"{cycles / self.found.cycles:.1%}"
            rows.append([name, number_text(cycles), part, used])
        return rows

    @property
    def _traffic(self) -> list[list[str]]:
        """What memories read and write of each tensor, what arrays do, and the energy of it."""
        rows = [["energy and traffic", "read", "written", "energy", "share"]]
        spent = _spent(self.counts.einsums, self.architecture)
        energies = [part.energy for part in spent]
        total = sum(energy or 0.0 for energy in energies) if None not in energies else 0.0

        def shown(energy: float | None) -> list[str]:
            share = f"{energy / total:.1%}" if total and energy is not None else ""
            return ["unknown" if energy is None else energy_text(energy), share]

        for name in (*self.architecture.memories, *self.architecture.arrays):
            parts = [part for part in spent if part.component == name]
            known = [part.energy for part in parts if part.energy is not None]
            whole = sum(known) if len(known) == len(parts) else None
            if name in self.architecture.memories and parts:
                moved = [sum(p.reads for p in parts), sum(p.writes for p in parts)]
                rows.append([name, *map(bytes_text, moved), *shown(whole)])
            elif parts:
                rows.append([name, "", "", *shown(whole)])
            for part in parts:
                rows.append([f"  {part.what}", *part.amounts, *shown(part.energy)])
        return rows


@dataclass(frozen=True)
class _Spent:
    """What one memory does for one tensor, or one array with one functional unit."""

    component: str
    what: str
    reads: float
    """Bytes; of an array, how often the unit works."""
    writes: float
    energy: float | None
    in_memory: bool

    @property
    def amounts(self) -> list[str]:
        if not self.in_memory:
            return [f"{number_text(self.reads)} times", ""]
        return [bytes_text(self.reads), bytes_text(self.writes)]


def _move_text(move: Move) -> str:
    return f"{move.tensor} over {move.link}"


def _spent(einsums: Sequence[EinsumCounts], architecture: Architecture) -> list[_Spent]:
    moved: dict[tuple[str, str], tuple[Exact, Exact, float | None]] = {}
    # None: cycles of PEs, whatever they do in them.
    times: dict[tuple[str, str | None], int] = {}
    for einsum in einsums:
        for transfer in einsum.transfers:
            key = transfer.memory, transfer.tensor
            reads, writes, before = moved.get(key, (0, 0, 0.0))
            spent = transfer_energy(transfer, architecture.memories[transfer.memory])
            energy = None if spent is None or before is None else before + sum(spent)
            moved[key] = reads + transfer.read_bits, writes + transfer.written_bits, energy
        for action, often in einsum.actions.items():
            times[einsum.array, action] = times.get((einsum.array, action), 0) + often
        array = architecture.arrays[einsum.array]
        if array.cycle_energy_pj:
            busy = times.get((array.name, None), 0)
            times[array.name, None] = busy + einsum.cycles * array.pes
    found = [
        _Spent(name, tensor, float(read) / 8, float(written) / 8, energy, True)
        for (name, tensor), (read, written, energy) in moved.items()
    ]
    for (name, unit), often in times.items():
        array = architecture.arrays[name]
        each = array.energy_pj.get(unit) if unit else array.cycle_energy_pj
        found.append(
            _Spent(name, unit or "cycle", often, 0.0, None if each is None else often * each, False)
        )
    return found
