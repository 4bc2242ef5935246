"""Devices: figures of data sheets, their sources, and what is refused."""

import re
from pathlib import Path

import pytest

from accelsim.architecture.devices import COMPUTE_FORMATS, DEVICES, Device, load_device
from accelsim.errors import InputError
from accelsim.library import shipped

NAMES = tuple(shipped(DEVICES))
GIB = 2**30

FIGURES = [
    # Device, GiB, GB/s, TFLOPS of fp32 in general units: as printed, not read from our files.
    ("v100", 32, 900, 15.7),
    ("t4", 16, 320, 8.1),
    ("a100-40g", 40, 1555, 19.5),
    ("a100-80g", 80, 2039, 19.5),
    ("a6000", 48, 768, 38.7),
    ("l40s", 48, 864, 91.6),
    ("rtx-4090", 24, 1008, 82.6),
    ("h100-sxm", 80, 3350, 66.9),
    ("h100-pcie", 80, 2000, 51),
    ("h200", 141, 4800, 67),
    ("b200", 180, 8000, 80),
    ("mi300x", 192, 5300, 163.4),
    ("tpu-v4", 32, 1200, None),
    ("tpu-v5e", 16, 819, None),
    ("m2-ultra", 192, 800, 27.2),
    ("snapdragon-8-gen-3", None, 76.8, None),
]
PEAKS: dict[str, dict[str, float]] = {
    # Dense, in TFLOPS.
    "v100": {"fp16": 125},
    "t4": {"fp16": 65, "int8": 130, "int4": 260},
    "a100-40g": {"tf32": 156, "fp16": 312, "bf16": 312, "int8": 624, "int4": 1248},
    "a100-80g": {"tf32": 156, "fp16": 312, "bf16": 312, "int8": 624, "int4": 1248},
    "a6000": {"tf32": 77.4, "fp16": 154.8, "bf16": 154.8, "int8": 309.7, "int4": 619.3},
    "l40s": {"fp16": 362.05, "fp8_e4m3": 733, "int8": 733},
    "rtx-4090": {"fp16": 165.2, "bf16": 165.2, "fp8_e4m3": 330.3, "int8": 660.6},
    "h100-sxm": {"tf32": 494.7, "fp16": 989.4, "fp8_e4m3": 1978.9, "int8": 1978.9},
    "h100-pcie": {"tf32": 378, "fp16": 756.5, "fp8_e5m2": 1513, "int8": 1513},
    "h200": {"tf32": 494.5, "fp16": 989.5, "fp8_e4m3": 1979, "int8": 1979},
    "b200": {"bf16": 2250, "mxfp8": 4500, "mxfp6": 4500, "mxfp4": 9000, "nvfp4": 9000},
    "mi300x": {"fp32": 163.4, "tf32": 653.7, "bf16": 1307.4, "fp8_e4m3": 2614.9},
    "tpu-v4": {"bf16": 275, "int8": 275},
    "tpu-v5e": {"bf16": 197, "int8": 393},
    "m2-ultra": {"fp32": 27.2, "fp16": 27.2},
    "snapdragon-8-gen-3": {},
}
ON_CHIP_MIB = {"v100": 6, "t4": 4, "a100-40g": 40, "rtx-4090": 72, "h100-sxm": 50, "mi300x": 256}


def test_every_shipped_device_has_its_figures_below() -> None:
    assert sorted(NAMES) == sorted(each[0] for each in FIGURES) == sorted(PEAKS)


@pytest.mark.parametrize(("name", "gib", "gb_per_s", "vector"), FIGURES)
def test_figures_of_data_sheets(
    name: str, gib: int | None, gb_per_s: float, vector: float | None
) -> None:
    device = load_device(name)
    assert device.name == name
    assert device.memory_bytes == (gib * GIB if gib else None)
    assert device.bandwidth_bytes_per_s == pytest.approx(gb_per_s * 1e9, rel=1e-12)
    assert device.vector_operations_per_s == (pytest.approx(vector * 1e12) if vector else None)
    for number, peak in PEAKS[name].items():
        assert device.peak_operations_per_s[number] == pytest.approx(peak * 1e12, rel=1e-12)
    if name in ON_CHIP_MIB:
        assert device.on_chip_bytes == ON_CHIP_MIB[name] * 2**20


