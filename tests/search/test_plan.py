"""Mapping whole workloads: which search maps what, bounds over all layers, processes."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import accelsim
from accelsim.architecture import load_architecture
from accelsim.library import MAPPERS, shipped
from accelsim.mapping.load import load_mapper
from accelsim.mapping.mapping import Compute, Keep
from accelsim.mapping.schema import SearchFile
from accelsim.pipeline import map_workload
from accelsim.search import searches
from accelsim.search.layer import METHODS, layer_front, units_of
from accelsim.search.optimal import front_of
from accelsim.search.plan import plan_layer
from accelsim.search.space_size import choices_of, dividing_ranks
from accelsim.workload import load_workload


@pytest.fixture(autouse=True, scope="module")
def _one_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What one test searched the next one knows: figures are counted anew in any case."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ACCELSIM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


EXACT = SearchFile(method="exact", fuse=False)

RECURRENT = """
name: running
ranks: {T: 16, D: 32}
tensors: {G: [T, D], X: [T, D], W: [T, D]}
cascade:
  - A[t,d]   = G[t,d] * W[t,d]
  - F[t,d]   = A[t,d] * H[t,d]
  - H[t+1,d] = F[t,d] + X[t,d]   where H[0,d] = 0
  - S[t,d]   = W[t,d] * W[T-1-t,d]
