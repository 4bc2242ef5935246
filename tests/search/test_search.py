"""The search for single Einsums, and how mappers choose between cases, rewriting and search."""

from itertools import product
from pathlib import Path

import pytest

import accelsim
from accelsim.architecture import Architecture, load_architecture
from accelsim.einsum.cascade import Cascade
from accelsim.mapping.mapping import Block, Compute, Keep, Loop, Nest
from accelsim.mapping.schema import SearchFile
from accelsim.model.cost import block_cycles, traffic_of
from accelsim.model.count import count_block
from accelsim.search.blocks import search_blocks

SMALL = {"buffer.size_bytes": 96, "array.rows": 2, "array.columns": 2}


def matmul(m: int, n: int, k: int) -> Cascade:
    return accelsim.cascade_from_text(
        "Z[m,n] = A[m,k] * B[k,n]",
        ranks={"M": m, "N": n, "K": k},
        tensors={"A": ["M", "K"], "B": ["K", "N"]},
    )


def dram_bits(block: Block, cascade: Cascade, machine: Architecture) -> float:
    counts = count_block(block, cascade, machine, bits=lambda _: 16, where="test")
    return float(traffic_of(counts.einsums)["DRAM"])


def every_tiling(cascade: Cascade) -> list[Block]:
    """All orders of the tile loops and all tile sizes, with every tensor kept below them."""
    sizes = cascade["Z"].sizes
    keep = Keep("buffer", (("A",), ("B",), ("Z",)))
    compute = (Compute("Z", "array", "M", "N"),)
    blocks = []
    for order in (("M", "N", "K"), ("K", "N", "M"), ("M", "K", "N")):
        for tiles in product(*([t for t in (1, 2, 4, 8, 16) if t <= sizes[r]] for r in order)):
            loops = tuple(Loop(rank, tile) for rank, tile in zip(order, tiles, strict=True))
            blocks.append(Block("Z", Nest((*loops, keep), compute)))
    return blocks


@pytest.mark.parametrize("shape", [(8, 8, 8), (4, 16, 8), (16, 4, 2), (8, 2, 16), (7, 5, 9)])
def test_no_tiling_of_powers_of_two_moves_less(shape: tuple[int, int, int]) -> None:
    machine, cascade = load_architecture("systolic-os", SMALL), matmul(*shape)
    (found,) = search_blocks(
        ["Z"], cascade, machine, bits=lambda _: 16, search=SearchFile(), objective="latency"
    )
    least = float("inf")
    for block in every_tiling(cascade):
        try:
            least = min(least, dram_bits(block, cascade, machine))
        except accelsim.InputError:
            continue  # does not fit
    assert dram_bits(found, cascade, machine) <= least


def test_a_large_buffer_leaves_compulsory_traffic() -> None:
    result = accelsim.simulate(
        "conv2d", on="systolic-os", arch={"buffer.size_bytes": 2**30}, set={"stride": 2}
    )
    elements = 64 * 113 * 113 + 64 * 64 * 9 + 64 * 56 * 56
    assert result.traffic_bytes["DRAM"] == 2 * elements


def test_objectives_minimise_what_they_say() -> None:
    arch = {"global_buffer.size_bytes": 2**18}
    sizes = {"M": 600, "N": 900, "K": 700}
    runs = {
        name: accelsim.simulate("matmul", on="fusemax", set=sizes, arch=arch, objective=name)
        for name in ("latency", "energy", "edp")
    }
    energy = {name: run.energy_pj or 0.0 for name, run in runs.items()}
    assert runs["latency"].cycles == min(run.cycles for run in runs.values())
    assert energy["energy"] == min(energy.values())
    products = {name: energy[name] * run.cycles for name, run in runs.items()}
    assert products["edp"] == min(products.values())


def test_energy_as_objective_needs_the_figures() -> None:
    with pytest.raises(accelsim.InputError, match=r"needs the energy .* add buffer\.energy_pj"):
        accelsim.simulate("matmul", on="systolic-os", objective="energy")


def test_weight_and_output_stationary_differ_where_they_should() -> None:
    def run(on: str) -> tuple[float, float]:
        result = accelsim.simulate("matmul", on=on, set={"M": 4096, "N": 32, "K": 32})
        return result.traffic_bytes["DRAM"], result.traffic_bytes["buffer"]

    weights, outputs = run("systolic-ws"), run("systolic-os")
    assert weights[0] == outputs[0] == 2 * (4096 * 32 * 2 + 32 * 32)
    # Weights are read once where they stay; B is read for every 32 rows where results stay.
    assert weights[1] - weights[0] < outputs[1] - outputs[0]


