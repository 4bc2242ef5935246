"""The same engine at sizes that no paper reports; expected values are derived here by hand."""

import math
from typing import Any

import pytest

import accelsim
from accelsim.model.result import Result

CLOCK_HZ = 940e6
DRAM_BYTES_PER_S = 400 * 2**30

# 3 batches of 2 heads; E differs from F; neither length is a multiple of a tile.
B, H, E, F, M, P = 3, 2, 96, 80, 1000, 700
SIZES = {"B": B, "H": H, "E": E, "F": F, "M": M, "P": P}
WORD = 2


def run(workload: str, on: str, **more: Any) -> Result:
    return accelsim.simulate(workload, on=on, set=SIZES, **more)


def small_array(**more: int) -> dict[str, int]:
    return {"array_2d.rows": 128, "array_2d.columns": 128, **more}


def test_fusemax_on_a_128x128_array() -> None:
    tiles_m, tiles_p = 8, 6  # of 128: 1000 -> 8, 700 -> 6
    tiles = tiles_m * tiles_p
    first = max(tiles * (E + 1), tiles * (1 + F) + tiles_p * F)  # BQK, LM | RD, RNV, AV
    second = tiles * 1  # RM
    third = tiles * 8  # SLN (7), SLD (1) | PRM (7), SPD (1)
    fourth = tiles * F  # SLNV | SPNV
    result = run("attention/one-pass", "fusemax", arch=small_array())
    assert result.cycles == B * H * (first + second + third + fourth) == 53568
    # Everything fits, so every tensor crosses once, real elements only.
    assert result.traffic_bytes["DRAM"] == WORD * B * H * (E + F) * (M + P)
    work = B * H * M * P * (E + 1 + 7 + 1 + F)
    assert result.utilization["array_2d"] == pytest.approx(work / (128 * 128 * 53568))


def test_fusemax_is_faster_to_compute_than_to_feed_when_the_buffer_is_tiny() -> None:
    """Two tiles of P fit, so K and V cross three times; with one byte less, six times."""
    fits = WORD * 128 * (E + F) + WORD * 2 * 128 * (E + F + 2)
    for size_bytes, times in ((fits, 3), (fits - 1, 6)):
        arch = small_array(**{"global_buffer.size_bytes": size_bytes})
        result = run("attention/one-pass", "fusemax", arch=arch)
        assert result.traffic_bytes["DRAM"] == WORD * B * H * (E + F) * (P + times * M)


def test_fusemax_does_not_fit_below_one_tile_of_p() -> None:
    fits = WORD * 128 * (E + F) + WORD * 128 * (E + F + 2)
    run("attention/one-pass", "fusemax", arch=small_array(**{"global_buffer.size_bytes": fits}))
    arch = small_array(**{"global_buffer.size_bytes": fits - 1})
    message = r"need 90,624 bytes .*, global_buffer holds 90,623"
    with pytest.raises(accelsim.InputError, match=message):
        run("attention/one-pass", "fusemax", arch=arch)


def test_serial_fusemax_waits_for_the_row_of_maxima() -> None:
    tiles_m, tiles_p = 4, 3  # of 256
    tiles = tiles_m * tiles_p
    first = max(tiles * (E + 1), tiles * 1 + tiles_p * F)  # BQK, LM | RD, AV
    link = tiles * 256
    last = max(tiles * F, tiles * 2 * F)  # SLNV | SPNV, RNV
    result = run("attention/one-pass", "fusemax", mapper="fusemax-serial")
    assert result.cycles == B * H * (first + link + tiles + tiles * 8 + last)


def test_cascade_on_flat_runs_partial_loops_at_their_own_length() -> None:
    tiles_m, tiles_p = 4, 3
    per_point = M * (1 + 2 + 1)  # LM, SLN (difference and exponential), SLD: one by one over M
    per_tile = 1 + 2 + 1 + F + 1 + F  # RM, PRM, SPD, SPNV, RD, RNV
    array_1d = tiles_p * per_point + tiles_p * tiles_m * per_tile + tiles_p * F  # AV
    result = run("attention/one-pass", "fusemax-cascade")
    assert result.cycles == B * H * array_1d
    array_2d = tiles_p * tiles_m * (E + F)
    assert sum(e.cycles for e in result.einsums if e.unit == "array_2d") == B * H * array_2d


def test_flat_overlaps_products_and_softmax() -> None:
    tiles_m, tiles_p = 4, 3
    softmax = 4 * P * tiles_m  # max, difference-exponential, sum, divide: one row after the other
    products = tiles_m * tiles_p * E + tiles_p * M  # AV: F = 80 fits into 256 rows at once
    result = run("attention/three-pass", "flat")
    assert result.cycles == B * H * max(softmax, products)
    # Q and K stream past the array for every tile of the other; V for every tile of P.
    elements = E * P * tiles_m + E * M * tiles_p + F * M * tiles_p + F * P
    assert result.traffic_bytes["DRAM"] == WORD * B * H * elements


def test_unfused_adds_three_phases() -> None:
    tiles_m, tiles_p = 4, 3

    def phase(compute_cycles: int, elements: int) -> float:
        return max(compute_cycles, WORD * elements / DRAM_BYTES_PER_S * CLOCK_HZ)

    scores = phase(tiles_m * tiles_p * E, E * (M + P) + M * P)
    softmax = phase(4 * P * tiles_m, 2 * M * P)
    products = phase(tiles_m * tiles_p * F, M * P + F * (M + P))
    result = run("attention/three-pass", "unfused")
    assert result.cycles == math.ceil(B * H * (scores + softmax + products))


def test_t5_and_xlm_follow_the_same_rules() -> None:
    """T5 is BERT with 8 heads; XLM's heads are twice as long and fill the array better."""
    bert = accelsim.simulate("attention/one-pass", on="fusemax", set={"H": 12})
    t5 = accelsim.simulate("attention/one-pass", on="fusemax", set={"H": 8})
    assert t5.cycles * 12 == bert.cycles * 8
    xlm = accelsim.simulate("attention/one-pass", on="fusemax", set={"H": 16, "E": 128, "F": 128})
    per_tile = max(128 + 1, 1 + 128 + 128 // 4) + 1 + 8 + 128
    assert xlm.cycles == 64 * 16 * 4 * 4 * per_tile
    assert xlm.utilization["array_2d"] == pytest.approx(0.889261744966443, rel=1e-9)


@pytest.mark.parametrize("length", [256, 1024, 5000])
def test_tiny_tiles_set_by_hand_are_respected(length: int) -> None:
    """A size that is set from outside is left alone: M0 = 64 fills a quarter of the rows."""
    result = accelsim.simulate(
        "attention/one-pass", on="fusemax", set={"M": length, "P": length, "M0": 64}
    )
    tiles_m, tiles_p = -(-length // 64), -(-length // 256)
    qk = next(e for e in result.einsums if e.name == "BQK")
    assert qk.cycles == 64 * 12 * tiles_m * tiles_p * 64