@pytest.mark.parametrize("name", NAMES)
def test_a_figure_has_a_source_with_a_year_and_nothing_else_has_one(name: str) -> None:
    device = load_device(name)
    figures = {
        "memory": device.memory_bytes,
        "bandwidth": device.bandwidth_bytes_per_s,
        "peak": device.peak_operations_per_s,
        "sparse": device.sparse_peak_operations_per_s,
        "vector": device.vector_operations_per_s,
        "on_chip": device.on_chip_bytes,
    }
    assert set(device.sources) == {key for key, figure in figures.items() if figure}
    # A year, or a commit.
    dated = [text for text in device.sources.values() if re.search(r"\b20\d\d\b|dc2adc6", text)]
    assert len(dated) == len(device.sources)


@pytest.mark.parametrize("name", NAMES)
def test_a_sparse_peak_is_the_dense_one_as_often_as_zeros_are_skipped(name: str) -> None:
    device = load_device(name)
    for pattern, peaks in device.sparse_peak_operations_per_s.items():
        kept, block = map(int, pattern.split(":"))
        for number, peak in peaks.items():
            dense = device.peak_operations_per_s[number]
            # The data sheet of the L40S prints 733 TFLOPS beside 362.05.
            tolerance = 0.013 if name == "l40s" else 0.001
            assert peak / dense == pytest.approx(block / kept, rel=tolerance), number


@pytest.mark.parametrize("name", NAMES)
def test_half_the_bits_are_never_slower(name: str) -> None:
    peaks = load_device(name).peak_operations_per_s
    narrower = ("fp32", "tf32", "bf16", "int8", "int4")
    rates = [peaks[number] for number in narrower if number in peaks]
    assert rates == sorted(rates)


@pytest.mark.parametrize(
    ("name", "pattern", "number", "tera"),
    [
        ("a100-40g", "2:4", "fp16", 624),
        ("a100-40g", "2:4", "int8", 1248),
        ("a100-40g", "1:2", "tf32", 312),
        ("a6000", "4:8", "int4", 1238.6),
        ("h100-sxm", "2:4", "fp8_e4m3", 3957.8),
        ("b200", "4:8", "nvfp4", 18_000),
        ("mi300x", "2:4", "bf16", 2614.9),
    ],
)
def test_sparse_figures_of_data_sheets(name: str, pattern: str, number: str, tera: float) -> None:
    found = load_device(name).sparse_peak_operations_per_s[pattern][number]
    assert found == pytest.approx(tera * 1e12, rel=1e-12)


def test_formats_are_those_that_can_be_multiplied() -> None:
    known = {"fp32", "tf32", "fp16", "bf16", "fp8_e4m3", "fp8_e5m2", "int8", "int4"}
    assert known | {"mxfp8", "mxfp6", "mxfp4", "nvfp4"} <= set(COMPUTE_FORMATS)
    assert "fp8" not in COMPUTE_FORMATS  # Another name of fp8_e4m3: nobody would find its peak.


OWN = """\
name: My NPU
bandwidth_bytes_per_s: 51.2e9
peak_operations_per_s: {int8: 26e12, fp16: 13e12}
"""


def written(folder: Path, text: str) -> Device:
    path = folder / "npu.yaml"
    path.write_text(text, encoding="utf-8")
    return load_device(str(path))


def test_a_device_of_ones_own(tmp_path: Path) -> None:
    device = written(tmp_path, OWN)
    assert device == Device(
        name=str(tmp_path / "npu.yaml"),
        title="My NPU",
        memory_bytes=None,
        bandwidth_bytes_per_s=51.2e9,
        peak_operations_per_s={"int8": 26e12, "fp16": 13e12},
        sparse_peak_operations_per_s={},
        vector_operations_per_s=None,
        on_chip_bytes=None,
        sources={},
    )
    assert hash(device) == hash(written(tmp_path, OWN))
    assert written(tmp_path, OWN + "memory_bytes: 8e9\n").memory_bytes == 8_000_000_000
    changed = written(tmp_path, OWN.replace("51.2e9", "64e9"))  # Not the file as it was before.
    assert changed.bandwidth_bytes_per_s == 64e9


def test_what_is_loaded_cannot_be_changed() -> None:
    device = load_device("a100-40g")
    with pytest.raises(TypeError):
        device.peak_operations_per_s["fp16"] = 1.0  # type: ignore[index]
    with pytest.raises(TypeError):
        device.sparse_peak_operations_per_s["2:4"]["fp16"] = 1.0  # type: ignore[index]
    assert load_device("a100-40g").peak_operations_per_s["fp16"] == 312e12


