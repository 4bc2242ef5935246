"""`accelsim simulate --fidelity event`: what it says, writes, refuses, and how it is stopped."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable
from math import ceil
from pathlib import Path
from typing import Any

import pytest

Cli = Callable[..., tuple[int, str, str]]

SMALL = ("--set", "M=64", "--set", "N=64", "--set", "K=64", "--fidelity", "event")
MATMUL = ("simulate", "matmul", "--on", "ref3", *SMALL)


def result_of(cli: Cli, *arguments: str) -> Any:
    code, out, err = cli(*arguments, "--json", "-")
    assert (code, err) == (0, "")
    return json.loads(out)


def event_cycles(cli: Cli, *arguments: str) -> int:
    cycles = result_of(cli, *arguments, "--fidelity", "event")["cycles"]
    assert isinstance(cycles, int)
    return cycles


# What it says.


@pytest.mark.parametrize(
    "arguments",
    [
        ("attention/one-pass", "--on", "fusemax", "--set", "M=1024", "--set", "P=1024"),
        ("attention/three-pass", "--on", "flat", "--set", "B=2", "--set", "H=2"),
        ("bert-base", "--on", "unfused", "--set", "P=512", "--set", "layers=3"),
        ("conv2d", "--on", "systolic-ws", "--set", "C=24", "--set", "stride=2"),
        ("matmul", "--on", "systolic-os", "--set", "M=97", "--set", "N=101"),
    ],
)
def test_all_time_is_accounted_for(accelsim_cli: Cli, arguments: tuple[str, ...]) -> None:
    counted = result_of(accelsim_cli, "simulate", *arguments)
    played = result_of(accelsim_cli, "simulate", *arguments, "--fidelity", "event")
    timing = played["timing"]
    assert counted["fidelity"] == "analytic"
    assert played["fidelity"] == "event"
    assert timing["analytic_cycles"] == counted["cycles"] <= played["cycles"]
    # Every component and the chain are exact; the total is rounded up to a whole cycle.
    chain = sum(link["cycles"] for link in timing["critical_chain"])
    assert ceil(round(chain, 3)) == played["cycles"]
    for row in timing["stalls"].values():
        assert sum(row.values()) == pytest.approx(chain, rel=1e-13)
    # What does not depend on time is as it was.
    for key in ("energy_pj", "traffic_bytes", "occupancy_bytes", "area_um2"):
        assert played[key] == counted[key]


def test_stalls_are_shown(accelsim_cli: Cli) -> None:
    code, out, err = accelsim_cli(*MATMUL)
    assert (code, err) == (0, "")
    # A and B come (64 B a cycle, each 4 KiB), then 1,024 cycles of 256 multiply-adds.
    assert "time         1,152 cycles" in out
    assert "stalls       +12.5% over 1,024 cycles of the analytic model" in out
    assert "critical chain: PEs Z 88.9%, DRAM A 5.6%, DRAM B 5.6%" in out


@pytest.mark.parametrize(
    ("figure", "cycles"),
    [
        ("DRAM.latency_cycles=0", 1152),
        ("DRAM.latency_cycles=100", 1252),
        ("GLB.latency_cycles=PEs.rows * 2", 1184),
        ("DRAM.latency_cycles=999999999999", 1_000_000_001_151),
        ("DRAM.bandwidth_bytes_per_s=1", 12_288_000_000_000),
        ("DRAM.bandwidth_bytes_per_s=1e24", 1056),
    ],
)
def test_figures_of_memories(accelsim_cli: Cli, figure: str, cycles: int) -> None:
    assert event_cycles(accelsim_cli, *MATMUL[:-2], "--arch", figure) == cycles


def test_many_iterations_are_played_once(accelsim_cli: Cli) -> None:
    sizes = [f"--set={rank}=1000000007" for rank in "MNK"]
    played = result_of(
        accelsim_cli, "simulate", "matmul", "--on", "ref3", *sizes, "--fidelity", "event"
    )
    assert played["cycles"] >= played["timing"]["analytic_cycles"] > 10**24
    assert played["timing"]["events"] < 20_000


# Systolic arrays: closed forms, with nothing else in the way.

MACHINE = """name: array
clock_hz: 1.0e+9
word_bits: 8
components:
  DRAM: {{kind: memory}}
  buffer: {{kind: memory, parent: DRAM}}
  PEs:
    kind: array
    parent: buffer
    rows: {rows}
    columns: {columns}
    systolic: {{overlap_folds: {overlap}, drain: {drain}}}
    operations: {{multiply-add: {{actions: {{mac: 1}}}}, multiply: {{actions: {{mac: 1}}}}}}
  registers: {{kind: memory, parent: PEs}}
