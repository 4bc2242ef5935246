"""A reset in the midst of a tile leaves nothing behind, though DSP blocks keep what they hold."""

from pathlib import Path

import numpy as np
import pytest

from accelsim.gateware.arrays.cell import DenseArithmetic
from accelsim.gateware.arrays.output_stationary import OutputStationaryArray
from accelsim.gateware.arrays.weight_stationary import WeightStationaryArray
from accelsim.gateware.compiled import compile_component

SIZE = 3


def _words(values: np.ndarray, lasts: list[int] | None) -> np.ndarray:
    """Bytes, and the mark of the last one above them, as words of a payload of up to 32 bits."""
    low = values.astype(np.int8).view(np.uint8).astype(np.uint32)
    words = low @ (1 << 8 * np.arange(SIZE, dtype=np.uint32))
    return np.asarray(words + (np.asarray(lasts or 0, np.uint32) << 8 * SIZE), np.uint32)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:.*feedback wires")
@pytest.mark.parametrize("array", [WeightStationaryArray, OutputStationaryArray])
def test_first_tile_behind_a_reset(array: type, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for cycles in range(1, 14):
        compiled = compile_component(array(SIZE, SIZE, DenseArithmetic()), cache=tmp_path)
        many = random.integers(-128, 128, (2, 40, SIZE))
        streams = {"weights": _words(many[0], None), "activations": _words(many[1], [0] * 40)}
        compiled.run(streams, {"results": 1}, most_cycles=cycles)
        compiled.set("rst", 1)
        compiled.run({}, {}, extra_cycles=2)
        compiled.set("rst", 0)

        weights, activations = random.integers(-128, 128, (2, SIZE, SIZE))
        streams = {
            "weights": _words(weights, None),
            "activations": _words(activations, [0] * (SIZE - 1) + [1]),
        }
        run = compiled.run(streams, {"results": SIZE}, extra_cycles=20)
        found = run.outputs["results"][:, :SIZE].view(np.int32)
        left = activations if array is WeightStationaryArray else activations.T
        np.testing.assert_array_equal(found, left @ weights)
        assert run.passed["results"] == SIZE
