"""The architecture file and the mapper file of an array: simulated, they act as the hardware."""

from __future__ import annotations

from fractions import Fraction

from accelsim.accelerators.bitmod.parameters import ACTIVATION_BITS, RESULT_BITS, BitModParameters
from accelsim.accelerators.bitmod.timing import PIPELINE_CYCLES

__all__ = ["NUMBERS", "architecture_text", "mapper_text", "weights_format", "workload_text"]

NUMBERS = {"fp3": "bitmod-fp3", "fp4": "bitmod-fp4", "int4": "int4", "int6": "int6", "int8": "int8"}
"""Type of weights -> number type of the workload language."""
INPUT_CYCLES = 1
"""A word waits in a register before it lies in its scratchpad."""


def weights_format(parameters: BitModParameters) -> str:
    """Of a workload: the number type, and bits of a weight with its share of the scale's words."""
    bits = parameters.format.code_bits * (1 + Fraction(parameters.heads, parameters.tile))
    return f"{NUMBERS[parameters.weights]}~{float(bits):.9f}".rstrip("0").rstrip(".")


def architecture_text(parameters: BitModParameters, *, name: str, mapper: str) -> str:
    """An architecture file.

    Args:
        parameters: of the array.
        name: of the machine.
        mapper: name or path of the mapper file, as a reader of the architecture finds it.
    """
    folds, tile = parameters.folds, parameters.tile
    lanes, bits = parameters.lanes, parameters.format.code_bits
    a_word = f"{lanes * ACTIVATION_BITS // 8} * array.rows"
    b_word = f"array.columns * {lanes * bits} / 8"
    z_word = f"{RESULT_BITS // 8} * array.columns"
    return _ARCHITECTURE.format(
        name=name,
        description=f"BitMoD hardware: {parameters.rows}x{parameters.columns} PEs of {lanes} "
        f"lanes, fp16 x {parameters.weights}, streams of {parameters.stream_bytes} B",
        mapper=mapper,
        rows=parameters.rows,
        columns=parameters.columns,
        lanes=lanes,
        array=f"{parameters.rows}x{parameters.columns}",
        beats=3 * parameters.stream_bytes,
        stream_bytes=parameters.stream_bytes,
        input_cycles=INPUT_CYCLES,
        a_size=f"2 * {folds * tile} * {a_word}",
        b_size=f"2 * {folds * (tile + parameters.heads)} * {b_word}",
        z_size=f"2 * {folds * folds} * array.rows * {z_word}",
        a_word=a_word,
        b_word=b_word,
        z_word=z_word,
        pipeline=PIPELINE_CYCLES,
    )


def mapper_text(parameters: BitModParameters, *, name: str) -> str:
    """A mapper file: the order of tiles and folds that the sequencer has.

    Args:
        parameters: of the array.
        name: of the mapping.
    """
    return _MAPPER.format(name=name, group=parameters.group, folds=parameters.folds)


def workload_text(parameters: BitModParameters, m: int, n: int, k: int) -> str:
    """A workload file of one product."""
    return _WORKLOAD.format(m=m, n=n, k=k, weights=weights_format(parameters))


_ARCHITECTURE = """\
# BitMoD array of {array} PEs with scratchpads, a sequencer and AXI4-Streams, as
# `accelsim verilog bitmod` writes it. Cycles and sizes: its own registers and memories.
name: {name}
description: "{description}"
clock_hz: 40.0e+6
word_bits: 16
mapper: {mapper}
sources:
  clock_hz: a round figure below what it reaches on an ECP5 of speed grade 6 (docs/bitmod.md)
  word_bits: that of the activations
components:
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
    lanes: {lanes}
    systolic: {{overlap_folds: true, drain: true, pipeline_cycles: {pipeline}}}
    operations:
      multiply-add: {{actions: {{mac: 1}}, serial_bits: 2}}
      multiply: {{actions: {{mac: 1}}, serial_bits: 2}}
    sources: {{systolic: registers of the hardware, operations: "a term a cycle, each of two bits"}}
"""

_MAPPER = """\
name: {name}
description: the order of tiles and folds of BitMoD's hardware (accelsim verilog bitmod)
cases:
  - blocks:
      - name: product
        double_buffer: [results, weights, activations]
        nest:
          - for: {{M: {folds} * array.rows}}
          - for: {{N: {folds} * array.columns}}
          - keep: {{results: [Z]}}
          - for: {{K: {group}}}
          - keep: {{weights: [B]}}
          - keep: {{activations: [A]}}
          - for: {{N: array.columns}}
          - for: {{M: array.rows}}
          - {{einsum: Z, on: array, rows: M, columns: N, lanes: K}}
"""

_WORKLOAD = """\
name: product
ranks: {{M: {m}, N: {n}, K: {k}}}
tensors: {{A: [M, K], B: [K, N]}}
formats: {{A: fp16, B: {weights}, Z: fp32}}
cascade:
  - Z[m,n] = A[m,k] * B[k,n]
"""
