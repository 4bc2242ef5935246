"""The cache of searches: what it saves, and that nothing in it can make a figure wrong."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import accelsim
from accelsim.mapping.mapping import Block, Compute, Keep, Loop, Move, Nest
from accelsim.mapping.schema import SearchFile
from accelsim.search import cache as module
from accelsim.search import searches
from accelsim.search.block_data import block_from_data, block_to_data, renamed_block
from accelsim.search.cache import Cache, user_cache
from accelsim.search.layer import Unit, unit_front
from accelsim.search.option import Option
from accelsim.search.search_key import key_of

SIZES = {"M": 64, "N": 48, "K": 32}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("ACCELSIM_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "searches"


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the Einsums that were searched."""
    names: list[str] = []

    def noted(unit: Unit) -> tuple[Option, ...]:
        names.extend(unit.names)
        return unit_front(unit)

    monkeypatch.setattr(searches, "unit_front", noted)
    return names


def run(**more: object) -> dict[str, object]:
    arguments = {"on": "ref3", "set": SIZES, "mapper": "optimal", "objective": "edp", **more}
    return accelsim.simulate("matmul", **arguments).as_json()  # type: ignore[arg-type]


def test_what_was_found_is_not_searched_again(folder: Path, ran: list[str]) -> None:
    first = run()
    assert ran == ["Z"]
    assert len(list(folder.iterdir())) == 1
    assert run() == first
    assert run(objective="latency")["cycles"] == first["cycles"]
    assert ran == ["Z"]
    assert run(cache=False) == first
    assert ran == ["Z", "Z"]


@pytest.mark.parametrize(
    "more",
    [
        {"set": {**SIZES, "K": 64}},
        {"arch": {"GLB.size_bytes": 4096}},
        {"arch": {"DRAM.bandwidth_bytes_per_s": 1e9}},
        {"arch": {"PEs.rows": 8}},
        {"arch": {"clock_hz": 2e9}},
        {"arch": {"word_bits": 16}},
        {"mapper": "optimal-bypass"},
        {"mapper": "input-stationary"},
    ],
    ids=str,
)
def test_whatever_matters_is_searched_anew(
    folder: Path, ran: list[str], more: dict[str, object]
) -> None:
    run()
    found = run(**more)
    assert ran == ["Z", "Z"]
    assert found == run(**more, cache=False)


