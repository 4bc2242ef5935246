"""What is said of a mapping is what is counted of it."""

import re
from collections.abc import Mapping
from dataclasses import replace
from fractions import Fraction

import pytest

from accelsim.architecture import Architecture, load_architecture
from accelsim.errors import InputError
from accelsim.mapping import Block, Compute, Keep, Loop, MappedLayer, Nest
from accelsim.mapping.occupancy import occupancy_of
from accelsim.mapping.residency import Residency
from accelsim.model.cost import LayerPlan, build_result
from accelsim.model.count import count_layer
from accelsim.model.result import Result
from accelsim.pipeline import simulate
from accelsim.report.changes import changes_text, cheapest_changes
from accelsim.report.explain import explain
from accelsim.report.nest_view import BlockView, KeepView, LoopView, NestView, block_view
from accelsim.search.plan import Plan, bits_of, plan_layer
from accelsim.units import energy_text
from accelsim.workload import Layer, load_template, load_workload

ATTENTION = {"B": 2, "H": 2, "M": 512, "P": 512}


def result_of(plans: list[Plan], on: Architecture, objective: str = "latency") -> Result:
    counted = [
        LayerPlan(
            count_layer(
                plan.mapped,
                plan.layer.cascade,
                on,
                bits=plan.bits,
                layer=plan.layer.name,
                repeat=plan.layer.repeat,
            ),
            plan.layer.template.name,
            plan.mapped.mapper,
            plan.mapped.tiles,
        )
        for plan in plans
    ]
    return build_result(
        counted, on, workload="test", mapper="mine", objective=objective, version="0"
    )


def plans_of(workload: str, on: Architecture, sizes: Mapping[str, int | str]) -> list[Plan]:
    return [plan_layer(layer, on, on.mapper) for layer in load_workload(workload, sizes).layers]


def product(on: Architecture, nest: Nest, **sizes: int) -> Plan:
    layer = Layer("", load_template("matmul"), {"M": 64, "N": 32, "K": 16, **sizes})
    mapped = MappedLayer("mine", (Block("product", nest),))
    return Plan(layer, mapped, bits_of(layer, on))


def test_lanes_rounds_and_energy_by_cycle_and_row() -> None:
    """1,024 by 1,024 by 1,026 on BitMoD: A goes by once for each of five parts of B."""
    on = load_architecture("bitmod")
    layer = Layer("", load_template("matmul"), {"M": 1024, "N": 1024, "K": 1026})
    plan = plan_layer(layer, on, "bitmod-rounds")
    result = result_of([plan], on)
    text = explain([plan], on, result)
    assert "\n  rounds: activations is sent what it keeps 5 times\n" in text
    assert "\n  rounds: weights is sent what it keeps once\n" in text
    spread = "Z on array: N on 32 rows, M on 32 columns, K on 4 lanes; for K in 257 x 4, last 2;"
    assert spread in " ".join(text.split())
    # A share of 1,026 of 1,028 products is work.
    assert re.search(r"\n  array +2,105,344 +100\.0% +99\.8%\n", text)
    # Its rows of energies are the result's, whole and in part.
    for component, spent in result.energy_breakdown_pj.items():
        assert re.search(rf"\n  {component} .* {energy_text(sum(spent.values()))} ", text), (
            component
        )
    cycles = energy_text(result.energy_breakdown_pj["array"]["cycle"])
    assert re.search(rf"\n    cycle +2,155,872,256 times +{cycles} +\d", text)


SMALL = Nest(
    (Loop("M", 48), Keep("GLB", (("A",), ("B",))), Loop("N", 16), Keep("RF", (("Z",),))),
    (Compute("Z", "PEs", "M", (("N", 8), ("K", 2)), ("K",)),),
)


def test_a_small_nest() -> None:
    on = load_architecture("ref3")
    plan = product(on, SMALL)
    text = explain([plan], on, result_of([plan], on))
    assert (
        text
        == """\
test on ref3, mapper mine, for latency: 128 cycles (128 ns), 287.3 nJ, EDP 3.678e-14 J s

matmul, mapped by mine: M 64, N 32, K 16

block product: 128 cycles, bound by array PEs

  DRAM gives A 64 x 16 (1 KiB), B 16 x 32 (512 B); takes Z 64 x 32 (2 KiB)
  for M in 2 x 48, last 16
    GLB keeps A 48 x 16 (768 B), B 16 x 32 (512 B)
    for N in 2 x 16
      RF in each PE keeps Z 3 x 2 (6 B)
      Z on PEs: M on 16 rows, N 8 x K 2 on the 16 columns; for M in 3 x 16, N in 2 x 8, K in 8 x 2;
          128 cycles

  time  busy cycles  of the block  PEs at work
  PEs           128        100.0%       100.0%
  DRAM           56         43.8%
  GLB            30         23.4%

  energy and traffic          read  written    energy  share
  DRAM                     1.5 KiB    2 KiB  229.4 nJ  79.8%
    A                        1 KiB      0 B  65.54 nJ  22.8%
    B                        512 B      0 B  32.77 nJ  11.4%
    Z                          0 B    2 KiB  131.1 nJ  45.6%
  GLB                        6 KiB  1.5 KiB  15.36 nJ   5.3%
    A                        4 KiB    1 KiB  10.24 nJ   3.6%
    B                        2 KiB    512 B   5.12 nJ   1.8%
  RF                        96 KiB   96 KiB  39.32 nJ  13.7%
    A                          0 B   32 KiB  6.554 nJ   2.3%
    B                          0 B   32 KiB  6.554 nJ   2.3%
    Z                       96 KiB   32 KiB  26.21 nJ   9.1%
  PEs                                        3.277 nJ   1.1%
    mac               32,768 times           3.277 nJ   1.1%"""
    )