"""
MAPPER = """name: stationary
cases:
  - blocks:
      - name: product
        nest:
          - keep: {{buffer: [A, B, Z]}}
          - for: {{{r}: {rows}}}
          - for: {{{c}: {columns}}}
          - {{einsum: Z, on: PEs, rows: {r}, columns: {c}, order: [{t}]}}
"""


@pytest.mark.parametrize(
    ("r", "c", "t"),
    [("K", "N", "M"), ("M", "N", "K"), ("K", "M", "N")],
    ids=["weights", "results", "inputs"],
)
@pytest.mark.parametrize("overlap", [False, True])
@pytest.mark.parametrize("drain", [False, True])
def test_systolic_arrays_follow_the_closed_form(
    accelsim_cli: Cli, tmp_path: Path, r: str, c: str, t: str, overlap: bool, drain: bool
) -> None:
    """``r`` is over rows, ``c`` over columns, ``t`` streamed."""
    some = random.Random(f"{r}{c}{overlap}{drain}")
    machine, mapper = tmp_path / "machine.yaml", tmp_path / "mapper.yaml"
    for _ in range(3):
        rows, columns = some.randint(1, 9), some.randint(1, 9)
        sizes = {rank: some.choice([1, some.randint(2, 40)]) for rank in "MNK"}
        words = {"overlap": str(overlap).lower(), "drain": str(drain).lower()}
        machine.write_text(MACHINE.format(rows=rows, columns=columns, **words))
        mapper.write_text(MAPPER.format(rows=rows, columns=columns, r=r, c=c, t=t))
        folds = ceil(sizes[r] / rows) * ceil(sizes[c] / columns)
        fill = rows + columns - 2 + rows * drain
        whole = folds * sizes[t] + fill if overlap else folds * (sizes[t] + fill)
        found = event_cycles(
            accelsim_cli, "simulate", "matmul", "--on", str(machine), "--mapper", str(mapper),
            *(f"--set={rank}={size}" for rank, size in sizes.items()),
        )  # fmt: skip
        assert found == whole, (rows, columns, sizes)


@pytest.mark.parametrize("part", ["ddr4", "gddr6", "hbm2", "hbm2e", "lpddr4"])
def test_dram_with_banks_is_never_faster_than_its_bandwidth(
    accelsim_cli: Cli, tmp_path: Path, part: str
) -> None:
    from accelsim.architecture import load_architecture

    path = tmp_path / "machine.yaml"
    dram = f"{{bandwidth_bytes_per_s: null, dram: {{part: {part}, channels: 2}}}}"
    path.write_text(f"extends: ref3\nname: banked\ncomponents: {{DRAM: {dram}}}\n")
    rate = load_architecture(str(path)).memories["DRAM"].bandwidth_bytes_per_s
    plain = ("matmul", "--on", "ref3", "--arch", f"DRAM.bandwidth_bytes_per_s={rate!r}")
    losses = []
    for size in (8, 512):
        sizes = [f"--set={rank}={size}" for rank in "MNK"]
        banked = event_cycles(accelsim_cli, "simulate", "matmul", "--on", str(path), *sizes)
        even = event_cycles(accelsim_cli, "simulate", *plain, *sizes)
        assert banked > even
        losses.append(banked / even)
    # Opening rows weighs most where little is moved.
    assert losses[0] > losses[1]


# What it refuses.


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fidelity", "evnet"), "fidelity 'evnet' is unknown; did you mean 'event'?"),
        (("--trace", "t.json"), "--trace needs a timeline; add --fidelity event"),
        (("--fidelity", "event", "--trace", "missing/t.json"), "cannot be written: No such file"),
        (("--fidelity", "event", "--trace", "."), "'.' cannot be written: Is a directory"),
        (("--arch", "GLB.latency_cycles=-1"), "GLB.latency_cycles is -1, must be at least 0"),
        (("--arch", "GLB.latency_cycles=1.5"), "is 1.5, must be a whole number"),
        (("--arch", "GLB.latency_cycles=soon"), "figure 'soon' is unknown"),
        (("--fidelity", "event", "--trace", ""), "--trace is '', must be a file"),
        (("--fidelity", "event", "--trace", "-"), "--trace is '-', must be a file"),
        (
            ("--fidelity", "event", "--trace", "t", "--json", "./t"),
            "'./t' is a file of --trace 't'",
        ),
        (("--arch", "RF.latency_cycles=5"), "is for memories outside of the arrays"),
        (("--arch", "DRAM.ports=0"), "DRAM.ports is '0', must be greater than or equal to 1"),
        (("--arch", "DRAM.ports=many"), "DRAM.ports is 'many', must be a valid integer"),
    ],
)
def test_wrong_options(
    accelsim_cli: Cli,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    code, out, err = accelsim_cli("simulate", "matmul", "--on", "ref3", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("components", "said"),
    [
        (
            "DRAM: {bandwidth_bytes_per_s: null, dram: {part: hbm9, channels: 8}}",
            "DRAM 'hbm9' is unknown; did you mean 'hbm2'?",
        ),
        (
            "DRAM: {bandwidth_bytes_per_s: null, dram: {part: hbm2, channels: 0}}",
            "DRAM.dram.channels is 0, must be greater than or equal to 1",
        ),
        (
            "DRAM: {bandwidth_bytes_per_s: null, dram: {part: none.yaml, channels: 1}}",
            "none.yaml' does not exist",
        ),
        ("DRAM: {bandwidth_bytes_per_s: null, dram: hbm2}", "must be a mapping of keys"),
        (
            "DRAM: {dram: {part: hbm2, channels: 8}}",
            "must have dram or bandwidth_bytes_per_s, not both",
        ),
        (
            "GLB: {bandwidth_bytes_per_s: null, dram: {part: hbm2, channels: 8}}",
            "must be the outermost memory to have dram",
        ),
        ("PEs: {systolic: true}", "PEs.systolic is true, must be a mapping of keys"),
        ("PEs: {systolic: {overlap_folds: perhaps}}", "must be a valid boolean"),
        ("PEs: {systolic: {overlap: true}}", "did you mean 'overlap_folds'?"),
        ("GLB: {systolic: {}}", "key 'systolic' is unknown"),
    ],
)
def test_wrong_machines(accelsim_cli: Cli, tmp_path: Path, components: str, said: str) -> None:
    path = tmp_path / "machine.yaml"
    path.write_text(f"extends: ref3\nname: wrong\ncomponents: {{{components}}}\n")
    code, out, err = accelsim_cli("simulate", "matmul", "--on", str(path), *SMALL)
    assert (code, out) == (2, "")
    assert said in err


# How it is stopped, and that it can be repeated.


def test_an_interruption_says_how_far_it_came(
    accelsim_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accelsim.simulator.engine import Engine

    whole = Engine._decide

    def decide(self: Engine, event: Any) -> None:
        # B has come, the second of two transfers of 64 cycles.
        if self.now > 100 * self.program.ticks_per_cycle:
            raise KeyboardInterrupt
        whole(self, event)

    monkeypatch.setattr(Engine, "_decide", decide)
    trace, result, report = (tmp_path / name for name in ("t.json", "r.json", "report"))
    trace.write_text("of yesterday")
    code, out, err = accelsim_cli(
        *MATMUL, "--trace", str(trace), "--json", str(result), "--report", str(report)
    )
    assert (code, out) == (130, "")
    assert err == (
        "accelsim: interrupted at cycle 128 of block 'Z', for which the analytic model counts "
        "1,024 cycles\n"
    )
    assert trace.read_text() == "of yesterday"
    assert [path.name for path in tmp_path.iterdir()] == ["t.json"]


@pytest.mark.slow
def test_the_same_command_writes_the_same_bytes(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    pytest.importorskip("pandas")
    code = "from accelsim.cli.main import main; main()"
    files = ["--trace", "t.json", "--json", "r.json", "--report", "report"]
    running = []
    for seed in ("1", "2"):
        (tmp_path / seed).mkdir()
        running.append(
            subprocess.Popen(
                [sys.executable, "-c", code, *MATMUL, *files],
                cwd=tmp_path / seed,
                env={**os.environ, "PYTHONHASHSEED": seed},
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            )
        )
    said = [process.communicate(timeout=60)[0] for process in running]
    assert [process.returncode for process in running] == [0, 0]
    assert said[0] == said[1]
    written = [
        {
            str(path.relative_to(tmp_path / seed)): path.read_bytes()
            for path in (tmp_path / seed).rglob("*")
            if path.is_file()
        }
        for seed in ("1", "2")
    ]
    assert {"t.json", "r.json", "report/timeline.svg", "report/stalls.svg"} <= set(written[0])
    assert written[0] == written[1]