DAMAGES: dict[str, Callable[[str], str]] = {
    "empty": lambda text: "",
    "half": lambda text: text[: len(text) // 2],
    "not JSON": lambda text: "{]",
    "deep": lambda text: "[" * 100_000,
    "a list": lambda text: "[]",
    "a tile": lambda text: text.replace('{"R0":', '{"R1":', 1),
    "a figure": lambda text: text.replace('"schema":1', '"schema":99'),
    "no options": lambda text: json.dumps({**json.loads(text), "options": []}),
    "another key": lambda text: json.dumps({**json.loads(text), "key": "0" * 64}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_as_good_as_none(folder: Path, ran: list[str], damage: str) -> None:
    first = run()
    (path,) = folder.iterdir()
    sound = path.read_text()
    damaged = DAMAGES[damage](sound)
    assert damaged != sound
    path.write_text(damaged)
    assert run() == first
    assert ran == ["Z", "Z"]
    assert path.read_text() == sound


def forged(path: Path, blocks: list[dict[str, object]]) -> None:
    data = json.loads(path.read_text())
    data["options"] = [blocks]
    data["sum"] = module._sum_of(data["options"])
    path.write_text(json.dumps(data))


@pytest.mark.parametrize(
    "nest",
    [
        [{"einsum": "T0", "on": "nowhere"}],
        [{"einsum": "T1", "on": "PEs"}],
        [{"einsum": "T7", "on": "PEs"}],
        [{"for": {"R9": 1}}, {"einsum": "T0", "on": "PEs"}],
        [{"keep": {"XX": ["T0"]}}, {"einsum": "T0", "on": "PEs"}],
        [{"keep": {"RF": ["T0", "T1"]}}, {"einsum": "T0", "on": "PEs"}],
        [{"einsum": "T0", "on": "PEs", "rows": {"R0": 17}}],
        [{"einsum": "T0", "on": "PEs"}, {"einsum": "T0", "on": "PEs"}],
        [{"for": {"R0": "__import__('os')"}}, {"einsum": "T0", "on": "PEs"}],
    ],
    ids=str,
)
def test_a_forged_mapping_that_is_not_legal_is_not_taken(
    folder: Path, ran: list[str], nest: list[dict[str, object]]
) -> None:
    first = run()
    (path,) = folder.iterdir()
    forged(path, [{"name": "T0", "nest": nest}])
    assert run() == first
    assert ran == ["Z", "Z"]


def test_a_forged_mapping_that_is_legal_is_counted_as_what_it_is(folder: Path) -> None:
    """It is not the best one then, but the figures are those of the mapping that is reported."""
    first = run()
    (path,) = folder.iterdir()
    forged(path, [{"name": "T0", "nest": [{"einsum": "T0", "on": "PEs"}]}])
    found = run()
    assert found["cycles"] == SIZES["M"] * SIZES["N"] * SIZES["K"]
    assert found != first


def test_other_names_are_the_same_search(folder: Path, ran: list[str], tmp_path: Path) -> None:
    first = run()
    other = tmp_path / "other.yaml"
    other.write_text(
        "name: other\nranks: {I: 64, J: 48, H: 32}\ntensors: {X: [I, H], W: [H, J]}\n"
        "cascade:\n  - Y[i,j] = X[i,h] * W[h,j]\n"
    )
    found = accelsim.simulate(str(other), on="ref3", mapper="optimal", objective="edp")
    assert ran == ["Z"]
    assert (found.cycles, found.energy_pj) == (first["cycles"], first["energy_pj"])


def test_layers_with_other_names_are_searched_once(ran: list[str], tmp_path: Path) -> None:
    (tmp_path / "other.yaml").write_text(
        "name: other\nranks: {I: 64, J: 48, H: 32}\ntensors: {X: [I, H], W: [H, J]}\n"
        "cascade:\n  - Y[i,j] = X[i,h] * W[h,j]\n"
    )
    path = tmp_path / "net.yaml"
    path.write_text(
        "name: net\nlayers:\n"
        "  - {name: a, cascade: matmul, set: {M: 64, N: 48, K: 32}}\n"
        f"  - {{name: b, cascade: {tmp_path}/other.yaml}}\n"
    )
    result = accelsim.simulate(str(path), on="ref3", mapper="optimal-bypass")
    assert ran == ["Z"]
    first, second = result.layers
    assert (first.cycles, first.energy_pj) == (second.cycles, second.energy_pj)
    assert [einsum.name for einsum in result.einsums] == ["a.Z", "b.Y"]


def test_equal_layers_are_searched_once(ran: list[str], tmp_path: Path) -> None:
    path = tmp_path / "net.yaml"
    lines = [
        f"  - {{name: l{i}, cascade: matmul, set: {{M: 64, N: {n}, K: 32}}, repeat: 2}}\n"
        for i, n in enumerate((48, 16, 48, 16, 48))
    ]
    path.write_text(f"name: net\nlayers:\n{''.join(lines)}")
    result = accelsim.simulate(str(path), on="ref3", mapper="optimal")
    assert ran == ["Z", "Z"]
    assert len({layer.cycles for layer in result.layers}) == 2


def test_keys_tell_operations_apart() -> None:
    """Keys differ wherever what an array does at a point differs."""
    machine = accelsim.load_architecture("fusemax")
    keys = set()
    for text in ("Z[m] = A[m,k] * B[k,m]", "Z[m] = A[m,k] + B[k,m]", "Z[m] = max(k) A[m,k]"):
        cascade = accelsim.cascade_from_text(
            text, ranks={"M": 4, "K": 4}, tensors={"A": ["M", "K"], "B": ["K", "M"]}
        )
        words = dict.fromkeys(cascade.tensors, 16)
        keys.add(key_of(["Z"], cascade, machine, words=words, search=SearchFile()).text)
    assert len(keys) == 3


def test_where_the_cache_lies(tmp_path: Path) -> None:
    assert user_cache({"ACCELSIM_CACHE": "off"}) is None
    found = user_cache({"XDG_CACHE_HOME": str(tmp_path)})
    assert found == Cache(tmp_path / "accelsim" / "searches")
    relative = user_cache({"XDG_CACHE_HOME": "not/absolute"})
    assert relative is not None
    assert relative.folder == Path("~/.cache/accelsim/searches").expanduser()


def test_a_folder_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("ACCELSIM_CACHE", str(tmp_path / "file"))
    with pytest.raises(accelsim.InputError, match=r"ACCELSIM_CACHE: folder .*; name another one"):
        run()
    monkeypatch.delenv("ACCELSIM_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert run() == run(cache=False)


def test_the_oldest_files_are_deleted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_FILES", 2)
    run()
    (first,) = folder.iterdir()
    run(set={**SIZES, "K": 64})
    second = next(path for path in folder.iterdir() if path != first)
    os.utime(first, (1e9, 1e9))
    os.utime(second, (1.5e9, 1.5e9))
    run()  # Reads the first, which is used now: the second is the oldest.
    run(set={**SIZES, "K": 16})
    assert first in folder.iterdir()
    assert second not in folder.iterdir()
    assert len(list(folder.iterdir())) == 2


EVERYTHING = Block(
    "Z+Y",
    Nest(
        (Loop("M", 4), Keep("L2", (("A", "B"), ("Z",))), Loop("K", 1)),
        (
            Compute("Z", "a", (("M", 2), ("K", 3)), "N", ("K",), ("A",), ("B",), "K"),
            Nest((Loop("M", 2),), (Compute("Y", "a"),)),
            Nest((), (Compute("X", "b"),)),
        ),
    ),
    epochs=(("Z", Move("Z", "link")), ("Y", "X")),
    reserve_bytes={"L2": 64},
    spill=("L2",),
    halo="overlap",
    double_buffer=("L2",),
    rounds=("L2", "L3"),
)


def test_blocks_survive_as_data_and_under_other_names() -> None:
    data = json.loads(json.dumps(block_to_data(EVERYTHING)))
    assert block_from_data(data) == EVERYTHING
    ranks = {"M": "R0", "K": "R1", "N": "R2"}
    tensors = {name: f"T{name}" for name in "ABXYZ"}
    other = renamed_block(EVERYTHING, ranks, tensors)
    assert other.name == "TZ+TY"
    assert not re.search(r"'[ABXYZMNK]'", repr(other))
    back = [{new: old for old, new in names.items()} for names in (ranks, tensors)]
    assert renamed_block(other, *back) == EVERYTHING


def test_a_block_that_no_file_can_say_is_refused() -> None:
    block = Block("Z", Nest((), (Compute("Z", "a", (("M", 2), ("M", 2))),)))
    with pytest.raises(accelsim.InputError, match="none that a mapper file can say"):
        block_to_data(block)