def every_keep(nest: NestView) -> list[KeepView]:
    found = [step for step in nest.steps if isinstance(step, KeepView)]
    for part in nest.body:
        if isinstance(part, NestView):
            found += every_keep(part)
    return found


def views(plan: Plan, on: Architecture) -> list[tuple[Block, BlockView]]:
    return [
        (block, block_view(block, plan.layer.cascade, on, plan.bits))
        for block in plan.mapped.blocks
    ]


@pytest.mark.parametrize(
    ("workload", "machine", "sizes"),
    [
        ("attention/three-pass", "flat", ATTENTION),
        ("attention/three-pass", "flat-edge", {**ATTENTION, "M": 2000, "P": 300}),
        ("attention/one-pass", "fusemax", ATTENTION),
        ("attention/causal", "fusemax-cascade", {**ATTENTION, "M": 700, "P": 700}),
        ("bert-base", "unfused", {"B": 1, "P": 256}),
    ],
)
def test_tiles_lines_and_sums(workload: str, machine: str, sizes: Mapping[str, int]) -> None:
    on = load_architecture(machine)
    plans = plans_of(workload, on, sizes)
    for plan in plans:
        for block, view in views(plan, on):
            residency = Residency(plan.layer.cascade, on, replace(block, reserve_bytes={}))
            filled = occupancy_of(residency, plan.bits)
            shown: dict[str, float] = {}
            for keep in every_keep(view.nest):
                many = on.memories[keep.memory].instances if keep.each_pe else 1
                for tile in keep.tiles:
                    shown[keep.memory] = shown.get(keep.memory, 0) + tile.bytes * many
            assert shown == {name: sum(of.values()) / 8 for name, of in filled.items() if of}
    text = explain(plans, on, result_of(plans, on))
    assert max(map(len, text.splitlines())) <= 100
    for plan in plans:
        for einsum in plan.layer.cascade.einsums:
            assert f" {einsum.name} on " in text


def test_loops_run_as_often_as_steps_are_counted() -> None:
    on = load_architecture("ref3")
    plan = product(on, SMALL, M=96)
    (block, view), = views(plan, on)  # fmt: skip
    times, nest = 1, view.nest
    for step in nest.steps:
        times *= step.times if isinstance(step, LoopView) else 1
    (einsum,) = nest.einsums
    for loop in einsum.loops:
        times *= loop.times
    assert times == Residency(plan.layer.cascade, on, block).schedules["Z"].steps
    assert "N 8 x K 2" in einsum.spread


def table(text: str) -> dict[str, list[str]]:
    """Rows of the energy table by their first cell, memories' own rows only."""
    lines = text[text.index("energy and traffic") :].splitlines()[1:]
    return {line.split()[0]: line.split() for line in lines if line[:4].strip()}


def test_shares_add_up_and_traffic_is_that_of_the_result() -> None:
    on = load_architecture("ref3")
    plan = product(on, SMALL)
    result = result_of([plan], on)
    text = explain([plan], on, result)
    rows = table(text)
    assert set(rows) == {"DRAM", "GLB", "RF", "PEs"}
    assert sum(float(row[-1].rstrip("%")) for row in rows.values()) == pytest.approx(100, abs=0.3)
    counts = count_layer(plan.mapped, plan.layer.cascade, on, bits=plan.bits)
    moved = Fraction(0)
    for transfer in counts.blocks[0].einsums[0].transfers:
        if transfer.memory == "DRAM":
            moved += Fraction(transfer.read_bits + transfer.written_bits) / 8
    assert moved == result.traffic_bytes["DRAM"]
    assert rows["DRAM"][1:5] == ["1.5", "KiB", "2", "KiB"]


def test_epochs_branches_and_what_spills() -> None:
    on = load_architecture("flat", {"global_buffer.size_bytes": 300_000})
    plans = plans_of("attention/three-pass", on, ATTENTION)
    text = explain(plans, on, result_of(plans, on))
    assert "global_buffer is too small: " in text
    assert "256 KiB of global_buffer are reserved" in text
    assert text.count("+ for P in") == 3
    assert "SN from the registers of its maker" in text
    fused = load_architecture("fusemax")
    plans = plans_of("attention/one-pass", fused, ATTENTION)
    text = explain(plans, fused, result_of(plans, fused))
    assert "\n  epoch 2: RM; array_1d " in text
    assert "bound by array array_1d" in text


