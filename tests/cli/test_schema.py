"""`accelsim schema`: accepts what accelsim accepts, and refuses what is misspelt."""

import json
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

import accelsim
from accelsim.architecture.devices import DEVICES
from accelsim.documents import read_document
from accelsim.library import ARCHITECTURES, MAPPERS, WORKLOADS, Folder, shipped
from accelsim.schemas import KINDS, json_schema

Cli = Callable[..., tuple[int, str, str]]

FOLDERS: dict[str, Folder] = {
    "workload": WORKLOADS, "architecture": ARCHITECTURES, "mapper": MAPPERS, "device": DEVICES,
}  # fmt: skip
SHIPPED = [(kind, name) for kind, folder in FOLDERS.items() for name in shipped(folder)]


def data(kind: str, name: str) -> Any:
    return deepcopy(read_document(shipped(FOLDERS[kind])[name]).data)


def accepts(kind: str, value: object) -> bool:
    return Draft202012Validator(json_schema(kind)).is_valid(value)


def change(value: Any, path: str, to: object) -> Any:
    """A copy with one thing changed, or without it where ``to`` is ``...``."""
    copy = deepcopy(value)
    at, steps = copy, [int(step) if step.isdigit() else step for step in path.split("/")]
    for step in steps[:-1]:
        at = at[step]
    if to is ...:
        del at[steps[-1]]
    else:
        at[steps[-1]] = to
    return copy


@pytest.fixture(scope="module")
def result() -> dict[str, Any]:
    found = accelsim.simulate("bert-base", on="fusemax", set={"B": 1, "P": 512})
    return json.loads(json.dumps(found.as_json()))


@pytest.mark.parametrize("kind", KINDS)
def test_a_schema_is_one(kind: str, accelsim_cli: Cli) -> None:
    code, out, err = accelsim_cli("schema", kind)
    schema = json.loads(out)
    assert (code, err) == (0, "")
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"] == f"accelsim {kind}"
    Draft202012Validator.check_schema(schema)


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_is_described(kind: str) -> None:
    """But for those of layers of a network, `kind` and names that say it themselves."""
    bare = []
    for model, schema in json_schema(kind)["$defs"].items():
        for key, field in schema.get("properties", {}).items():
            if "description" not in field:
                bare.append(f"{model}.{key}")
    assert [each for each in bare if kind != "workload" and not each.endswith(".kind")] == []


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_shipped_files_are_accepted(kind: str, name: str) -> None:
    assert list(Draft202012Validator(json_schema(kind)).iter_errors(data(kind, name))) == []


@pytest.mark.parametrize(("kind", "name"), SHIPPED)
def test_a_misspelt_key_is_refused_in_every_shipped_file(kind: str, name: str) -> None:
    assert not accepts(kind, {**data(kind, name), "naem": "x"})


def test_a_result_is_accepted(result: dict[str, Any]) -> None:
    assert list(Draft202012Validator(json_schema("result")).iter_errors(result)) == []
    assert accepts("result", {**result, "added": 1})
    assert accepts("result", accelsim.simulate("matmul", on="systolic-os").as_json())


@pytest.mark.parametrize(
    ("path", "to"),
    [
        ("cycles", "1"),
        ("cycles", ...),
        ("seconds", None),
        ("schema_version", 2),
        ("layers/0/blocks/0/limiting", ...),
        ("layers/0/blocks/0/busy_cycles", []),
        ("einsums/0/cycles", 1.5),
        ("energy_breakdown_pj/DRAM/read", -1),
        ("clock_hz", 0),
        ("mapper", "\x1b"),
    ],
)
def test_wrong_results_are_refused(result: dict[str, Any], path: str, to: object) -> None:
    assert not accepts("result", change(result, path, to))


