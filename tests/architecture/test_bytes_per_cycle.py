"""Bandwidths by the clock, aligned memories and pipelines in architecture files."""

import json
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator

from accelsim import simulate
from accelsim.architecture import Architecture, load_architecture
from accelsim.cli.main import main
from accelsim.documents import read_document
from accelsim.errors import InputError
from accelsim.model import count_block
from accelsim.model.cost import block_cycles
from accelsim.model.result import Result
from accelsim.pipeline import map_workload
from accelsim.report.changes import cheapest_changes
from accelsim.schemas import json_schema

SIZES = {"M": 50, "N": 30, "K": 70}
TEXT = """\
name: toy
clock_hz: 1.0e+9
word_bits: 8
mapper: auto
components:
  DRAM:
    kind: memory
    bytes_per_cycle: 3 * array.rows
    ports: 3
  buffer:
    kind: memory
    parent: DRAM
    size_bytes: 4096
    bytes_per_cycle: ceil(DRAM.bytes_per_cycle / 5)
    aligned: true
  array:
    kind: array
    parent: buffer
    rows: 4
    columns: 4
    systolic: {pipeline_cycles: 7}
    operations:
      multiply-add: {actions: {mac: 1}}
"""

Write = Callable[..., str]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def written(*changes: tuple[str, str], name: str = "toy.yaml") -> str:
        text = TEXT
        for old, new in changes:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    return written


def test_what_is_loaded(write: Write) -> None:
    machine = load_architecture(write())
    dram, buffer = machine.memories["DRAM"], machine.memories["buffer"]
    assert (dram.bytes_per_cycle, buffer.bytes_per_cycle) == (12, 3)
    assert (dram.bandwidth_bytes_per_s, buffer.bandwidth_bytes_per_s) == (12e9, 3e9)
    assert (dram.aligned, buffer.aligned) == (False, True)
    systolic = machine.arrays["array"].systolic
    assert systolic is not None
    assert (systolic.pipeline_cycles, systolic.overlap_folds, systolic.drain) == (7, True, True)


def test_it_goes_with_the_clock_and_with_sizes(write: Write) -> None:
    path = write()
    changed = load_architecture(path, {"clock_hz": 2e9, "array.rows": 8})
    assert changed.memories["DRAM"].bandwidth_bytes_per_s == 48e9
    assert changed.memories["buffer"].bytes_per_cycle == 5
    changed = load_architecture(path, {"DRAM.bytes_per_cycle": "2 * array.columns"})
    assert changed.memories["DRAM"].bytes_per_cycle == 8
    assert changed.sources["DRAM.bandwidth"].startswith("set by the user (DRAM.bytes_per_cycle=")
    by_time: dict[str, int | float | str] = {
        "DRAM.bytes_per_cycle": "null",
        "DRAM.bandwidth_bytes_per_s": 5e9,
    }
    # What refers to it no longer has anything to refer to.
    with pytest.raises(InputError, match=r"figure 'DRAM\.bytes_per_cycle' is unknown"):
        load_architecture(path, by_time)
    dram = load_architecture(path, {**by_time, "buffer.bytes_per_cycle": 3}).memories["DRAM"]
    assert (dram.bytes_per_cycle, dram.bandwidth_bytes_per_s) == (None, 5e9)


def both(path: str, *, clock_hz: float, fidelity: str) -> list[Result]:
    """The same bandwidths by the clock and by the second, as exact as a float can be."""
    machine = load_architecture(path, {"clock_hz": clock_hz})
    settings: dict[str, int | float | str] = {"clock_hz": clock_hz}
    for name, memory in machine.memories.items():
        assert memory.bytes_per_cycle is not None
        settings[f"{name}.bytes_per_cycle"] = "null"
        settings[f"{name}.bandwidth_bytes_per_s"] = memory.bytes_per_cycle * clock_hz
    machines: list[Architecture] = [machine, load_architecture(path, settings)]
    return [simulate("matmul", on=on, set=SIZES, fidelity=fidelity) for on in machines]


