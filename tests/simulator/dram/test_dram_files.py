"""Files of DRAM parts: what ships, where it is from, and what is refused."""

from dataclasses import fields
from fractions import Fraction
from pathlib import Path

import pytest

from accelsim.architecture.dram import DramSpec, load_dram
from accelsim.architecture.dram.load import DRAMS
from accelsim.errors import InputError
from accelsim.library import shipped

PEAKS = {"ddr4": 25.6, "lpddr4": 6.4, "hbm2": 16, "hbm2e": 25.6, "gddr6": 28}
"""Data rate times pins, in GB/s."""
NAMES = {
    "ddr4": "DDR4-3200",
    "lpddr4": "LPDDR4-3200",
    "hbm2": "HBM2-2000",
    "hbm2e": "HBM2E-3200",
    "gddr6": "GDDR6-14000",
}


def write(folder: Path, **changes: str) -> str:
    """DDR4's file with lines changed: key -> what stands behind it."""
    text = (DRAMS.path / "ddr4.yaml").read_text("utf-8")
    for key, value in changes.items():
        before = next(line for line in text.splitlines() if line.strip().startswith(f"{key}:"))
        if before.startswith("  "):
            start = text.index(before) + len(before) + 1
            end = text.index("\n", start)
            text = f"{text[:start]}    {value}{text[end:]}"
        else:
            text = text.replace(before, f"{key}: {value}")
    path = folder / "part.yaml"
    path.write_text(text, "utf-8")
    return str(path)


def test_what_ships() -> None:
    assert set(shipped(DRAMS)) == set(PEAKS)
    assert {name: load_dram(name).name for name in NAMES} == NAMES


@pytest.mark.parametrize("name", PEAKS)
def test_peak_is_the_data_rate_times_the_pins(name: str) -> None:
    spec = load_dram(name)
    assert spec.peak_bytes_per_s == Fraction(str(PEAKS[name])) * 10**9
    rate = int(spec.name.rpartition("-")[2]) * 10**6
    assert spec.peak_bytes_per_s == Fraction(rate * spec.channel_bits, 8)


@pytest.mark.parametrize("name", PEAKS)
def test_every_figure_has_a_source(name: str) -> None:
    spec = load_dram(name)
    shape = {"clock_hz", "channel_bits", "banks", "row_bytes"}
    timing = {f"t{f.name[2:].upper()}" for f in fields(DramSpec) if f.name.startswith("n_")}
    # The length of a burst belongs to the shape; what a part does not have needs no source.
    needed = shape | timing - {"tBL"}
    needed -= {"tRCD_W"} if spec.n_rcd_w == spec.n_rcd else set()
    needed -= {"tDQSS"} if not spec.n_dqss else set()
    assert needed <= set(spec.sources)
    assert all(len(spec.sources[each]) > 10 for each in needed)


def test_figures_of_data_sheets() -> None:
    ddr4 = load_dram("ddr4")
    assert (ddr4.n_cl, ddr4.n_rcd, ddr4.n_rp, ddr4.n_refi, ddr4.n_rfc) == (22, 22, 22, 12480, 560)
    assert (ddr4.burst_bytes, ddr4.columns, ddr4.banks_per_group, ddr4.n_rtw) == (64, 128, 4, 12)
    lpddr4 = load_dram("lpddr4")
    assert (lpddr4.n_rtw, lpddr4.write_end) == (30, 14 + 1 + 8)
    assert load_dram("gddr6").n_rtw == load_dram("gddr6").n_cl + 1


def test_hbm2e_is_the_core_of_hbm2_at_another_clock() -> None:
    old, new = load_dram("hbm2"), load_dram("hbm2e")
    for name in ("n_rcd", "n_rcd_w", "n_rp", "n_ras", "n_rc", "n_faw", "n_refi", "n_rfc", "n_cl"):
        # 1.0 to 1.6 GHz, rounded up.
        assert getattr(new, name) == -(-getattr(old, name) * 8 // 5), name
    assert (new.n_ccd_s, new.n_ccd_l) == (old.n_ccd_s, old.n_ccd_l)


def test_nanoseconds_are_rounded_up_exactly(tmp_path: Path) -> None:
    exact = load_dram(write(tmp_path, RCD="ns: 13.75"))
    assert exact.n_rcd == 22
    assert load_dram(write(tmp_path, RCD="ns: 13.751")).n_rcd == 23
    assert load_dram(write(tmp_path, RTP="ns: 1.0\n    cycles: 4")).n_rtp == 4


def test_an_unknown_name_gets_the_closest() -> None:
    with pytest.raises(InputError, match="DRAM 'hbm2ee' is unknown; did you mean 'hbm2e'"):
        load_dram("hbm2ee")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"row_bytes": "8200"}, "row_bytes is 8200, must be a multiple of the 64 bytes"),
        ({"banks": "18"}, "banks is 18, must be a multiple of 4 bank_groups"),
        ({"burst_cycles": "5"}, r"timing.CCD_S is 4 cycles, must be at least the 5 cycles"),
        ({"CCD_L": "cycles: 3"}, r"timing.CCD_L is 3 cycles, must be at least CCD_S, 4 cycles"),
        ({"bank_groups": "1"}, r"timing.RRD_L is 8 cycles, must be RRD_S, 4 cycles, where bank_"),
        ({"RFC": "ns: 9000"}, r"timing.RFC is 14400 cycles, must be below tREFI, 12480 cycles"),
        ({"CWL": "cycles: 40"}, r"timing.CWL is 40 cycles, must leave READ to WRITE at least"),
        ({"RP": "cycle: 22"}, r"key 'cycle' is unknown; did you mean 'cycles'"),
        ({"RP": "ns: -1"}, r"timing.RP.ns is -1, must be greater than 0"),
        ({"RP": "# none"}, r"timing.RP is a mapping, holds no figure"),
        ({"burst_length": "1\nchannel_bits: 3"}, "written twice"),
        ({"clock_hz": "yes"}, "clock_hz is true, must be a number"),
    ],
)
def test_wrong_files_say_what_is_wrong(
    changes: dict[str, str], message: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=message) as caught:
        load_dram(write(tmp_path, **changes))
    assert str(caught.value).startswith(str(tmp_path / "part.yaml") + ":")


def test_all_problems_of_a_file_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        load_dram(write(tmp_path, row_bytes="8200", banks="18"))
    assert len(caught.value.problems) == 2