def test_layers_that_run_alike_are_explained_once() -> None:
    on = load_architecture("unfused")
    plans = plans_of("bert-base", on, {"B": 1, "P": 256})
    text = explain(plans, on, result_of(plans, on))
    assert text.count("runs as layer 'query' does") == 3
    assert text.count("block Z:") == 3


# --- what to change ---


def scaled(result: Result, cycles: float, energy: float) -> Result:
    table = {
        name: {action: value * energy for action, value in actions.items()}
        for name, actions in result.energy_breakdown_pj.items()
    }
    now = round(result.cycles * cycles)
    return replace(result, cycles=now, seconds=now / result.clock_hz, energy_breakdown_pj=table)


@pytest.fixture(scope="module")
def before() -> Result:
    on = load_architecture("ref3")
    return result_of([product(on, SMALL, M=8192)], on)


EFFECTS = {
    "GLB.size_bytes": (0.9, 0.5),
    "DRAM.bandwidth_bytes_per_s": (0.8, 1.0),
    "PEs.rows": (0.5, 2.5),
    "PEs.columns": (1.0, 0.9),
    "GLB.bandwidth_bytes_per_s": (0.9999, 0.9999),
}


@pytest.mark.parametrize(
    ("objective", "best"),
    [
        ("latency", ["PEs.rows", "DRAM.bandwidth_bytes_per_s", "GLB.size_bytes"]),
        ("energy", ["GLB.size_bytes", "PEs.columns"]),
        ("edp", ["GLB.size_bytes", "DRAM.bandwidth_bytes_per_s", "PEs.columns"]),
    ],
)
def test_changes_are_ranked_by_the_objective(
    objective: str, best: list[str], before: Result
) -> None:
    before = replace(before, objective=objective)

    def resimulate(settings: Mapping[str, int | float]) -> Result:
        if len(settings) > 1:
            raise InputError("tiles do not fit")
        return scaled(before, *EFFECTS.get(next(iter(settings)), (1.0, 1.0)))

    changes = cheapest_changes(load_architecture("ref3"), before, resimulate)
    assert [next(iter(c.settings)) for c in changes if c.result] == best
    assert [c.problem for c in changes if not c.result] == ["tiles do not fit"] * 2
    text = changes_text(changes, before)
    assert "PEs 32 x 8 PEs instead of 16 x 16: cannot be mapped: tiles do not fit" in text
    assert max(map(len, text.splitlines())) <= 100


def test_every_figure_is_doubled_once(before: Result) -> None:
    tried: list[dict[str, int | float]] = []

    def resimulate(settings: Mapping[str, int | float]) -> Result:
        tried.append(dict(settings))
        return before

    on = load_architecture("ref3")
    assert cheapest_changes(on, before, resimulate) == ()
    assert tried == [
        {"DRAM.bandwidth_bytes_per_s": 128e9},
        {"GLB.size_bytes": 1048576},
        {"GLB.bandwidth_bytes_per_s": 512e9},
        {"RF.size_bytes": 1024},
        {"PEs.rows": 32},
        {"PEs.columns": 32},
        {"PEs.rows": 32, "PEs.columns": 8},
        {"PEs.columns": 32, "PEs.rows": 8},
    ]
    assert "none of the figures" in changes_text((), before)


def test_where_energy_is_not_known_cycles_tell(before: Result) -> None:
    before = replace(before, energy_missing=("GLB.energy_pj",), objective="energy")

    def resimulate(settings: Mapping[str, int | float]) -> Result:
        return scaled(before, *EFFECTS.get(next(iter(settings)), (1.0, 1.0)))

    changes = cheapest_changes(load_architecture("ref3"), before, resimulate, most=1)
    assert [list(change.settings) for change in changes] == [["PEs.rows"]]
    text = changes_text(changes, before)
    assert "by cycles" in text
    assert "energy unknown" in text


def test_the_whole_pipeline_again() -> None:
    def resimulate(settings: Mapping[str, int | float]) -> Result:
        return simulate("attention/one-pass", on="fusemax", set=ATTENTION, arch=settings)

    on = load_architecture("fusemax")
    plans = plans_of("attention/one-pass", on, ATTENTION)
    result = simulate("attention/one-pass", on="fusemax", set=ATTENTION)
    text = explain(plans, on, result, resimulate=resimulate)
    last = text[text.index("cheapest changes") :].splitlines()
    assert last[0] == "cheapest changes, by cycles, mapped anew; energy of an access as before:"
    assert any(line.startswith("  array_2d.columns 256 -> 512: cycles ") for line in last)
    assert "(-" in last[1]


def test_a_rank_on_both_sides_of_an_array() -> None:
    on = load_architecture("ref3")
    compute = Compute("Z", "PEs", "M", (("M", 8), ("K", 2)))
    ((_, view),) = views(product(on, Nest((), (compute,))), on)
    (einsum,) = view.nest.einsums
    # 64 values: 16 rows leave four for the columns.
    assert einsum.spread == "M on 16 rows, M 4 x K 2 on some of 16 columns"