@pytest.mark.parametrize("fidelity", ["analytic", "event"])
def test_the_same_bandwidth_by_the_second(write: Write, fidelity: str) -> None:
    found = [result.as_json() for result in both(write(), clock_hz=123.4e6, fidelity=fidelity)]
    for each in found:
        each.pop("sources")
    assert found[0] == found[1]
    assert json.loads(json.dumps(found[0])) == found[0]
    assert found[0]["bandwidth_bytes_per_s"] == {"DRAM": 12 * 123.4e6, "buffer": 3 * 123.4e6}


def exact(on: Architecture) -> tuple[Fraction, Fraction]:
    """Cycles, analytic and played out, of a product that keeps the buffer busy."""
    mapped = map_workload("matmul", on=on, set=SIZES, fidelity="event")
    (plan,), (timing,) = mapped.plans.plans, mapped.timings
    (mapped_block,), (block,) = plan.mapped.blocks, timing.blocks
    counts = count_block(mapped_block, plan.layer.cascade, on, bits=plan.bits, where="")
    return block_cycles(counts, on), block.cycles


def test_bytes_a_cycle_are_exact(write: Write) -> None:
    """Also where the clock times three is no float, which a bandwidth by the second has to be."""
    clock_hz, path = 1e9 / 3, write()
    assert Fraction(3 * clock_hz) != 3 * Fraction(clock_hz)
    settings: dict[str, int | float | str] = {"clock_hz": clock_hz}
    assert exact(load_architecture(path, settings)) == exact(load_architecture(path))
    by_time: dict[str, int | float | str] = {
        "buffer.bytes_per_cycle": "null",
        "buffer.bandwidth_bytes_per_s": 3 * clock_hz,
    }
    rounded = exact(load_architecture(path, {**settings, **by_time}))
    assert all(a != b for a, b in zip(rounded, exact(load_architecture(path)), strict=True))
    # At two bytes a cycle, both are whole.
    two = load_architecture(path, {**settings, "buffer.bytes_per_cycle": 2})
    assert [cycles.denominator for cycles in exact(two)] == [1, 1]


WRONG = {
    "both bandwidths": (
        ("    aligned: true", "    bandwidth_bytes_per_s: 1e9"),
        "11:5: architecture: components.buffer is a mapping, must have bandwidth_bytes_per_s or "
        "bytes_per_cycle, not both; remove one",
    ),
    "a part and bytes": (
        ("    ports: 3", "    dram: {part: ddr4, channels: 1}"),
        "7:5: architecture: components.DRAM is a mapping, must have dram or bytes_per_cycle, not "
        "both; remove one",
    ),
    "a circle": (
        ("3 * array.rows", "buffer.bytes_per_cycle"),
        "8:22: architecture: sizes refer to each other in a circle: DRAM.bytes_per_cycle -> "
        "buffer.bytes_per_cycle -> DRAM.bytes_per_cycle",
    ),
    "zero": (
        ("3 * array.rows", "array.rows - 4"),
        "8:22: architecture: DRAM.bytes_per_cycle is 0, must be at least 1",
    ),
    "a part of a byte": (
        ("3 * array.rows", "array.rows / 3"),
        "8:22: architecture: DRAM.bytes_per_cycle is 1.33333, must be a whole number; round it "
        "with ceil or floor",
    ),
    "a truth value": (
        ("3 * array.rows", "yes"),
        "8:22: architecture: components.DRAM.bytes_per_cycle is true, must be a number",
    ),
    "an unknown figure": (
        ("3 * array.rows", "3 * array.row"),
        "8:22: architecture: DRAM.bytes_per_cycle: figure 'array.row' is unknown; did you mean "
        "'array.rows'?",
    ),
    "a misspelt key": (
        ("    bytes_per_cycle: 3", "    byte_per_cycle: 3"),
        "8:5: architecture: key 'byte_per_cycle' is unknown; did you mean 'bytes_per_cycle'?",
    ),
    "aligned by a number": (
        ("aligned: true", "aligned: 3"),
        "15:14: architecture: components.buffer.aligned is 3, must be a valid boolean",
    ),
    "a negative pipeline": (
        ("pipeline_cycles: 7", "pipeline_cycles: -1"),
        "21:33: architecture: components.array.systolic.pipeline_cycles is -1, must be greater "
        "than or equal to 0",
    ),
    "half a register": (
        ("pipeline_cycles: 7", "pipeline_cycles: 1.5"),
        "21:33: architecture: components.array.systolic.pipeline_cycles is 1.5, must be a valid "
        "integer",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_messages(write: Write, case: str) -> None:
    change, expected = WRONG[case]
    path = write(change)
    with pytest.raises(InputError) as caught:
        load_architecture(path)
    (problem,) = caught.value.problems
    assert problem.removeprefix(f"{path}:").startswith(expected)


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        ("buffer.bandwidth_bytes_per_s=1e9", "must have bandwidth_bytes_per_s or bytes_per_cycle"),
        ("buffer.bytes_per_cycle=0", "buffer.bytes_per_cycle is 0, must be at least 1"),
        ("buffer.aligned=3", "--arch buffer.aligned=3: architecture: components.buffer.aligned"),
        ("array.systolic.pipeline_cycles=-1", "must be greater than or equal to 0"),
        ("array.bytes_per_cycle=3", "field of array 'array' 'bytes_per_cycle' is unknown"),
    ],
)
def test_messages_of_settings(
    write: Write, capsys: pytest.CaptureFixture[str], setting: str, expected: str
) -> None:
    assert main(["simulate", "matmul", "--on", write(), "--arch", setting]) == 2
    out, err = capsys.readouterr()
    assert expected in err
    assert (out, err.count("\n")) == ("", 1)


