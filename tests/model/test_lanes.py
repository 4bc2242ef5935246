"""Lanes of a PE and operations that take an operand bit by bit, in numbers by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from accelsim.architecture import Architecture, Array, Memory, OperationCost
from accelsim.mapping import Block, Compute, Keep, Nest
from accelsim.mapping.mapping import MappedLayer
from accelsim.model import count_block
from accelsim.model.cost import LayerPlan, build_result
from accelsim.model.count import count_layer
from accelsim.model.operations import point_cycles
from accelsim.pipeline import simulate
from accelsim.search.plan import bits_of
from accelsim.workload import Layer, Workload, cascade_from_text, load_template

SIZES = {"M": 5, "N": 4, "K": 10}
PRODUCT = cascade_from_text(
    "Z[m,n] = A[m,k] * B[k,n]", ranks=SIZES, tensors={"A": ("M", "K"), "B": ("K", "N")}
)
# Two rows, three columns, four lanes: 24 points at a time.
ARRAY = Array(
    "array", "buffer", 2, 3, {"multiply-add": OperationCost(1, {"mac": 1})}, {}, {}, lanes=4
)


def machine(array: Array = ARRAY, *, word_bits: int = 16) -> Architecture:
    memories = [
        Memory("DRAM", None, None, None, 8, 1.0, 1.0, None),
        Memory("buffer", "DRAM", None, None, 8, 1.0, 1.0, None),
    ]
    known = {memory.name: memory for memory in memories}
    return Architecture("toy", 1e9, word_bits, "auto", known, {"array": array}, {})


def mapped(**sides: object) -> Block:
    kept = Keep("buffer", (("A",), ("B",), ("Z",)))
    return Block("product", Nest((kept,), (Compute("Z", "array", **sides),)))


@pytest.mark.parametrize(
    ("sides", "steps"),
    [
        # ceil(4/2) * ceil(5/3) * ceil(10/4), the last tile of each partly idle.
        ({"rows": "N", "columns": "M", "lanes": "K"}, 2 * 2 * 3),
        ({"rows": "N", "columns": "M", "lanes": (("K", 2),)}, 2 * 2 * 5),
        ({"rows": "N", "columns": "M"}, 2 * 2 * 10),
        # N over both rows and two of the lanes: all four values; K over the other two.
        ({"rows": "N", "columns": "M", "lanes": (("N", 2), ("K", 2))}, 1 * 2 * 5),
        ({"lanes": "M"}, 4 * 2 * 10),
    ],
)
def test_steps(sides: Mapping[str, object], steps: int) -> None:
    counts = count_block(mapped(**sides), PRODUCT, machine(), bits=lambda tensor: 16, where="")
    (einsum,) = counts.einsums
    assert (einsum.cycles, einsum.points, einsum.pe_cycles) == (steps, 200, 200)


def test_what_lanes_read_and_reduce() -> None:
    """A goes to the array for each of 2 tiles of N, B for each of 2 of M, in 3 pieces of K each;
    sums over lanes are written once."""
    counts = count_block(
        mapped(rows="N", columns="M", lanes="K"), PRODUCT, machine(), bits=lambda _: 16, where=""
    )
    found = {(each.memory, each.tensor): each for each in counts.einsums[0].transfers}
    a, b, z = (found["buffer", tensor] for tensor in "ABZ")
    assert (a.delivered_bits, a.deliveries) == (2 * 50 * 16, 2 * 2 * 3)
    assert (b.delivered_bits, b.deliveries) == (2 * 40 * 16, 2 * 2 * 3)
    assert (z.written_bits, z.delivered_bits, z.deliveries) == (20 * 16, 0, 0)
    assert found["DRAM", "A"].deliveries == 0


def test_lanes_count_in_the_utilisation_and_the_peak() -> None:
    layer = Layer("", load_template("matmul"), SIZES)
    on = machine()
    plan = MappedLayer("mine", (mapped(rows="N", columns="M", lanes="K"),))
    counts = count_layer(plan, layer.cascade, on, bits=bits_of(layer, on))
    result = build_result(
        [LayerPlan(counts, "matmul", "mine", {})],
        on,
        workload="x",
        mapper="mine",
        objective="latency",
        version="0",
    )
    assert result.utilization == {"array": 200 / (24 * 12)}
    assert result.peak_operations_per_s == {"array": 24 * 1e9}
    assert result.area_um2 is None
    wide = replace(on, arrays={"array": replace(ARRAY, area_um2={"mac": 7.0})})
    assert wide.arrays["array"].points_at_once == 24
    assert wide.sizes["array.lanes"] == 4
    assert wide.sizes["array.pes"] == 6


# ---- bit by bit


def cycles_of(
    formats: Mapping[str, str], operations: Mapping[str, OperationCost], *, word_bits: int = 16
) -> int:
    template = replace(load_template("matmul"), formats=dict(formats))
    cascade = Layer("", template, SIZES).cascade
    on = machine(replace(ARRAY, operations=operations), word_bits=word_bits)
    return point_cycles(cascade["Z"], cascade, on, on.arrays["array"])


SERIAL = {"multiply-add": OperationCost(1, {"mac": 1}, 2)}


@pytest.mark.parametrize(
    ("formats", "cycles"),
    [
        # The narrower of both inputs, whichever it is, two bits a cycle.
        ({"default": "fp16", "B": "int8"}, 4),
        ({"default": "fp16", "A": "int6", "B": "int8"}, 3),
        ({"default": "fp16", "B": "int3"}, 2),
        ({"default": "fp16", "B": "bitmod-fp4"}, 2),
        # What is written is no operand.
        ({"default": "fp16", "Z": "int2"}, 8),
        # Scales and averages are no bits of the number: 4.25 and 5.5 bits, four each.
        ({"default": "fp16", "B": "int4-g64"}, 2),
        ({"default": "fp16", "B": "int4~5.5"}, 2),
        # Tensors without a format have the machine's word.
        ({}, 8),
        ({"B": "int6"}, 3),
        ({"B": "int32"}, 8),
    ],
)
def test_the_narrowest_input_says_how_long_a_point_takes(
    formats: Mapping[str, str], cycles: int
) -> None:
    assert cycles_of(formats, SERIAL) == cycles


def test_words_of_the_machine_and_parts_of_a_bit() -> None:
    assert cycles_of({}, SERIAL, word_bits=7) == 4
    # 1.6 bits a ternary number are two.
    assert cycles_of({"default": "fp16", "B": "ternary-packed"}, SERIAL) == 1


def test_operations_one_after_the_other_serial_or_not() -> None:
    """A product of 8 bits, 2 a cycle, and a sum in three cycles."""
    apart = {
        "multiply": OperationCost(9, {"mac": 1}, 2),
        "add": OperationCost(3, {"add": 1}),
    }
    assert cycles_of({"default": "fp16", "B": "int8"}, apart) == 4 + 3
    assert OperationCost(9, {}, 2).cycles_of(7) == 4
    assert OperationCost(9, {}).cycles_of(7) == 9


def test_layers_of_one_network_take_the_time_of_their_own_formats() -> None:
    """On BitMoD's array, 32 by 32 PEs of four lanes: 64 steps of 8, 6 and 4 bits, and KV of 16."""
    for name, cycles in {"int8": 4, "int6": 3, "bitmod-fp4": 2, "fp16": 8}.items():
        template = replace(load_template("matmul"), formats={"default": "fp16", "B": name})
        work = Workload("x", (Layer("", template, {"M": 32, "N": 64, "K": 128}),))
        for mapper in ("bitmod", "bitmod-rounds"):
            (layer,) = simulate(work, on="bitmod", mapper=mapper).layers
            busy = layer.blocks[0].busy_cycles["array"]
            assert busy == 2 * 32 * cycles, (name, mapper)
