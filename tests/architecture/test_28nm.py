"""Machines at 28 nm: the same work, DRAM, memory and cost of an FP16 product on all of them."""

import pytest

from accelsim.architecture import Architecture, load_architecture
from accelsim.library import ARCHITECTURES, shipped
from accelsim.model.result import Result
from accelsim.pipeline import simulate

NAMES = tuple(name for name in shipped(ARCHITECTURES) if name.startswith("28nm/"))
FORMATS = {
    "fp16": ("fp16", "fp16", "fp16"),
    "int8": ("int8-sym-g128", "int8", "int8"),
    "ant": ("ant4", "fp16", "fp16"),
    "olive": ("olive4", "fp16", "fp16"),
    "bitmod": ("bitmod-fp4-g128", "int8", "fp16"),
    "bitmod-fusemax": ("bitmod-fp4-g128", "int8", "fp16"),
    "fusemax": ("fp16", "fp16", "fp16"),
    "flat": ("fp16", "fp16", "fp16"),
}
"""Machine -> weights, keys and values, activations."""
SRAM_UM2 = 2 * 1570672
BERT = {"B": 1, "H": 12, "E": 64, "F": 64, "M": 16384, "P": 16384}


def run(machine: str, stage: str = "prefill", fidelity: str = "analytic", **more: str) -> Result:
    weights, cache, activations = FORMATS[machine.removesuffix("-decode")]
    settings = {
        "stage": stage,
        "parts": "products",
        "attention": "fused",
        "weights": weights,
        "embeddings": weights,
        "kv_cache": cache,
        "activations": activations,
    }
    mapper = more.pop("mapper", None)
    on, given = f"28nm/{machine}", settings | more
    return simulate("llama-2-7b", on=on, set=given, mapper=mapper, fidelity=fidelity)


@pytest.mark.parametrize("name", NAMES)
def test_memories_are_the_same_everywhere(name: str) -> None:
    machine = load_architecture(name)
    assert machine.clock_hz == 1e9
    dram = machine.memories["DRAM"]
    assert (dram.bytes_per_cycle, dram.read_energy_pj, dram.write_energy_pj) == (32, 1200, 1200)
    buffers = [
        memory
        for memory in machine.memories.values()
        if memory.parent is not None and memory.parent not in machine.arrays
    ]
    assert sum(memory.size_bytes or 0 for memory in buffers) == 2**20
    assert sum(memory.area_um2 or 0 for memory in buffers) == SRAM_UM2
    assert {(m.access_bits, m.read_energy_pj, m.write_energy_pj) for m in buffers} == {
        (1024, 138.4416, 156.0904)
    }


def pe_of(machine: Architecture, array: str) -> float:
    registers = sum(m.area_um2 or 0 for m in machine.memories.values() if m.parent == array)
    return sum(machine.arrays[array].area_um2.values()) + registers


def test_pes_cost_what_the_page_says() -> None:
    costs = {
        "fp16": ("array", 1968.7),
        "int8": ("array", 274.96),
        "ant": ("array", 1318.6),
        "bitmod": ("array", 1507.7),
        "fusemax": ("array_2d", 2897.97),
        "flat": ("array_2d", 1968.7),
    }
    for name, (array, area) in costs.items():
        assert pe_of(load_architecture(f"28nm/{name}"), array) == pytest.approx(area)
    lane = pe_of(load_architecture("28nm/fp16"), "vector")
    assert lane == pytest.approx(pe_of(load_architecture("28nm/flat"), "array_1d")) == 14149.16


def test_figures_of_the_table_are_those_at_45_nm_scaled() -> None:
    def energy(v: float, a: float, b: float, c: float) -> float:
        return a * v * v + b * v + c

    old = energy(1.0, 1.103, -0.362, 0.2767)
    at_32, at_20 = energy(0.9, 0.9559, -0.7823, 0.471), energy(0.9, 0.373, -0.1582, 0.04104)
    energy_factor = (at_20 + (28 - 20) / (32 - 20) * (at_32 - at_20)) / old
    area_factor = 0.21 + (28 - 20) / (32 - 20) * (0.46 - 0.21)
    for base, scaled in (("fusemax", "28nm/fusemax-table"), ("flat", "28nm/flat-table")):
        then, now = load_architecture(base), load_architecture(scaled)
        for array in ("array_2d", "array_1d"):
            for unit, picojoules in then.arrays[array].energy_pj.items():
                found = now.arrays[array].energy_pj[unit]
                assert found == pytest.approx(picojoules * energy_factor, rel=1e-3, abs=5e-5)
            for unit, area in then.arrays[array].area_um2.items():
                found = now.arrays[array].area_um2[unit]
                assert found == pytest.approx(area * area_factor, rel=5e-4)
        for name in ("registers_2d", "registers_1d"):
            before, after = then.memories[name], now.memories[name]
            assert before.area_um2 is not None
            assert after.area_um2 == pytest.approx(before.area_um2 * area_factor, rel=1e-4)
            assert before.read_energy_pj is not None
            expected = pytest.approx(before.read_energy_pj * energy_factor, rel=1e-3)
            assert after.read_energy_pj == expected


