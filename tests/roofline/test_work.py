"""What a layer has to do, from its cascade; what bounds it; how figures of segments add up."""

from __future__ import annotations

from pathlib import Path

import pytest

from accelsim.architecture.devices import Device
from accelsim.roofline.bound import Load, Segment, timed
from accelsim.roofline.row import Row, row_of
from accelsim.roofline.work import Operand, Product, Work, works_of
from accelsim.workload import load_template
from accelsim.workload.workload import Layer

M, K, N = 6, 10, 4
ROLES = ("weights", "activations", "kv_cache")


def layer(name: str, sizes: dict[str, int | str]) -> Layer:
    return Layer("row", load_template(name), sizes)


def test_a_product() -> None:
    (work,) = works_of(layer("matmul", {"M": M, "K": K, "N": N}))
    operands = (Operand("fp16", M * K), Operand("fp16", K * N))
    assert work.products == (Product(2 * M * K * N, operands, M * N, K),)
    assert (work.kind, work.vector_operations) == ("product", 0)
    assert work.bytes == {
        "weights": 0.0,
        "activations": 2.0 * (M * K + K * N + M * N),
        "kv_cache": 0.0,
    }


def test_a_masked_product_sums_up_fewer_on_average() -> None:
    """Of values, each position sums up those that it sees: 1 to 5, so 3 on average."""
    sizes: dict[str, int | str] = {"B": 1, "H": 1, "E": 2, "F": 3, "M": 5}
    (work,) = works_of(layer("attention/causal", sizes))
    scores, values = work.products
    assert (scores.operations, values.operations) == (2 * 15 * 2, 2 * 15 * 3)
    assert values.contracted == 3
    assert work.vector_operations == 5 * 15


@pytest.fixture
def two_steps(tmp_path: Path) -> Layer:
    path = tmp_path / "own.yaml"
    path.write_text(
        "name: own\nranks: {M: 3, N: 5}\ntensors: {A: [M, N], B: [N]}\n"
        "formats: {default: fp16, B: fp32}\n"
        "cascade:\n  - X[m,n] = A[m,n] * B[n]\n  - Y[m,n] = X[m,n] + B[n] + A[m,n]\n"
    )
    return Layer("row", load_template(str(path)), {}, repeat=7, epilogues={"Y": "shift"},
                 roles={"B": "weights"})  # fmt: skip


def test_an_epilogue_reads_what_is_new_to_it(two_steps: Layer) -> None:
    first, second = works_of(two_steps)
    assert (first.name, second.name) == ("row", "row.shift")
    assert (first.repeat, second.repeat, second.kind) == (7, 7, "shift")
    assert (first.operations, second.operations) == (15, 30)
    # A, B, and the result Y, which is stored once; the epilogue reads nothing that is not there.
    assert first.bytes == {"weights": 5 * 4.0, "activations": 2 * 15 * 2.0, "kv_cache": 0.0}
    assert set(second.bytes.values()) == {0.0}


MACHINE = Device("own", "own", None, 1e9, {"fp16": 1e12}, {}, 1e10, None, {})


def load(*, moved: float, product: float, other: float) -> Load:
    return Load({"fp16": product}, product / 1e12, other, 0.0, moved)


@pytest.mark.parametrize(
    ("found", "seconds", "faster", "bound"),
    [
        (load(moved=3e9, product=1e12, other=1e10), 3.0, 3.0, "memory"),
        (load(moved=1e9, product=8e12, other=1e10), 8.0, 4.0, "compute"),
        (load(moved=1e9, product=1e12, other=6e10), 6.0, 3.0, "vector"),
        (load(moved=5e9, product=8e12, other=1e10), 8.0, 5.0, "compute"),
    ],
)
def test_time_and_what_twice_the_peaks_would_give(
    found: Load, seconds: float, faster: float, bound: str
) -> None:
    segments = [Segment(1, found, found)]
    assert (timed(segments, MACHINE).seconds, timed(segments, MACHINE).bound) == (seconds, bound)
    assert timed(segments, MACHINE, peaks=2.0).seconds == faster


def test_steps_of_a_segment_are_each_as_long_as_their_longest_part() -> None:
    """Memory takes 1, 2, .. 5 seconds; the product takes 3 all along."""
    first = load(moved=1e9, product=3e12, other=0.0)
    last = load(moved=5e9, product=3e12, other=0.0)
    found = timed([Segment(5, first, last)], MACHINE)
    assert found.seconds * 5 == pytest.approx(3 + 3 + 3 + 4 + 5)
    # Three steps of 3 (a tie goes to memory) against 9 of memory.
    assert found.bound == "memory"
    twice = timed([Segment(5, first, last), Segment(1, first, first)], MACHINE)
    assert twice.seconds * 6 == pytest.approx(18 + 3)


def row(*pairs: tuple[int, int, int]) -> Row:
    """Segments of (steps, operations converted at the first, at the last)."""

    def work(results: int) -> Work:
        operands = (Operand("fp16", 1), Operand("int4", results))
        product = Product(2 * results, operands, results, 1)
        return Work("row", "linear", 2, (product,), 0, dict.fromkeys(ROLES, float(results)))

    return row_of([(steps, work(a), work(b)) for steps, a, b in pairs], MACHINE, "decode")


def test_figures_of_segments_are_weighed_by_their_steps() -> None:
    made = row((3, 10, 30), (1, 100, 100))
    # 10, 20, 30, and 100.
    assert made.repeat == 2 * 4
    assert made.operations == 2 * 160 / 4
    assert made.converting_operations == 160 / 4
    assert made.bytes_by_role == dict.fromkeys(ROLES, 160 / 4)
    assert made.bytes == 3 * 160 / 4
    assert made.computes_in == "fp16"