"""


def test_the_published_figures_of_the_reference_machine() -> None:
    sizes = {"M": 1024, "N": 1024, "K": 1024}
    found = {
        name: accelsim.simulate("matmul", on="ref3", set=sizes, mapper=name, objective="edp")
        for name in ("optimal", "optimal-bypass")
    }
    assert {run.cycles for run in found.values()} == {4_194_304}
    assert found["optimal"].energy_pj == pytest.approx(1371.956_838_4e6, rel=1e-12)
    assert found["optimal-bypass"].energy_pj == pytest.approx(607.544_934_4e6, rel=1e-12)


def test_optimal_is_never_worse_than_the_enumerated_set() -> None:
    for sizes in ({"M": 64, "N": 64, "K": 64}, {"M": 512, "N": 8, "K": 100}):
        for objective in ("latency", "energy", "edp"):
            best, listed = (
                accelsim.simulate("matmul", on="ref3", set=sizes, mapper=m, objective=objective)
                for m in ("optimal", "auto")
            )
            assert best.energy_pj is not None
            assert listed.energy_pj is not None
            product = best.energy_pj * best.cycles, listed.energy_pj * listed.cycles
            ours, theirs = {
                "latency": (best.cycles, listed.cycles),
                "energy": (best.energy_pj, listed.energy_pj),
                "edp": product,
            }[objective]
            assert ours <= theirs * (1 + 1e-12)


def test_what_exact_search_cannot_take_is_enumerated_and_said_so(tmp_path: Path) -> None:
    path = tmp_path / "running.yaml"
    path.write_text(RECURRENT)
    (layer,) = accelsim.simulate(str(path), on="fusemax", mapper="optimal").layers
    assert layer.search == {"A": "exact", "F": "enumerate", "H": "enumerate", "S": "enumerate"}
    assert layer.mapper == "optimal"
    assert [block.name for block in layer.blocks] == ["A", "F+H", "S"]


def test_a_case_may_leave_einsums_to_an_exact_search(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    text = (MAPPERS.path / "unfused.yaml").read_text()
    path.write_text(f"{text}search: {{method: exact}}\n")
    sizes = {"B": 1, "H": 1, "M": 256, "P": 256}
    runs = [
        accelsim.simulate("attention/three-pass", on="unfused", set=sizes, mapper=mapper)
        for mapper in (str(path), "unfused")
    ]
    assert runs[0].layers[0].search == {"QK": "exact", "AV": "exact"}
    assert runs[1].layers[0].search == {"QK": "enumerate", "AV": "enumerate"}
    assert runs[0].cycles <= runs[1].cycles
    softmax = [[b for b in run.layers[0].blocks if b.name == "softmax"] for run in runs]
    assert softmax[0] == softmax[1]


def network(folder: Path) -> str:
    path = folder / "net.yaml"
    path.write_text(
        "name: net\n"
        "layers:\n"
        "  - {name: a, cascade: attention/products, set: {M: 64, P: 64, E: 16, F: 16}}\n"
        "  - {name: b, cascade: conv2d, set: {C: 3, K: 16, P: 28, Q: 28, R: 7, S: 7}, repeat: 3}\n"
        "  - {name: c, cascade: matmul, set: {M: 32, N: 32, K: 32}}\n"
        "  - {name: d, cascade: matmul, set: {M: 32, N: 32, K: 64}}\n"
    )
    return str(path)


def test_bounds_and_products_hold_for_all_layers_together(tmp_path: Path) -> None:
    net = network(tmp_path)
    mapped = map_workload(net, on="ref3", mapper="optimal", objective="edp")
    front = [(point.cycles, point.energy_pj or 0.0) for point in mapped.plans.front]
    assert len(front) > 3
    assert mapped.result.energy_pj is not None
    least = min(cycles * energy for cycles, energy in front)
    assert mapped.result.cycles * mapped.result.energy_pj == pytest.approx(least)
    for cycles, energy in (front[0], front[len(front) // 2], front[-1]):
        bound = accelsim.simulate(
            net, on="ref3", mapper="optimal", objective="energy", at_most={"cycles": cycles}
        )
        assert bound.cycles == cycles
        assert bound.energy_pj == pytest.approx(energy)
        bound = accelsim.simulate(net, on="ref3", mapper="optimal", at_most={"energy_pj": energy})
        assert bound.cycles == cycles


def test_a_bound_just_below_the_least_is_out_of_reach(tmp_path: Path) -> None:
    net = network(tmp_path)
    least = accelsim.simulate(net, on="ref3", mapper="optimal").cycles
    assert accelsim.simulate(net, on="ref3", mapper="optimal", at_most={"cycles": least})
    with pytest.raises(accelsim.InputError, match=rf"must be at least {least}, the least"):
        accelsim.simulate(net, on="ref3", mapper="optimal", at_most={"cycles": least - 1})


def test_enumerated_mappings_of_other_objectives_may_meet_a_bound() -> None:
    arch = {"GLB.bandwidth_bytes_per_s": 1e9, "GLB.size_bytes": 2**14}

    def run(objective: str, at_most: dict[str, float] | None = None) -> accelsim.Result:
        sizes = {"M": 64, "N": 64, "K": 64}
        return accelsim.simulate(
            "matmul", on="ref3", set=sizes, arch=arch, objective=objective, at_most=at_most
        )

    fastest = run("latency").cycles
    assert fastest < run("energy").cycles
    assert run("energy", at_most={"cycles": fastest}).cycles == fastest


def test_bounds_on_energies_that_are_not_known() -> None:
    for mapper in ("optimal", "auto"):
        accelsim.simulate("matmul", on="systolic-os", mapper=mapper, at_most={"cycles": 1e9})
        with pytest.raises(accelsim.InputError, match=r"a bound on energy_pj needs .*buffer\."):
            accelsim.simulate("matmul", on="systolic-os", mapper=mapper, at_most={"energy_pj": 1})
        with pytest.raises(accelsim.InputError, match=r"objective 'edp' needs .*buffer\.energy_pj"):
            accelsim.simulate("matmul", on="systolic-os", mapper=mapper, objective="edp")


@pytest.mark.slow
def test_processes_find_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net = network(tmp_path)
    alone = accelsim.simulate(net, on="ref3", mapper="optimal")
    monkeypatch.setattr(searches, "PATIENCE_S", 0.0)
    own: list[object] = []
    monkeypatch.setattr(searches, "unit_front", own.append)
    assert accelsim.simulate(net, on="ref3", mapper="optimal", workers=2, cache=False) == alone
    assert own == []  # Other processes did it all.


def test_problems_of_all_layers_are_named_at_once(tmp_path: Path) -> None:
    net = network(tmp_path)
    with pytest.raises(accelsim.InputError) as error:
        accelsim.simulate(net, on="ref3", mapper="optimal", arch={"RF.size_bytes": 1})
    problems = error.value.problems
    assert {problem.split(":")[0] for problem in problems} >= {
        "Einsum 'QK'",
        "Einsum 'O'",
        "Einsum 'Z'",
    }
    assert all("candidates were excluded by" in problem for problem in problems)


def test_the_front_of_a_layer_is_that_of_its_einsums_together() -> None:
    machine = load_architecture("ref3")
    (layer,) = load_workload("attention/products", {"M": 256, "P": 256}).layers
    names = [einsum.name for einsum in layer.cascade.einsums]
    parts = [
        front_of(name, layer.cascade, machine, bits=lambda _: 8, search=EXACT) for name in names
    ]
    whole = layer_front(names, layer.cascade, machine, bits=lambda _: 8, search=EXACT)
    sums = {(a.cycles + b.cycles, a.energy_pj + b.energy_pj) for a in parts[0] for b in parts[1]}
    best = {s for s in sums if not any(o != s and o[0] <= s[0] and o[1] <= s[1] for o in sums)}
    assert {(option.cycles, option.energy_pj) for option in whole} == best
    assert all([block.name for block in option.blocks] == names for option in whole)


def test_how_many_choices_there_are() -> None:
    """2 x 2 values on 1 PE with registers alone: every way is written out."""
    machine = load_architecture("systolic-os", {"array.rows": 1, "array.columns": 1})
    cascade = accelsim.cascade_from_text("Z[m] = A[m]", ranks={"M": 4}, tensors={"A": ["M"]})
    (unit,) = units_of(["Z"], cascade, machine, bits=lambda _: 16, search=EXACT)
    # Two tensors in the buffer and two in the PE, in either order; 4 = a * b * c * d * e in whole
    # numbers: two factors of 2 in 5 places.
    assert choices_of(unit) == 2 * 2 * (5 + 4 * 5 // 2)
    assert dividing_ranks(unit) == ("M",)
    imperfect = SearchFile(method="exact", tiles="imperfect")
    (unit,) = units_of(["Z"], cascade, machine, bits=lambda _: 16, search=imperfect)
    assert dividing_ranks(unit) == ()
    assert choices_of(unit) >= 60


ATTENTION = {"E": 16, "F": 16, "M": 64, "P": 64}


def test_the_whole_row_stays_on_the_chip() -> None:
    mapped = map_workload("attention/products", on="ref3", set=ATTENTION, mapper="row-on-chip")
    paths = [path for block in mapped.plans.plans[0].mapped.blocks for path in block.paths()]
    assert len(paths) == 2
    for path in paths:
        for step in path.steps:
            if isinstance(step, Keep) and step.memory == "GLB":
                break
            assert getattr(step, "rank", None) != "M"


def test_row_stationary_is_as_eyeriss_lays_it_out() -> None:
    sizes = {"C": 4, "K": 8, "P": 14, "Q": 14, "R": 3, "S": 3}
    (layer,) = load_workload("conv2d", sizes).layers
    (block,) = plan_layer(layer, load_architecture("ref3"), "row-stationary").mapped.blocks
    (path,) = block.paths()
    assert {rank for rank, _ in path.compute.rows} <= {"R"}
    assert {rank for rank, _ in path.compute.columns} <= {"P"}
    for step in path.steps:
        if isinstance(step, Keep) and step.memory == "RF":
            break
        assert getattr(step, "rank", None) != "S"


def test_an_input_stays() -> None:
    (layer,) = load_workload("matmul", {"M": 64, "N": 64, "K": 64}).layers
    plan = plan_layer(layer, load_architecture("ref3"), "input-stationary", objective="energy")
    (path,) = plan.mapped.blocks[0].paths()
    assert isinstance(path.compute, Compute)
    order = [
        tensor
        for step in path.steps
        if isinstance(step, Keep) and step.memory == "RF"
        for tensor in step.tensors
    ]
    assert order[0] in ("A", "B")


def test_every_shipped_mapper_names_a_method_that_exists() -> None:
    for name in shipped(MAPPERS):
        search = load_mapper(name).search
        assert search is None or search.method in METHODS


@pytest.mark.parametrize(
    ("search", "message"),
    [
        ("{method: exat}", "search: method 'exat' is unknown; did you mean 'exact'?"),
        ("{objective: energie}", "search: objective 'energie' is unknown; did you mean 'energy'?"),
        ("{bypass: true}", "search: bypass is not obeyed by method 'enumerate'; write method: ex"),
        ("{whole: {GLB: [K]}}", "search: whole is not obeyed by method 'enumerate'"),
        ("{stationary: inputs}", "stationary 'inputs' is not obeyed by method 'enumerate'"),
        ("{method: anneal, stationary: output}", "stationary 'output' is not obeyed by method"),
        ("{method: exact, rows: [MM]}", "search: rank for rows 'MM' is unknown; did you mean 'M'?"),
        ("{method: exact, whole: {GLB: [X]}}", "search: whole: GLB: rank 'X' is unknown; valid: "),
        ("{method: exact, whole: {GLBB: [K]}}", "search: whole: memory 'GLBB' is unknown; did you"),
        ("{method: exact, keep: {GLB: [AA]}}", "tensor 'AA' is unknown; did you mean 'A'?"),
        ("{method: exact, stationary: BB}", "search: stationary: tensor 'BB' is unknown; did you"),
    ],
)
def test_wrong_searches_are_named(tmp_path: Path, search: str, message: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: mine\nsearch: {search}\n")
    with pytest.raises(accelsim.InputError) as error:
        accelsim.simulate("matmul", on="ref3", mapper=str(path))
    assert message in str(error.value)


def test_rules_that_the_enumerated_set_would_break_are_errors(tmp_path: Path) -> None:
    work, mapper = tmp_path / "running.yaml", tmp_path / "mine.yaml"
    work.write_text(RECURRENT)
    mapper.write_text("name: mine\nsearch: {method: exact, whole: {global_buffer: [D]}}\n")
    with pytest.raises(accelsim.InputError, match=r"'F': it feeds itself .* whole is not obeyed"):
        accelsim.simulate(str(work), on="fusemax", mapper=str(mapper))
    mapper.write_text("name: mine\nsearch: {method: exact, bypass: true}\n")
    assert accelsim.simulate(str(work), on="fusemax", mapper=str(mapper)).cycles


def test_a_mapper_may_say_its_objective(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("name: mine\nsearch: {method: exact, objective: energy}\n")
    found = accelsim.simulate("matmul", on="ref3", mapper=str(path))
    assert found.objective == "energy"
    assert found == accelsim.simulate("matmul", on="ref3", mapper=str(path), objective="energy")
    found = accelsim.simulate("matmul", on="ref3", mapper=str(path), objective="latency")
    assert found.objective == "latency"


@pytest.mark.parametrize("method", ["anneal", "genetic", "random"])
def test_heuristics_map_too(tmp_path: Path, method: str) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"name: mine\nsearch: {{method: {method}, evaluations: 2000, seed: 1}}\n")
    sizes = {"M": 16, "N": 16, "K": 16}
    found = accelsim.simulate("matmul", on="ref3", mapper=str(path), set=sizes)
    assert found.layers[0].search == {"Z": method}
    assert found == accelsim.simulate("matmul", on="ref3", mapper=str(path), set=sizes)


@pytest.mark.parametrize("workers", [0, -1, 1.5, "2", True])
def test_workers_must_be_a_whole_number(workers: object) -> None:
    with pytest.raises(accelsim.InputError, match="must be a whole number of at least 1"):
        accelsim.simulate("matmul", on="ref3", workers=workers)  # type: ignore[arg-type]