def test_an_fp16_product_takes_the_same_energy_on_a_dense_array_and_on_flat() -> None:
    dense, flat = load_architecture("28nm/fp16"), load_architecture("28nm/flat")
    registers = flat.memories["registers_2d"]
    assert registers.read_energy_pj is not None
    assert registers.write_energy_pj is not None
    product = flat.arrays["array_2d"].energy_pj["mac"]
    product += registers.read_energy_pj + registers.write_energy_pj
    assert product == pytest.approx(dense.arrays["array"].cycle_energy_pj)


def test_prompts_keep_every_array_busy() -> None:
    """The array for products at full rate, but where the softmax has its turn."""
    expected = {"fp16": 0.9, "bitmod": 0.85, "flat": 0.95}
    for machine, least in expected.items():
        result = run(machine)
        array = "array_2d" if machine == "flat" else "array"
        assert least < result.utilization[array] <= 1
        assert result.energy_pj is not None


def test_all_machines_do_the_same_products() -> None:
    for machine in ("int8", "olive", "bitmod-fusemax", "flat"):
        result = run(machine, context="32")
        done = {each.name: each.operations for each in result.einsums}
        assert {"q_proj.Z", "lm_head.Z", "fused_attention.AV"} <= set(done)
        assert done["down_proj.Z"] == 32 * 32 * 4096 * 11008


@pytest.mark.parametrize(
    ("weights", "terms"),
    [
        ("bitmod-fp3-g128", 2),
        ("bitmod-fp4-g128", 2),
        ("int6-sym-g128", 3),
        ("int8-sym-g128", 4),
    ],
)
def test_cycles_follow_the_weights(weights: str, terms: int) -> None:
    result = run("bitmod", weights=weights, embeddings=weights, context="512")
    (cycles,) = (each.cycles for each in result.einsums if each.name == "gate_proj.Z")
    assert cycles == 32 * terms * (512 // 32) * -(-11008 // 32) * (4096 // 4)


def test_tokens_wait_for_the_dram_only() -> None:
    """Weights once, and keys and values: no machine takes a tenth more."""
    for machine in ("int8", "bitmod-fusemax-decode", "fusemax"):
        result = run(machine, "decode")
        assert result.cycles < 1.1 * result.traffic_bytes["DRAM"] / 32
        assert result.traffic_bytes["DRAM"] < 1.05 * result.compulsory_bytes


def test_long_attention_keeps_fusemax_busy_and_no_scores_leave_it() -> None:
    for machine in ("fusemax", "bitmod-fusemax"):
        result = simulate("attention/three-pass", on=f"28nm/{machine}", set=BERT)
        assert result.utilization["array_2d"] > 0.99
        assert result.traffic_bytes["DRAM"] < 2e9
    scores_bytes = 2 * 12 * 16384 * 16384
    for machine in ("fp16", "bitmod", "flat"):
        result = simulate("attention/three-pass", on=f"28nm/{machine}", set=BERT)
        assert 4 * scores_bytes <= result.traffic_bytes["DRAM"] < 4.4 * scores_bytes


@pytest.mark.parametrize("machine", ["fp16", "fusemax", "flat"])
def test_any_shape_runs_and_its_area_follows(machine: str) -> None:
    on, array = f"28nm/{machine}", "array" if machine == "fp16" else "array_2d"
    pe = pe_of(load_architecture(on), array)
    for rows, columns in ((8, 512), (512, 8), (19, 20)):
        arch = {f"{array}.rows": rows, f"{array}.columns": columns}
        result = simulate("matmul", on=on, arch=arch)
        steps = -(-1024 // rows) * -(-1024 // columns) * 1024
        assert result.cycles >= steps
        heads = {"B": 1, "H": 2, "M": 300, "P": 300}
        assert simulate("attention/causal", on=on, arch=arch, set=heads).energy_pj
        one = simulate("matmul", on=on, arch={**arch, f"{array}.rows": 1}, set={"M": 8, "N": 8})
        assert result.area_um2 is not None
        assert one.area_um2 is not None
        assert result.area_um2 - one.area_um2 == pytest.approx((rows - 1) * columns * pe)


@pytest.mark.slow
@pytest.mark.parametrize("machine", [*FORMATS, "bitmod-fusemax-decode"])
def test_time_with_waits_is_near_the_models(machine: str) -> None:
    stage = "decode" if machine.endswith("decode") else "prefill"
    mapper = {"mapper": "28nm/weight-stationary"} if machine in ("ant", "olive") else {}
    plain, timed = (run(machine, stage, kind, **mapper) for kind in ("analytic", "event"))
    assert plain.cycles <= timed.cycles < 1.1 * plain.cycles