WRONG = {
    "unknown format": (
        OWN.replace("int8:", "fp166:"),
        "3:25: format 'fp166' is unknown; did you mean 'fp16'?",
    ),
    "ambiguous format": (
        OWN.replace("int8:", "fp8:"),
        "3:25: format 'fp8' is unknown; did you mean",
    ),
    "negative": (
        OWN.replace("51.2e9", "-1"),
        "2:24: device: bandwidth_bytes_per_s is -1, must be greater than or equal to 1",
    ),
    "zero": (
        OWN.replace("13e12", "0"),
        "3:44: device: peak_operations_per_s.fp16 is 0, must be greater than or equal to 1",
    ),
    "nan": (
        OWN.replace("51.2e9", ".nan"),
        "2:24: device: bandwidth_bytes_per_s is nan, must be a finite number",
    ),
    "infinite": (
        OWN.replace("26e12", ".inf"),
        "3:31: device: peak_operations_per_s.int8 is inf, must be a finite number",
    ),
    "truth value": (
        OWN.replace("51.2e9", "yes"),
        "2:24: device: bandwidth_bytes_per_s is true, must be a number",
    ),
    "missing": (
        "name: x\npeak_operations_per_s: {}\n",
        "1:1: device: key 'bandwidth_bytes_per_s' is missing; add it",
    ),
    "no word of peaks": (
        "name: x\nbandwidth_bytes_per_s: 1e9\n",
        "1:1: device: key 'peak_operations_per_s' is missing; add it",
    ),
    "unknown key": (
        OWN + "on_chip_byte: 4\n",
        "4:1: device: key 'on_chip_byte' is unknown; did you mean 'on_chip_bytes'?",
    ),
    "unknown source": (
        OWN + "sources: {bandwith: x}\n",
        "4:11: device: key 'bandwith' is unknown; did you mean 'bandwidth'?",
    ),
    "part of a byte": (
        OWN + "on_chip_bytes: 1.5\n",
        "4:16: device: on_chip_bytes is 1.5, must be a whole number of bytes; round it",
    ),
    "sparse without dense": (
        OWN + "sparse_peak_operations_per_s:\n  2:4: {bf16: 26e12}\n",
        "5:15: device 'My NPU': sparse_peak_operations_per_s.2:4.bf16 is 2.6e+13, must be of a "
        "format with a dense peak; add peak_operations_per_s.bf16",
    ),
    "sparse below dense": (
        OWN + "sparse_peak_operations_per_s:\n  2:4: {fp16: 12.9e12}\n",
        "5:15: device 'My NPU': sparse_peak_operations_per_s.2:4.fp16 is 1.29e+13, must be at "
        "least the dense peak, 1.3e+13; mend one of them",
    ),
    "sparse unknown format": (
        OWN + "sparse_peak_operations_per_s:\n  2:4: {fp166: 26e12}\n",
        "5:9: format 'fp166' is unknown; did you mean 'fp16'?",
    ),
    "not YAML": ("name: [\n", "2:1: is not YAML: "),
    "empty": ("", "1:1: device is empty, must be a mapping of keys"),
}


@pytest.mark.parametrize("case", WRONG)
def test_messages(tmp_path: Path, case: str) -> None:
    text, expected = WRONG[case]
    with pytest.raises(InputError) as caught:
        written(tmp_path, text)
    (problem,) = caught.value.problems
    assert problem.removeprefix(f"{tmp_path / 'npu.yaml'}:").startswith(expected)


@pytest.mark.parametrize("pattern", ["4:2", "2:2", "0:4", "half", "2:65", "2:4:8", "02:4", "٢:4"])
def test_patterns_that_are_none(tmp_path: Path, pattern: str) -> None:
    text = f'{OWN}sparse_peak_operations_per_s:\n  "{pattern}": {{fp16: 26e12}}\n'
    with pytest.raises(InputError, match=r":5:3: device 'My NPU': pattern is .*, must be N:M with"):
        written(tmp_path, text)


@pytest.mark.parametrize("pattern", ["1:2", "2:4", "4:8", "1:64", "63:64"])
def test_patterns_that_are(tmp_path: Path, pattern: str) -> None:
    # A sparse peak may be as low as the dense one.
    text = f'{OWN}sparse_peak_operations_per_s:\n  "{pattern}": {{fp16: 13e12}}\n'
    assert written(tmp_path, text).sparse_peak_operations_per_s == {pattern: {"fp16": 13e12}}


def test_all_problems_at_once(tmp_path: Path) -> None:
    text = OWN.replace("int8", "int9") + "sparse_peak_operations_per_s:\n  4:2: {bf16: 1}\n"
    with pytest.raises(InputError) as caught:
        written(tmp_path, text)
    assert len(caught.value.problems) == 3


def test_unknown_devices() -> None:
    with pytest.raises(InputError, match="device 'a100-40gb' is unknown; did you mean 'a100-40g'"):
        load_device("a100-40gb")
    with pytest.raises(InputError, match=r"device file 'none\.yaml' does not exist"):
        load_device("none.yaml")
