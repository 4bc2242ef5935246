"""A tally gives what the model gives, with any figures of the machine."""

import random
from math import ceil

import pytest

from accelsim.architecture import load_architecture
from accelsim.architecture.figures import is_figure
from accelsim.model.tally import Tally, tally_of
from accelsim.pipeline import map_workload

ATTENTION = {"B": 1, "H": 2, "M": 512, "P": 300}
MATMUL = {"M": 100, "N": 60, "K": 70}
CASES = [
    ("attention/one-pass", "fusemax", ATTENTION),
    ("attention/three-pass", "flat", ATTENTION),
    ("attention/three-pass", "unfused", ATTENTION),
    ("attention/one-pass", "tpu-v3-core", ATTENTION),
    ("matmul-int8", "bitmod", MATMUL),
    ("matmul", "systolic-axi-ws", MATMUL),
    ("conv2d", "fusemax", {}),
    ("embedding", "bitmod-ant", {}),
]


def changes(on: str, rng: random.Random) -> dict[str, float]:
    """Some figures of a machine, changed by up to a thousand times."""
    machine = load_architecture(on)
    found = {"clock_hz": machine.clock_hz}
    for name, memory in machine.memories.items():
        found[f"{name}.bandwidth_bytes_per_s"] = float(memory.bandwidth_bytes_per_s or 0)
        found[f"{name}.energy_pj.read"] = memory.read_energy_pj or 0.0
        found[f"{name}.energy_pj.write"] = memory.write_energy_pj or 0.0
        found[f"{name}.energy_pj.tile"] = memory.tile_energy_pj or 0.0
    for name, array in machine.arrays.items():
        found[f"{name}.cycle_energy_pj"] = 0.01
        found |= {f"{name}.energy_pj.{unit}": each for unit, each in array.energy_pj.items()}
    changed = {path: value * 10 ** rng.uniform(-3, 1) for path, value in found.items()}
    return {k: v for k, v in changed.items() if is_figure(machine, k, v) and rng.random() < 0.7}


@pytest.mark.parametrize(("workload", "on", "sizes"), CASES)
def test_tally_is_the_model(workload: str, on: str, sizes: dict[str, int]) -> None:
    rng = random.Random(on)
    first = tally_of(map_workload(workload, on=on, set=sizes).counts)
    for _ in range(3):
        figures = changes(on, rng)
        mapped = map_workload(workload, on=on, set=sizes, arch=figures)
        # Where figures had no say in the mapping, those of another machine give the same tally.
        tally = tally_of(mapped.counts) if mapped.plans.weighed else first
        machine, result = mapped.architecture, mapped.result
        cycles = tally.cycles(machine)
        assert ceil(cycles) == result.cycles
        energy_pj = tally.energy_pj(machine)
        assert (energy_pj is None) == (result.energy_pj is None)
        assert (energy_pj or 0) == pytest.approx(result.energy_pj or 0, rel=1e-12)
        assert tally.utilization(machine, cycles) == pytest.approx(result.utilization, rel=1e-12)


def test_repeats_are_counted() -> None:
    """All layers of a network, each as often as it comes."""
    mapped = map_workload("resnet-50", on="fusemax")
    tally = tally_of(mapped.counts)
    assert max(layer.repeat for layer in mapped.counts) > 1
    assert ceil(tally.cycles(mapped.architecture)) == mapped.result.cycles
    assert tally.energy_pj(mapped.architecture) == pytest.approx(mapped.result.energy_pj, rel=1e-12)


def test_energy_is_unknown_where_a_figure_is() -> None:
    mapped = map_workload("matmul", on="systolic-os", set=MATMUL)
    assert tally_of(mapped.counts).energy_pj(mapped.architecture) is None
    assert mapped.result.energy_pj is None


def test_nothing() -> None:
    tally = tally_of(())
    machine = load_architecture("ref3")
    assert tally == Tally((), (), {}, {}, {})
    assert (tally.cycles(machine), tally.energy_pj(machine)) == (0, 0.0)
