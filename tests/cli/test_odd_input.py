"""Cascades, mappers and figures that are odd but legal, or wrong in ways that once went unseen."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import accelsim

Cli = Callable[..., tuple[int, str, str]]


def traffic(text: str, ranks: dict[str, int], tensors: dict[str, list[str]], tmp: Path) -> float:
    path = tmp / "odd.yaml"
    path.write_text(
        json.dumps({"name": "odd", "ranks": ranks, "tensors": tensors, "cascade": text.split("; ")})
    )
    return accelsim.simulate(str(path), on="fusemax").traffic_bytes["DRAM"]


def test_two_accesses_to_different_elements_are_both_read(tmp_path: Path) -> None:
    ranks = {"M": 300, "L": 600}
    assert traffic("Z[m] = A[2*m] * A[2*m+1]", ranks, {"A": ["L"]}, tmp_path) == 2 * 900


def test_a_scalar_is_an_einsum_of_one_point(tmp_path: Path) -> None:
    text = "S[] = A[m]; Z[] = S[] / M"
    assert traffic(text, {"M": 8}, {"A": ["M"]}, tmp_path) == 2 * (8 + 1 + 1 + 1)


def test_a_gram_matrix_is_tiled(tmp_path: Path) -> None:
    path = tmp_path / "gram.yaml"
    path.write_text(
        "name: gram\nranks: {M: 512, N: 512, K: 513}\ntensors: {A: [M, K]}\n"
        "cascade: ['Z[m,n] = A[m,k] * A[n,k]']\n"
    )
    result = accelsim.simulate(str(path), on="systolic-os")
    assert result.operations == 512 * 512 * 513
    assert result.traffic_bytes["DRAM"] >= 2 * (512 * 513 + 512 * 512)


def test_a_rank_alone_and_in_a_sum_is_refused_not_miscounted(tmp_path: Path) -> None:
    ranks, tensors = {"M": 20, "N": 20, "L": 39}, {"A": ["M", "L"]}
    with pytest.raises(accelsim.UnsupportedError, match="a rank stands in two indices"):
        traffic("Z[m] = A[m,m+n]", ranks, tensors, tmp_path)


def test_very_many_ranks_end(tmp_path: Path) -> None:
    names = [f"R{i}" for i in range(24)]
    indices = ",".join(name.lower() for name in names)
    ranks = dict.fromkeys(names, 2)
    assert traffic(f"Z[] = X[{indices}]", ranks, {"X": names}, tmp_path) == 2 * (2**24 + 1)


def test_a_stepwise_group_that_does_not_fit_together_streams() -> None:
    sizes = {"B": 1, "H": 1, "P": 2000}
    result = accelsim.simulate("attention/one-pass", on="flat-edge", mapper="auto", set=sizes)
    assert result.cycles > 0


def test_whole_numbers_of_numpy_are_whole_numbers() -> None:
    def run(one: Any) -> dict[str, Any]:
        sizes = dict.fromkeys("MNK", one)
        return accelsim.simulate("matmul", on="systolic-os", set=sizes).as_json()

    assert json.dumps(run(np.int64(2**21))) == json.dumps(run(2**21))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"set": {"M": [1]}}, "size of 'M' is [1], must be a whole number"),
        ({"set": {"M": True}}, "size of 'M' is True, must be a whole number"),
        ({"set": "M=1"}, "set is 'M=1', must be a mapping"),
        ({"arch": "a=1"}, "arch is 'a=1', must be a mapping"),
        ({"on": None}, "on is None, must be a name"),
        ({"mapper": 3}, "mapper is 3, must be a name"),
        ({"objective": 3}, "objective is 3 and fidelity"),
        ({"set": {"M": "1e308"}}, "leads to a number of over 300 digits, must be shorter"),
        ({"set": {"M": "4#c"}}, "holds '#'"),
        ({"arch": {"clock_hz": 5e-324}}, "--arch clock_hz=5e-324: architecture: clock_hz is 5e-"),
        ({"arch": {"clock_hz": True}}, "clock_hz is true, must be a number"),
        ({"arch": {"array.energy_pj.macc": 1}}, "functional unit 'macc' is unknown; did you"),
        ({"arch": {"array.rows": "x"}}, "--arch array.rows=x: architecture: array.rows: figure"),
    ],
)
def test_wrong_arguments_in_python(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(accelsim.InputError) as error:
        accelsim.simulate("matmul", **{"on": "systolic-os", **arguments})
    assert message in str(error.value)


def test_a_figure_that_is_set_carries_that_as_its_source() -> None:
    arch = {"clock_hz": 5e8, "array.energy_pj.mac": 1, "buffer.size_bytes": 2**20}
    sources = accelsim.simulate("matmul", on="systolic-os", arch=arch).sources
    assert sources["clock_hz"] == "set by the user (clock_hz=500000000.0)"
    assert sources["array.energy.mac"] == "set by the user (array.energy_pj.mac=1)"
    assert sources["array.energy"].startswith("FuseMax artifact")
    assert sources["buffer.size"] == "set by the user (buffer.size_bytes=1048576)"


def test_a_machine_that_is_no_mapping_is_refused_with_an_override_too(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("- a\n- list\n")
    with pytest.raises(accelsim.InputError, match="architecture is a list, must be a mapping"):
        accelsim.simulate("matmul", on=str(path), arch={"array.rows": 3})


def test_paths_are_taken_as_paths(tmp_path: Path) -> None:
    machine, mapper = tmp_path / "mine.yaml", tmp_path / "mapper.yaml"
    machine.write_text("extends: systolic-os\nname: mine\n")
    mapper.write_text("name: mine\nfallback: weight-stationary\n")
    result = accelsim.simulate("matmul", on=machine, mapper=mapper)
    assert result.layers[0].mapper == "weight-stationary"


NEST = "name: mine\ncases: [{blocks: [{name: b, nest: [STEPS]}]}]\n"
Z = "{einsum: Z, on: array, rows: M, columns: N}"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (NEST.replace("STEPS", Z[:-1] + ", forward: [A]}"), "forwarded tensor 'A' is not made"),
        (NEST.replace("STEPS", "{keep: {buffer: [B, B]}}, " + Z), "'B' is kept twice in 'buffer'"),
        (
            NEST.replace("STEPS", "{keep: {buffer: [[]]}}, " + Z),
            "keep.buffer.0 is a list, must have at least 1 entry",
        ),
        (NEST.replace("STEPS", Z.replace("rows", "rowz")), "key 'rowz' is unknown; did you mean"),
        (NEST.replace("STEPS", "{loop: M}, " + Z), "must have one of the keys for, keep, einsum"),
        (NEST.replace("STEPS", "{for: {M: true}}, " + Z), "for.M is true, must be a number"),
        (
            NEST.replace("{blocks", "{ranks: {M: 4}, blocks").replace("STEPS", Z),
            "rank that splits another 'M' is unknown",
        ),
        (
            NEST.replace("{blocks", "{tiles: {M: 4}, blocks").replace("STEPS", Z),
            "tile 'M' has the name of a rank",
        ),
    ],
)
def test_wrong_mappers_get_one_message(
    accelsim_cli: Cli, tmp_path: Path, text: str, message: str
) -> None:
    path = tmp_path / "mapper.yaml"
    path.write_text(text)
    code, _, err = accelsim_cli("simulate", "matmul", "--on", "systolic-os", "--mapper", str(path))
    assert code == 2
    assert message in err
    assert len(err.splitlines()) == 1


def test_a_tensor_kept_inside_an_array_is_read_there(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mapper.yaml"
    path.write_text(NEST.replace("STEPS", "{keep: {registers_1d: [A]}}, {einsum: Z, on: array_2d}"))
    code, _, err = accelsim_cli("simulate", "matmul", "--on", "fusemax", "--mapper", str(path))
    assert code == 2
    assert "'A' is kept in 'registers_1d', inside 'array_1d', but Einsum 'Z' reads it on" in err


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_said(accelsim_cli: Cli) -> None:
    code, _, err = accelsim_cli("list", "--json", "/dev/full")
    assert code == 2
    assert "'/dev/full' cannot be written: No space left on device" in err


def test_outputs_keep_links_and_modes(accelsim_cli: Cli, tmp_path: Path) -> None:
    target, link = tmp_path / "target.json", tmp_path / "link.json"
    target.write_text("old")
    target.chmod(0o600)
    link.symlink_to(target)
    assert accelsim_cli("list", "--json", str(link))[0] == 0
    assert link.is_symlink()
    assert target.stat().st_mode & 0o777 == 0o600
    assert "workloads" in json.loads(target.read_text())
    code, _, err = accelsim_cli("list", "--json", str(tmp_path / ("x" * 300)))
    assert code == 2
    assert "cannot be written: File name too long" in err