def test_the_schema_accepts_what_is_accepted(write: Write) -> None:
    schema = Draft202012Validator(json_schema("architecture"))
    accepted = read_document(Path(write())).data
    assert schema.is_valid(accepted)
    for wrong in (("aligned: true", "aligned: 3"), ("pipeline_cycles: 7", "pipeline_cycles: -1")):
        assert not schema.is_valid(read_document(Path(write(wrong))).data)


def test_twice_as_fast_is_twice_the_bytes(write: Write) -> None:
    """A bandwidth by the clock is changed by the clock, and can be asked for so."""
    path = write()
    machine = load_architecture(path)
    tried: list[dict[str, int | float]] = []

    def again(settings: object) -> Result:
        assert isinstance(settings, dict)
        tried.append(settings)
        return simulate("matmul", on=load_architecture(path, settings), set=SIZES)

    result = simulate("matmul", on=machine, set=SIZES)
    changes = cheapest_changes(machine, result, again, most=20)
    assert {"DRAM.bytes_per_cycle": 24} in tried
    assert {"buffer.bytes_per_cycle": 6} in tried
    assert not any("bandwidth_bytes_per_s" in key for each in tried for key in each)
    (faster,) = (c for c in changes if c.title == "buffer twice as fast")
    assert faster.result is not None
    assert faster.result.cycles < result.cycles


def test_map_explain_and_compare(
    write: Write, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = [part for name, size in SIZES.items() for part in ("--set", f"{name}={size}")]
    on = ["matmul", "--on", write(), *sizes]
    assert main(["map", *on, "--explain"]) == 0
    assert "buffer twice as fast: cycles" in capsys.readouterr().out
    files = [str(tmp_path / name) for name in ("a.json", "b.json")]
    for file, more in zip(files, ([], ["--arch", "buffer.bytes_per_cycle=4"]), strict=True):
        assert main(["simulate", *on, "--fidelity", "event", "--json", file, *more]) == 0
    capsys.readouterr()
    assert main(["compare", *files]) == 0
    assert "buffer.bandwidth in B: set by the user (buffer.bytes_per_cycle=4)" in (
        capsys.readouterr().out
    )


@pytest.mark.slow
def test_pictures(write: Write, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    on = ["simulate", "matmul", "--on", write(), "--fidelity", "event"]
    assert main([*on, "--set", "M=50", "--set", "N=30", "--report", str(folder)]) == 0
    pictures = {path.name for path in folder.iterdir()}
    assert {"roofline.png", "stalls.png", "timeline.png", "utilization.png"} <= pictures
