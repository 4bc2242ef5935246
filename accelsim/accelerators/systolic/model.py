"""The architecture file and the mapper file of an array: simulated, they act as the hardware."""

from __future__ import annotations

from accelsim.accelerators.array_timing import PRODUCT_LATENCY_CYCLES
from accelsim.accelerators.systolic.parameters import SUM_BITS, SystolicParameters
from accelsim.accelerators.systolic.resources import fit, measured

__all__ = ["architecture_text", "mapper_text"]

INPUT_CYCLES = 1
"""A word waits in a register before it lies in its scratchpad."""
OUTPUT_CYCLES = {"weight-stationary": 11, "output-stationary": 10}
"""From a word in a scratchpad to the first beat of its sums, besides the PEs: three cycles to read
it, one behind the array, three in which sums are added up, two to read them, one to cut them into
beats. Of weights, one more for the array to see that they have come."""


def architecture_text(parameters: SystolicParameters, *, name: str, mapper: str) -> str:
    """An architecture file.

    Args:
        parameters: of the array.
        name: of the machine.
        mapper: name or path of the mapper file, as a reader of the architecture finds it.
    """
    streamed = parameters.tile
    folds = parameters.folds
    stationary = parameters.dataflow == "weight-stationary"
    a_words = folds * streamed
    b_words = f"{folds * folds} * array.rows" if stationary else f"{folds * streamed}"
    z_words = f"{folds * streamed}" if stationary else f"{folds * folds} * array.rows"
    held = _HELD[parameters.dataflow].format(
        bits=parameters.weight_bits, size=-(-2 * parameters.weight_bits // 8)
    )
    fpga, fpga_source = _fpga(parameters)
    return _ARCHITECTURE.format(
        name=name,
        description=f"{parameters.dataflow} hardware: {parameters.rows}x{parameters.columns} PEs, "
        f"{parameters.activations} x {parameters.weights}, streams of {parameters.stream_bytes} B",
        mapper=mapper,
        rows=parameters.rows,
        columns=parameters.columns,
        array=f"{parameters.rows}x{parameters.columns}",
        dataflow=parameters.dataflow,
        beats=3 * parameters.stream_bytes,
        stream_bytes=parameters.stream_bytes,
        input_cycles=INPUT_CYCLES,
        a_size=f"2 * {a_words} * {_bytes('rows', parameters.activation_bits)}",
        b_size=f"2 * {b_words} * {_bytes('columns', parameters.weight_bits)}",
        z_size=f"2 * {z_words} * {_bytes('columns', SUM_BITS)}",
        a_word=_bytes("rows", parameters.activation_bits),
        b_word=_bytes("columns", parameters.weight_bits),
        z_word=_bytes("columns", SUM_BITS),
        drain=str(not stationary).lower(),
        pipeline=PRODUCT_LATENCY_CYCLES + OUTPUT_CYCLES[parameters.dataflow],
        held=held,
        fpga=fpga,
        fpga_source=fpga_source,
    )


def _fpga(parameters: SystolicParameters) -> tuple[str, str]:
    """What it takes of an FPGA, by the formula through what was measured, and its source."""
    file = measured()
    if not file.holds(parameters):
        return "", ""
    lines = []
    worst, points = 0.0, 0
    for kind, cell in _CELLS.items():
        found = fit("accelerator", _TARGET, parameters.dataflow, kind)
        lines.append(f"    {cell}: {found.expression('array.rows', 'array.columns')}")
        worst, points = max(worst, found.error), found.points
    device = file.devices[_TARGET]
    available = ", ".join(f"{cell}: {device.available[cell]}" for cell in _CELLS.values())
    text = _FPGA.format(part=device.part, resources="\n".join(lines), available=available)
    source = f"fitted to {points} syntheses, within {worst:.1%} of each ({file.tools})"
    return text, f"  fpga: {source}\n"


def mapper_text(parameters: SystolicParameters, *, name: str) -> str:
    """A mapper file: the order of tiles and folds that the sequencer has.

    Args:
        parameters: of the array.
        name: of the mapping.
    """
    nest = _NESTS[parameters.dataflow].format(tile=parameters.tile, folds=parameters.folds)
    return _MAPPER.format(name=name, dataflow=parameters.dataflow, nest=nest)


def _bytes(side: str, bits: int) -> str:
    """Of a word with a value for each row or column."""
    if bits % 8:
        return f"array.{side} * {bits} / 8"
    return f"{bits // 8} * array.{side}" if bits > 8 else f"array.{side}"


_ARCHITECTURE = """\
# {dataflow} array of {array} PEs with scratchpads, a sequencer and AXI4-Streams, as
# `accelsim verilog systolic` writes it. Cycles and sizes: its own registers and memories.
name: {name}
description: "{description}"
clock_hz: 100.0e+6
word_bits: 8
mapper: {mapper}
sources:
  clock_hz: a round figure below what it reaches on an ECP5 of speed grade 6 (docs/hardware.md)
  word_bits: that of the operands
{fpga_source}components:
  # The host behind three streams: activations and weights in, results out.
  DRAM:
    kind: memory
    bytes_per_cycle: {beats}
    ports: 3
    latency_cycles: {input_cycles}
    sources: {{bandwidth: streams of {stream_bytes} B, latency: registers of the hardware}}
  results:
    kind: memory
    parent: DRAM
    accumulates: true
    size_bytes: {z_size}
    bytes_per_cycle: 3 * {z_word}
    ports: 3
    latency_cycles: 0
    aligned: true
    sources: {{size: the hardware, bandwidth: "a word read, written and sent in a cycle"}}
  weights:
    kind: memory
    parent: results
    size_bytes: {b_size}
    bytes_per_cycle: 2 * {b_word}
    ports: 2
    latency_cycles: 0
    aligned: true
    sources: {{size: the hardware, bandwidth: a word in and a word out in a cycle}}
  activations:
    kind: memory
    parent: weights
    size_bytes: {a_size}
    bytes_per_cycle: 2 * {a_word}
    ports: 2
    latency_cycles: 0
    aligned: true
    sources: {{size: the hardware, bandwidth: a word in and a word out in a cycle}}
  array:
    kind: array
    parent: activations
    rows: {rows}
    columns: {columns}
    systolic: {{overlap_folds: true, drain: {drain}, pipeline_cycles: {pipeline}}}
    operations:
      multiply-add: {{actions: {{mac: 1}}}}
      multiply: {{actions: {{mac: 1}}}}
    sources: {{systolic: registers of the hardware}}
{held}{fpga}"""

_TARGET = "ecp5"
_CELLS = {"luts": "LUT4", "ffs": "FF", "dsps": "MULT18X18D", "block_rams": "DP16KD"}
_FPGA = """\
fpga:
  part: {part}
  resources:
{resources}
  available: {{{available}}}
"""

_HELD = {
    "weight-stationary": """\
  # Weights of a fold, and those of the next.
  held:
    kind: memory
    parent: array
    size_bytes: {size}
    aligned: true
    sources: {{size: two registers of {bits} bits}}
""",
    "output-stationary": "",
}

_MAPPER = """\
name: {name}
description: the order of tiles and folds of the {dataflow} hardware (accelsim verilog systolic)
cases:
  - blocks:
      - name: product
        double_buffer: [results, weights, activations]
        nest:
{nest}"""

_NESTS = {
    "weight-stationary": """\
          - for: {{M: {tile}}}
          - for: {{N: {folds} * array.columns}}
          - keep: {{results: [Z]}}
          - for: {{K: {folds} * array.rows}}
          - keep: {{weights: [B]}}
          - keep: {{activations: [A]}}
          - for: {{N: array.columns}}
          - for: {{K: array.rows}}
          - keep: {{held: [B]}}
          - {{einsum: Z, on: array, rows: K, columns: N, order: [M]}}
""",
    "output-stationary": """\
          - for: {{M: {folds} * array.rows}}
          - for: {{N: {folds} * array.columns}}
          - keep: {{results: [Z]}}
          - for: {{K: {tile}}}
          - keep: {{weights: [B]}}
          - keep: {{activations: [A]}}
          - for: {{N: array.columns}}
          - for: {{M: array.rows}}
          - {{einsum: Z, on: array, rows: M, columns: N, order: [K]}}
""",
}
