"""Products on an accelerator behind ``ProductShell``: registers, streams, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from accelsim.accelerators.product import TiledProduct
    from accelsim.gateware.compiled import Run

__all__ = ["STREAMS", "ShellJob", "measured_cycles", "result_beats", "run_product", "run_shell"]

STREAMS = ("s_axis_activations", "s_axis_weights", "m_axis_results")


@dataclass(frozen=True)
class ShellJob:
    """One product, as a host sends it."""

    units: tuple[int, int, int]
    """Of ranks M, N and K: what the registers take."""
    activations: NDArray[np.uint8]
    """A row of bytes for each beat."""
    weights: NDArray[np.uint8]
    result_beats: int


def run_shell(
    runner: Any,
    job: ShellJob,
    *,
    stalls: Mapping[str, NDArray[np.uint8]],
    most_cycles: int,
    waves: Path | None = None,
) -> Run:
    """Write the registers, stream operands in and results out.

    Args:
        runner: of the accelerator.
        job: what is computed.
        stalls: stream -> 1 in the cycles in which it is held up.
        most_cycles: after which it is given up.
        waves: a VCD file.
    """
    import numpy as np

    from accelsim.gateware.shell import REGISTERS

    offsets = {register.name: register.offset for register in REGISTERS}
    m, n, k = job.units
    writes = [("m", m), ("n", n), ("k", k), ("control", 1)]
    found: Run = runner.run(
        {
            "s_axi_aw": np.array([[offsets[name], 0] for name, _ in writes], np.uint32),
            "s_axi_w": np.array([[value, 0xF] for _, value in writes], np.uint32),
            "s_axis_activations": _beats(job.activations),
            "s_axis_weights": _beats(job.weights),
        },
        {"s_axi_b": len(writes), "m_axis_results": job.result_beats},
        stalls=stalls,
        most_cycles=most_cycles,
        extra_cycles=64,
        waves=waves,
    )
    return found


def run_product(
    runner: Any,
    product: TiledProduct,
    operands: tuple[NDArray[np.uint8], NDArray[np.uint8]],
    *,
    stalls: Mapping[str, NDArray[np.uint8]],
    expected: int,
    waves: Path | None = None,
) -> Run:
    """The same of a product.

    Args:
        runner: of the accelerator.
        product: its sizes.
        operands: beats of activations and of weights.
        stalls: stream -> 1 in the cycles in which it is held up.
        expected: cycles; after many more it is given up.
        waves: a VCD file.
    """
    job = ShellJob(product.units, *operands, product.result_beats)
    return run_shell(runner, job, stalls=stalls, most_cycles=1000 + 16 * expected, waves=waves)


def result_beats(run: Run, beats: int, stream_bytes: int) -> tuple[NDArray[np.uint8] | None, str]:
    """The beats of a run's results, or what is wrong with them.

    Args:
        run: what was seen.
        beats: how many there must be.
        stream_bytes: width of the stream.
    """
    import numpy as np

    if run.passed["m_axis_results"] != beats:
        return None, f"{run.passed['m_axis_results']} beats of results, must be {beats}"
    if broken := sum(run.broken.values()):
        problem = f"results changed or were withdrawn in {broken} cycles in which nobody took them"
        return None, problem
    words = run.outputs["m_axis_results"]
    last = words[:, -1]
    if last[:-1].any() or not last[-1]:
        return None, "tlast is not with the last beat alone"
    raw = np.ascontiguousarray(words[:, :-1].astype("<u4")).view(np.uint8)
    return np.ascontiguousarray(raw[:, :stream_bytes]), ""


def measured_cycles(run: Run) -> int:
    """From the first operand to the last result."""
    first = min(int(run.stamps[stream][0]) for stream in STREAMS[:2])
    return int(run.stamps["m_axis_results"][-1]) - first + 1


def _beats(beats: NDArray[np.uint8]) -> NDArray[np.uint32]:
    """Words of ``tdata``, and one of ``tlast``."""
    import numpy as np

    padded = np.pad(beats, ((0, 0), (0, -beats.shape[1] % 4)))
    data = np.ascontiguousarray(padded).view("<u4")
    return np.concatenate([data, np.zeros((len(data), 1), np.uint32)], axis=1)
