"""`accelsim list`, `validate`, `demo`, help and version."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

import accelsim
from accelsim.accelerators import figures as module
from accelsim.accelerators.figures import Figure

Cli = Callable[..., tuple[int, str, str]]


def test_help_names_every_verb(accelsim_cli: Cli) -> None:
    code, out, _ = accelsim_cli("--help")
    assert code == 0
    for verb in ("simulate", "passes", "check", "compare", "validate", "demo", "list", "schema"):
        assert verb in out
        assert accelsim_cli(verb, "--help")[0] == 0


def test_version(accelsim_cli: Cli) -> None:
    assert accelsim_cli("--version")[1].strip() == f"accelsim {accelsim.__version__}"


def test_list(accelsim_cli: Cli) -> None:
    code, out, _ = accelsim_cli("list", "workloads")
    names = [line.split()[0] for line in out.splitlines()]
    assert code == 0
    assert {"attention/one-pass", "bert-base", "conv2d", "matmul", "xlm"} <= set(names)
    _, out, _ = accelsim_cli("list", "--json", "-")
    listed = json.loads(out)
    assert {"fusemax", "flat", "unfused"} <= set(listed["architectures"])
    assert {"fusemax", "fusemax-serial", "auto"} <= set(listed["mappers"])
    assert listed["devices"]["a100-40g"] == "Ampere, 40 GB of HBM2, 2020"
    code, _, err = accelsim_cli("list", "workload")
    assert code == 2
    assert "did you mean 'workloads'?" in err


def test_demo_writes_its_report(accelsim_cli: Cli, tmp_path: Path) -> None:
    code, out, _ = accelsim_cli("demo", "--report", str(tmp_path / "demo"))
    assert code == 0
    assert "fusemax" in out
    assert (tmp_path / "demo" / "report.md").read_text().startswith("# BERT attention")
    assert (tmp_path / "demo" / "roofline.png").read_bytes()[:4] == b"\x89PNG"


@pytest.mark.slow
def test_validate_fusemax(accelsim_cli: Cli, tmp_path: Path) -> None:
    code, out, _ = accelsim_cli("validate", "fusemax", "--json", "-", "--report", str(tmp_path))
    assert code == 0
    figures = json.loads(out)
    keys = {"figure", "source", "published", "ours", "deviation", "tolerance", "ok"}
    assert all(set(figure) >= keys for figure in figures)
    headlines = {figure["figure"]: figure for figure in figures}
    for name, published in [
        ("attention, speedup over FLAT", 6.7),
        ("attention, speedup over unfused", 10),
        ("end to end, speedup over FLAT", 5.3),
        ("end to end, speedup over unfused", 7.6),
    ]:
        assert headlines[name]["published"] == published
        assert headlines[name]["tolerance"] == 0.01
        assert headlines[name]["ours"] == pytest.approx(published, rel=0.01)
    energy = headlines["attention, energy relative to FLAT"]
    assert (energy["tolerance"], energy["ok"]) == (None, None)
    assert energy["note"]
    assert "| attention, speedup over FLAT | 6.7 |" in (tmp_path / "validation.md").read_text()


def test_validate_fails_where_a_figure_is_out_of_tolerance(
    accelsim_cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from accelsim.accelerators.registry import Accelerator

    wrong = [Figure("x", "source", 1.0, 1.02, 0.01), Figure("y", "source", 1.0, 9.0, None)]
    monkeypatch.setattr(Accelerator, "figures", lambda self: wrong)
    code, out, _ = accelsim_cli("validate", "--report", str(tmp_path))
    assert code == 1
    assert "OUT OF TOLERANCE" in out
    assert "not asserted" in out


def test_figure_at_the_edge_of_its_tolerance() -> None:
    assert module.Figure("x", "s", 100.0, 101.0, 0.01).ok
    assert not module.Figure("x", "s", 100.0, 101.01, 0.01).ok


def test_unknown_accelerator(accelsim_cli: Cli) -> None:
    code, _, err = accelsim_cli("validate", "fusemx")
    assert code == 2
    assert "did you mean 'fusemax'?" in err
