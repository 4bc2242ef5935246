"""Figures exchanged in a machine that is built: as if its file had been loaded with them."""

import random
from dataclasses import replace
from typing import Any

import pytest

from accelsim.architecture import Architecture, load_architecture
from accelsim.architecture.figures import is_figure, with_figures

MACHINES = ["fusemax", "flat", "unfused", "bitmod", "ref3", "systolic-os", "systolic-axi-os"]


def figures_of(machine: Architecture) -> list[str]:
    """Every path that is a figure of a machine."""
    memories = ("bandwidth_bytes_per_s", "energy_pj.read", "energy_pj.write", "energy_pj.tile")
    paths = [f"{name}.{field}" for name in machine.memories for field in (*memories, "area_um2")]
    for name, array in machine.arrays.items():
        paths.append(f"{name}.cycle_energy_pj")
        paths += [f"{name}.energy_pj.{unit}" for unit in array.energy_pj]
        paths += [f"{name}.area_um2.{unit}" for unit in array.area_um2]
    return [path for path in ("clock_hz", *paths) if is_figure(machine, path, 7.5)]


def without_sources(machine: Architecture) -> Any:
    return replace(machine, sources={})


@pytest.mark.parametrize("name", MACHINES)
def test_exchanged_as_loaded(name: str) -> None:
    plain = load_architecture(name)
    rng = random.Random(name)
    paths = figures_of(plain)
    assert paths
    for _ in range(3):
        some = rng.sample(paths, k=min(len(paths), 1 + rng.randrange(5)))
        figures = {path: rng.choice([rng.uniform(1, 1e12), float(10**9), 3.0]) for path in some}
        loaded = load_architecture(name, figures)
        assert without_sources(with_figures(plain, figures)) == without_sources(loaded)
        assert without_sources(loaded) != without_sources(plain)


def test_what_each_machine_has() -> None:
    assert set(figures_of(load_architecture("ref3"))) >= {
        "clock_hz",
        "DRAM.bandwidth_bytes_per_s",
        "GLB.energy_pj.read",
        "PEs.energy_pj.mac",
        "PEs.cycle_energy_pj",
    }


@pytest.mark.parametrize(
    ("name", "path", "value"),
    [
        ("ref3", "PEs.rows", 8),  # The structure.
        ("ref3", "GLB.size_bytes", 8),
        ("ref3", "word_bits", 8),
        ("ref3", "mapper", "optimal"),
        ("ref3", "GLB.access_bits", 8),
        ("ref3", "GLB.area_um2", 8.0),  # It has no such figure to exchange.
        ("ref3", "GLB.energy_pj.tile", 1.0),
        ("ref3", "PEs.energy_pj.divide", 1.0),
        ("ref3", "GLB.energy_pj", 1.0),
        ("ref3", "Nothing.energy_pj.read", 1.0),
        ("ref3", "DRAM.bandwidth_bytes_per_s", 0),  # No file may say so.
        ("ref3", "DRAM.bandwidth_bytes_per_s", float("inf")),
        ("ref3", "DRAM.bandwidth_bytes_per_s", float("nan")),
        ("ref3", "DRAM.bandwidth_bytes_per_s", 1e25),
        ("ref3", "DRAM.bandwidth_bytes_per_s", "1e9"),
        ("ref3", "GLB.energy_pj.read", -1.0),
        ("ref3", "GLB.energy_pj.read", True),
        ("ref3", "clock_hz", 0),
        ("ref3", "clock_hz", 10**400),
        ("ref3", "", 1.0),
        ("ref3", ".", 1.0),
        ("ref3", "GLB.", 1.0),
        ("systolic-axi-os", "clock_hz", 1e9),  # Its bandwidths follow the clock.
    ],
)
def test_left_to_the_loader(name: str, path: str, value: object) -> None:
    assert not is_figure(load_architecture(name), path, value)
