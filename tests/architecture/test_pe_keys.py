"""What a file says of lanes, of operations bit by bit, and of energies by cycle and tile."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from accelsim.architecture import Architecture, load_architecture
from accelsim.errors import InputError

Load = Callable[..., Architecture]

FILE = """\
name: mine
clock_hz: 1.0e+9
word_bits: 16
components:
  DRAM: {{kind: memory}}
  buffer: {{kind: memory, parent: DRAM, access_bits: 64, energy_pj: {{read: 1, write: 2{tile}}}}}
  array:
    kind: array
    parent: buffer
    rows: 4
    columns: 8
    {array}
    operations:
      multiply-add: {{actions: {{mac: 1}}{operation}}}
"""


@pytest.fixture
def load(tmp_path: Path) -> Load:
    def build(array: str = "", operation: str = "", tile: str = "", more: str = "") -> Architecture:
        path = tmp_path / "mine.yaml"
        path.write_text(FILE.format(array=array, operation=operation, tile=tile) + more)
        return load_architecture(str(path))

    return build


def test_without_the_keys(load: Load) -> None:
    found = load()
    array = found.arrays["array"]
    assert (array.lanes, array.cycle_energy_pj, array.points_at_once) == (1, 0.0, 32)
    assert array.operations["multiply-add"].serial_bits is None
    assert found.memories["buffer"].tile_energy_pj is None


def test_with_them(load: Load) -> None:
    found = load("lanes: array.rows / 2\n    cycle_energy_pj: 0.5", ", serial_bits: 2", ", tile: 9")
    array = found.arrays["array"]
    assert (array.lanes, array.cycle_energy_pj, array.points_at_once) == (2, 0.5, 64)
    assert array.operations["multiply-add"].serial_bits == 2
    assert found.memories["buffer"].tile_energy_pj == 9
    assert found.sizes["array.lanes"] == 2


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"array": "lanes: 0"}, "array.lanes is 0, must be at least 1"),
        ({"array": "lanes: 1.5"}, "lanes"),
        ({"array": "lane: 4"}, "did you mean 'lanes'?"),
        ({"array": "cycle_energy_pj: -1"}, "cycle_energy_pj is -1, must be"),
        ({"operation": ", serial_bits: 0"}, "serial_bits is 0, must be"),
        (
            {"operation": ", cycles: 1, serial_bits: 2"},
            "must have cycles or serial_bits, not both; remove one",
        ),
        ({"tile": ", tile: -2"}, "tile is -2, must be"),
    ],
)
def test_what_is_refused(load: Load, keys: dict[str, str], message: str) -> None:
    with pytest.raises(InputError) as caught:
        load(**keys)
    assert message in str(caught.value)
    assert "mine.yaml:" in str(caught.value)


REGISTERS = """\
  registers:
    kind: memory
    parent: array
    access_bits: 16
    energy_pj: {{read: 1, write: 1{}}}
"""


def test_registers_have_neither_lanes_nor_rows_for_all(load: Load) -> None:
    plain = REGISTERS.format("")
    assert load(more=plain).registers("array")
    with pytest.raises(InputError) as caught:
        load("lanes: 2", more=plain)
    assert str(caught.value).endswith(
        "mine.yaml:17:13: architecture: memory 'registers': registers of PEs with 2 lanes are not "
        "modelled; remove them, or the lanes of 'array'"
    )
    with pytest.raises(InputError, match="tile is for memories outside of the arrays; remove it"):
        load(more=REGISTERS.format(", tile: 3"))


def test_one_figure_of_a_run() -> None:
    found = load_architecture("bitmod", {"array.lanes": 8, "array.cycle_energy_pj": 2})
    assert found.arrays["array"].lanes == 8
    assert found.arrays["array"].cycle_energy_pj == 2
    assert found.sources["array.lanes"] == "set by the user (array.lanes=8)"


def test_the_four_machines_and_their_shapes() -> None:
    """PEs and lanes as the paper and its artifact have them; in both shapes."""
    shapes = {
        "bitmod-fp16": (32, 24, 1, 64, 12),
        "bitmod-ant": (32, 32, 1, 64, 16),
        "bitmod-olive": (36, 32, 1, 72, 16),
        "bitmod": (32, 32, 4, 64, 16),
    }
    # Energy of a PE a cycle, times 1.5 for place and route.
    picojoules = {"bitmod-fp16": 0.77, "bitmod-ant": 0.56, "bitmod-olive": 0.613, "bitmod": 0.56}
    for name, (rows, columns, lanes, decode_rows, decode_columns) in shapes.items():
        for suffix, shape in (("", (rows, columns)), ("-decode", (decode_rows, decode_columns))):
            machine = load_architecture(name + suffix)
            array = machine.arrays["array"]
            assert (array.rows, array.columns) == shape
            assert array.lanes == lanes
            assert array.cycle_energy_pj == pytest.approx(1.5 * picojoules[name])
            assert machine.mapper == "bitmod"
            assert machine.memories["DRAM"].bytes_per_cycle == 32
            assert machine.memories["DRAM"].read_energy_pj == 8 * 150
            for buffer in ("weights", "activations"):
                assert machine.memories[buffer].size_bytes == 512 * 1024
                assert machine.memories[buffer].tile_energy_pj