@pytest.mark.parametrize(
    ("kind", "name", "path", "to"),
    [
        ("workload", "matmul", "cascade", ...),
        ("workload", "matmul", "cascade", "Z[m] = A[m]"),
        ("workload", "matmul", "tensors/A", "M"),
        ("workload", "matmul", "ranks/M", True),
        ("workload", "matmul", "ranks/M", []),
        ("workload", "bert-base", "layers/0/repaet", 1),
        ("workload", "bert-base", "layers/0/name", ...),
        ("workload", "bert-base", "layers/0/repeat", None),
        ("architecture", "fusemax", "components", ...),
        ("architecture", "fusemax", "components/array_2d/rowz", 1),
        ("architecture", "fusemax", "components/array_2d/columns", ...),
        ("architecture", "fusemax", "components/array_2d/kind", "memroy"),
        ("architecture", "fusemax", "components/array_2d/kind", ...),
        ("architecture", "fusemax", "components/DRAM/bandwidth_bytes_per_s", -1),
        ("architecture", "fusemax", "components/DRAM/bandwidth_bytes_per_s", "fast"),
        ("architecture", "fusemax", "components/DRAM/access_bits", 0),
        ("architecture", "fusemax", "components/DRAM/energy_pj/read", ...),
        ("architecture", "fusemax", "clock_hz", True),
        ("architecture", "flat", "components/global_buffer/size_byte", 1),
        ("architecture", "flat", "components/array_1d/operations/exp/actoins", {}),
        ("architecture", "flat", "components/array_1d/operations/exp", {"cycles": 1}),
        ("architecture", "flat", "components/global_buffer/size_bytes", []),
        ("mapper", "fusemax", "name", ...),
        ("mapper", "fusemax", "cases/0/blocks/0/nest", ...),
        ("mapper", "fusemax", "cases/0/blocks/0/nest/0", {"fro": "B"}),
        ("mapper", "fusemax", "cases/0/blocks/0/nest/0", {"for": 3}),
        ("mapper", "fusemax", "cases/0/blocks/0/nest/2/keep/global_buffer", "Q"),
        ("mapper", "fusemax", "cases/0/tiles/P1/fits", ...),
        ("mapper", "auto", "search/tiles", "outputs"),
        ("device", "a100-40g", "bandwidth_bytes_per_s", ...),
        ("device", "a100-40g", "bandwidth_bytes_per_s", "fast"),
        ("device", "a100-40g", "peak_operations_per_s", ...),
        ("device", "a100-40g", "peak_operations_per_s/fp16", -1),
        ("device", "a100-40g", "peak_operations_per_s", {"fp61": 1}),
        ("device", "a100-40g", "sparse_peak_operations_per_s", {"half": {"fp16": 1}}),
        ("device", "a100-40g", "sources/bandwith", "x"),
    ],
)
def test_wrong_files_are_refused(kind: str, name: str, path: str, to: object) -> None:
    assert not accepts(kind, change(data(kind, name), path, to))


@pytest.mark.parametrize(
    ("kind", "name", "path", "to"),
    [
        ("workload", "matmul", "ranks/M", None),
        ("workload", "matmul", "ranks/M", "2 * N"),
        ("workload", "matmul", "ranks/M", 4.0),
        ("workload", "bert-base", "parameters/P", None),
        ("workload", "bert-base", "layers/0/repeat", "layers * 2"),
        ("architecture", "fusemax", "clock_hz", "940e6"),
        ("architecture", "fusemax", "clock_hz", "1_000.5"),
        ("architecture", "fusemax", "word_bits", "16"),
        ("architecture", "fusemax", "components/array_2d/rows", "array_1d.columns"),
        ("architecture", "fusemax", "components/global_buffer/size_bytes", None),
        ("architecture", "fusemax", "components/DRAM/energy_pj", None),
        ("architecture", "flat", "components/array_1d", None),
        ("architecture", "flat", "components/array_1d/operations/exp", None),
        ("architecture", "flat", "components/registers_2d/energy_pj", {"read": 1}),
        ("architecture", "flat", "components/registers_2d/energy_pj", {"read": "1e0"}),
        ("architecture", "flat", "clock_hz", None),
        ("architecture", "flat", "name", ...),
        ("mapper", "fusemax", "cases/0/blocks/0/nest/0", {"for": "B"}),
        ("mapper", "fusemax", "cases/0/tiles/P1", "P0 * 2"),
        ("mapper", "fusemax", "cases/0/blocks/0", {"search": ["BQK"]}),
        ("mapper", "fusemax", "fallback", None),
        ("device", "a100-40g", "peak_operations_per_s", None),
        ("device", "a100-40g", "peak_operations_per_s/fp16", 312e12),
        ("device", "a100-40g", "sparse_peak_operations_per_s", None),
        ("device", "a100-40g", "memory_bytes", "40e9"),
        ("device", "a100-40g", "on_chip_bytes", ...),
    ],
)
def test_what_accelsim_takes_is_accepted(kind: str, name: str, path: str, to: object) -> None:
    assert accepts(kind, change(data(kind, name), path, to))


def test_a_machine_without_extends_must_be_whole() -> None:
    flat = data("architecture", "flat")
    assert accepts("architecture", flat)
    assert not accepts("architecture", change(flat, "extends", ...))
    assert not accepts("architecture", change(flat, "extends", None))


def test_kinds_are_listed_without_one(accelsim_cli: Cli) -> None:
    code, out, _ = accelsim_cli("schema")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == list(KINDS)
    assert json.loads(accelsim_cli("schema", "--json", "-")[1]) == KINDS


def test_unknown_kind(accelsim_cli: Cli) -> None:
    code, out, err = accelsim_cli("schema", "worklaod")
    assert (code, out) == (2, "")
    assert err == (
        "accelsim: kind of schema 'worklaod' is unknown; did you mean 'workload'? "
        "valid: architecture, device, mapper, result, study, workload\n"
    )


def test_to_a_file(accelsim_cli: Cli, tmp_path: Path) -> None:
    path = tmp_path / "mapper.json"
    code, out, err = accelsim_cli("schema", "mapper", "--json", str(path))
    assert (code, out, err) == (0, "", f"written: {path}\n")
    assert json.loads(path.read_text()) == json_schema("mapper")