def test_einsums_that_step_together_share_a_block_and_are_never_unrolled_over_the_step() -> None:
    cascade = accelsim.cascade_from_text(
        """
        F[t,d]   = G[t,d] * H[t,d]
        H[t+1,d] = F[t,d] + X[t,d]   where H[0,d] = 0
        """,
        ranks={"T": 512, "D": 256},
        tensors={"G": ["T", "D"], "X": ["T", "D"]},
    )
    machine = load_architecture("fusemax")
    blocks = search_blocks(
        ["F", "H"], cascade, machine, bits=lambda _: 16, search=SearchFile(), objective="latency"
    )
    (block,) = blocks
    assert block.nest.steps == (Loop("T"),)
    paths = block.paths()
    assert [path.compute.einsum for path in paths] == ["F", "H"]
    assert all("T" not in (path.compute.rows, path.compute.columns) for path in paths)
    counts = count_block(block, cascade, machine, bits=lambda _: 16, where="test")
    assert block_cycles(counts, machine) >= 512


def test_the_second_of_two_equal_arrays_is_tried(tmp_path: Path) -> None:
    """Both take as long; only the second has cheap multiply-adds."""
    path = tmp_path / "two.yaml"
    path.write_text(
        "extends: systolic-os\n"
        "name: two\n"
        "mapper: auto\n"
        "components:\n"
        "  buffer: {access_bits: 16, energy_pj: {read: 1, write: 1}}\n"
        "  second:\n"
        "    kind: array\n"
        "    parent: buffer\n"
        "    rows: 32\n"
        "    columns: 32\n"
        "    operations: {multiply-add: {actions: {mac: 1}}}\n"
        "    energy_pj: {mac: 0.5}\n"
    )
    result = accelsim.simulate("matmul", on=str(path), objective="energy")
    assert [einsum.unit for einsum in result.einsums] == ["second"]


def test_rewriting_keeps_no_defaults_of_the_cascade_that_it_replaces() -> None:
    arch = {"array_2d.rows": 128}
    one = accelsim.simulate("attention/one-pass", on="fusemax", arch=arch)
    for cascade in ("attention/two-pass", "attention/three-pass", "attention/two-pass-deferred"):
        assert accelsim.simulate(cascade, on="fusemax", arch=arch).cycles == one.cycles


def test_unknown_ranks_of_a_search_are_reported(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nsearch: {rows: [MM], columns: [output]}\n")
    with pytest.raises(accelsim.InputError, match=r"'MM' is unknown; did you mean 'M'"):
        accelsim.simulate("matmul", on="fusemax", mapper=str(path))


def case(text: str) -> str:
    return (
        "name: mine\ncases:\n  - tiles: {T: {largest_divisor_of: M, fits: buffer}}\n"
        f"    blocks: [{{name: b, nest: [{{for: {{M: T}}}}, {{keep: {{buffer: [A]}}}}, {text}]}}]\n"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (case("{einsum: Z, on: arry}"), "array 'arry' is unknown; did you mean 'array'?"),
        (case("{einsum: Z, on: array, rows: Q}"), "rank 'Q' is unknown"),
        (case("{einsum: Z, on: array}").replace("fits: buffer", "fits: bufer"), "'bufer' is unk"),
        (case("{einsum: Z, on: array}").replace("[A]", "[AA]"), "tensor 'AA' is unknown"),
        (case("{einsum: Z, on: array}").replace("- tiles", "- when: M < 3\n    tiles"), "M < 3"),
    ],
)
def test_wrong_cases_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    with pytest.raises(accelsim.InputError) as error:
        accelsim.simulate("matmul", on="systolic-os", mapper=str(path))
    assert message in str(error.value)


def test_mappers_that_lead_to_each_other_are_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.yaml").write_text("name: a\nfallback: b.yaml\n")
    Path("b.yaml").write_text("name: b\nfallback: a.yaml\n")
    with pytest.raises(accelsim.InputError, match=r"lead in a circle: 'matmul' by 'a\.yaml' -> "):
        accelsim.simulate("matmul", on="fusemax", mapper="a.yaml")


def test_a_tile_written_below_a_fitted_one_follows_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\n"
        "cases:\n"
        "  - tiles:\n"
        "      T: {largest_divisor_of: M / 2, fits: buffer}\n"
        "      U: 2 * T\n"
        "    blocks:\n"
        "      - name: b\n"
        "        nest:\n"
        "          - for: {M: U}\n"
        "          - keep: {buffer: [A]}\n"
        "          - {einsum: Z, on: array, rows: M, columns: N}\n"
    )
    sizes = {"M": 1024, "N": 64, "K": 512}
    result = accelsim.simulate("matmul", on="systolic-os", mapper=str(path), set=sizes)
    # 512 rows of 512 words fill the buffer: U = 512 is the largest that fits, so T = 256.
    assert result.layers[0].tiles == {"T": 256, "U": 512}
    assert result.occupancy_bytes["buffer"] == 512 * 512 * 2
