"""A mapping that is written and read again is the same mapping."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accelsim.architecture import Architecture, load_architecture
from accelsim.checking import check_file, format_text
from accelsim.documents import check_model, parse_document
from accelsim.errors import InputError
from accelsim.mapping import Block, Compute, Keep, Loop, MappedLayer, Move, Nest
from accelsim.mapping.build import build_block
from accelsim.mapping.dump import PlannedLayer, dump_mapper
from accelsim.mapping.schema import BlockFile, MapperFile
from accelsim.model.count import count_layer
from accelsim.search.plan import Plan, plan_layer
from accelsim.workload import Layer, load_template, load_workload

SMALL = {
    "attention/three-pass": {"B": 1, "H": 2, "M": 300, "P": 520},
    "attention/one-pass": {"B": 1, "H": 2, "M": 512, "P": 520},
    "attention/causal": {"B": 1, "H": 2, "M": 512, "P": 512},
    "attention/two-pass": {"B": 2, "H": 2, "M": 512, "P": 256},
    "matmul": {"M": 300, "N": 70, "K": 90},
    "conv2d": {"C": 8, "K": 8},
    "bert-base": {"B": 1, "P": 333, "layers": 3},
    "trxl-wt103": {"B": 1, "P": 300},
}
MACHINES = ("flat", "flat-edge", "fusemax", "fusemax-cascade", "unfused")
OTHERS = (
    ("attention/three-pass", "fusemax", "fusemax-serial"),
    ("attention/causal", "fusemax", "fusemax-serial"),
    ("attention/three-pass", "fusemax", "unfused"),
    ("matmul", "systolic-ws", "systolic-ws"),
    ("conv2d", "systolic-ws", "systolic-ws"),
    ("matmul", "systolic-ws", "output-stationary"),
    ("matmul", "fusemax", "weight-stationary"),
    ("matmul", "bitmod", "bitmod"),
    ("matmul", "bitmod-decode", "bitmod-rounds"),
    ("bert-base", "fusemax", "auto"),
)
CASES = [(w, m, m) for w in SMALL for m in MACHINES]


def planned(layers: Sequence[Layer], on: Architecture, mapper: str) -> list[tuple[Layer, Plan]]:
    return [(layer, plan_layer(layer, on, mapper)) for layer in layers]


def written(found: Sequence[tuple[Layer, Plan]]) -> list[PlannedLayer]:
    return [PlannedLayer(layer, plan.layer, plan.mapped) for layer, plan in found]


def again(text: str, layers: Sequence[Layer], on: Architecture, folder: Path) -> list[Plan]:
    path = folder / "mapper.yaml"
    path.write_text(text)
    assert check_file(path) == "mapper"
    return [plan_layer(layer, on, str(path)) for layer in layers]


@pytest.mark.parametrize(("workload", "machine", "mapper"), [*CASES, *OTHERS])
def test_shipped_mappings_survive(workload: str, machine: str, mapper: str, tmp_path: Path) -> None:
    on = load_architecture(machine)
    mapper = on.mapper if machine == mapper else mapper
    layers = load_workload(workload, SMALL[workload]).layers
    found = planned(layers, on, mapper)
    text = dump_mapper(written(found), on, name="mine")
    assert format_text(text, name="mine") == text
    for (layer, before), after in zip(found, again(text, layers, on, tmp_path), strict=True):
        assert after.mapped.blocks == before.mapped.blocks
        assert after.layer.cascade.sizes == before.layer.cascade.sizes
        assert after.layer.template.name == before.layer.template.name
        counts = [
            count_layer(plan.mapped, plan.layer.cascade, on, bits=plan.bits, layer=layer.name)
            for plan in (before, after)
        ]
        assert counts[0] == counts[1]


# --- blocks of every form ---

RANKS = ("M", "N", "K")
TENSORS = ("A", "B", "Z")
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\u061c"), max_size=8)
loops = st.builds(Loop, st.sampled_from(RANKS), st.integers(1, 40))
groups = st.lists(
    st.lists(st.sampled_from(TENSORS), min_size=1, max_size=3).map(tuple), max_size=3
).map(tuple)
keeps = st.builds(Keep, st.sampled_from(("DRAM", "buffer", "registers")), groups)
unrolled = st.one_of(
    st.sampled_from(RANKS),
    st.dictionaries(st.sampled_from(RANKS), st.integers(1, 9)).map(lambda d: tuple(d.items())),
)
some_tensors = st.lists(st.sampled_from(TENSORS), max_size=2).map(tuple)
computes = st.builds(
    Compute,
    st.sampled_from(("Z", "Y", "on", "null")),
    st.sampled_from(("array", "no", "1.5")),
    unrolled,
    unrolled,
    st.lists(st.sampled_from(RANKS), max_size=3).map(tuple),
    some_tensors,
    some_tensors,
    unrolled,
)
steps = st.lists(loops | keeps, max_size=4).map(tuple)


def nests(parts: st.SearchStrategy[Nest | Compute]) -> st.SearchStrategy[Nest]:
    bodies = st.lists(parts, max_size=3).map(tuple)
    return st.builds(Nest, steps, bodies).filter(lambda nest: bool(nest.steps or nest.body))


trees = st.recursive(nests(computes), lambda inner: nests(computes | inner), max_leaves=6)
blocks = st.builds(
    Block,
    texts,
    trees,
    st.lists(
        st.lists(
            st.sampled_from(("Z", "Y")) | st.builds(Move, st.just("Z"), st.just("link")),
            max_size=2,
        ).map(tuple),
        max_size=3,
    ).map(tuple),
    st.dictionaries(st.sampled_from(("DRAM", "buffer", "off")), st.integers(0, 10**18)),
    some_tensors,
    st.sampled_from(("whole", "overlap")),
    some_tensors,
    some_tensors,
)


@pytest.fixture(scope="module")
def matmul() -> Layer:
    return Layer("", load_template("matmul"), {"M": 8, "N": 8, "K": 8})


@pytest.fixture(scope="module")
def toy(machine: Callable[..., Architecture]) -> Architecture:
    return machine()


@settings(max_examples=20)
@given(found=st.lists(blocks, min_size=1, max_size=3), name=texts)
def test_any_block_survives(
    found: list[Block], name: str, matmul: Layer, toy: Architecture
) -> None:
    mapped = MappedLayer("mine", tuple(found))
    hidden = any(c in "\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
                 for text in (name, *(block.name for block in found)) for c in text)  # fmt: skip
    layers = [PlannedLayer(matmul, matmul, mapped)]
    if hidden:
        with pytest.raises(InputError, match="another order"):
            dump_mapper(layers, toy, name=name)
        return
    text = dump_mapper(layers, toy, name=name)
    assert format_text(text, name="mine") == text
    file = check_model(MapperFile, parse_document(text, name="mine"), what="mapper")
    parts = [part for part in file.cases[0].blocks if isinstance(part, BlockFile)]
    assert tuple(build_block(part, {}, where="mine") for part in parts) == mapped.blocks
    assert file.name == name


def test_a_file_that_a_person_would_write(
    matmul: Layer, machine: Callable[..., Architecture]
) -> None:
    inner = Nest((Loop("N", 4),), (Compute("Y", "array", bypass=("A",)),))
    block = Block(
        "both",
        Nest(
            (Loop("M"), Loop("N"), Loop("K", 4), Keep("buffer", (("A",), ("B", "Z")))),
            (Compute("Z", "array", (("M", 2), ("K", 4)), "N", ("K",), lanes="K"), inner),
        ),
        (("Z", Move("Z", "link")), ("Y",)),
        {"buffer": 64},
        ("buffer",),
        "overlap",
        ("buffer",),
        ("buffer", "other"),
    )
    layer = PlannedLayer(matmul, matmul, MappedLayer("mine", (block,)))
    text = dump_mapper([layer], machine(), name="mine", comments=["12 cycles\n# 3 pJ"])
    assert (
        text
        == """\
# A mapping for toy, every size written out:
# - matmul with M 8, N 8, K 8
# 12 cycles\\n# 3 pJ
name: mine
cases:
  - blocks:
      - name: both
        reserve_bytes: {buffer: 64}
        spill: [buffer]
        halo: overlap
        double_buffer: [buffer]
        rounds: [buffer, other]
        nest:
          - for: [M, N]
          - for: {K: 4}
          - keep: {buffer: [A, [B, Z]]}
          - {einsum: Z, on: array, rows: {M: 2, K: 4}, columns: N, lanes: K, order: [K]}
          - for: {N: 4}
          - {einsum: Y, on: array, bypass: [A]}
        epochs:
          - [Z, Z@link]
          - [Y]
"""
    )


@pytest.mark.parametrize(
    ("nest", "problem"),
    [
        (Nest((), ()), "holds a nest without steps"),
        (Nest((Keep("buffer", ((),)),), (Compute("Z", "array"),)), "a group without tensors"),
        (
            Nest((), (Compute("Z", "array", (("M", 2), ("M", 2))),)),
            "rows: rank 'M' is listed twice",
        ),
        (
            Nest((), (Compute("Z", "array", (), (("M", None), ("N", 2))),)),
            "columns: rank 'M' is listed twice or without a number",
        ),
        (
            Nest((), (Compute("Z", "array", lanes=(("K", 2), ("K", 2))),)),
            "lanes: rank 'K' is listed twice",
        ),
    ],
)
def test_what_a_file_cannot_say(
    nest: Nest, problem: str, matmul: Layer, machine: Callable[..., Architecture]
) -> None:
    layer = PlannedLayer(matmul, matmul, MappedLayer("mine", (Block("b", nest),)))
    with pytest.raises(InputError, match=problem):
        dump_mapper([layer], machine(), name="mine")


def test_names_that_yaml_reads_otherwise(
    tmp_path: Path, machine: Callable[..., Architecture]
) -> None:
    path = tmp_path / "odd.yaml"
    path.write_text(
        "name: odd\nranks: {'ON': 4, 'NULL': 6, 'NO': 3}\n"
        "tensors: {'yes': ['ON', 'NO'], 'off': ['NO', 'NULL']}\n"
        "cascade:\n  - 'true[on,null] = yes[on,no] * off[no,null]'\n"
    )
    layer = load_workload(str(path)).layers[0]
    compute = Compute("true", "array", "ON", (("NULL", 2),), ("NO",))
    steps = (Loop("ON", 2), Loop("NO"), Keep("buffer", (("yes",), ("off", "true"))))
    mapped = MappedLayer("mine", (Block("on", Nest(steps, (compute,))),))
    text = dump_mapper([PlannedLayer(layer, layer, mapped)], machine(), name="null")
    assert again(text, [layer], machine(), tmp_path)[0].mapped.blocks == mapped.blocks


# --- several layers in one file ---


def layer_of(name: str, tile: int, **sizes: int) -> PlannedLayer:
    layer = Layer(name, load_template("matmul"), {"M": 8, "N": 8, "K": 8, **sizes})
    nest = Nest((Loop("M", tile),), (Compute("Z", "array"),))
    return PlannedLayer(layer, layer, MappedLayer("mine", (Block("b", nest),)))


def conditions(text: str) -> list[str | None]:
    file = check_model(MapperFile, parse_document(text, name="mine"), what="mapper")
    return [case.when for case in file.cases]


@pytest.mark.parametrize(
    ("layers", "whens"),
    [
        # Equal ones share a case, at whatever sizes.
        ([layer_of("a", 2), layer_of("b", 2), layer_of("c", 2, K=4)], [None]),
        ([layer_of("a", 2), layer_of("b", 4, N=2), layer_of("c", 2)], ["N == 8", "N == 2"]),
        # No single size tells the first from both of the others.
        (
            [layer_of("a", 2), layer_of("b", 4, M=16), layer_of("c", 1, K=16)],
            ["max(M - 8, 8 - M, K - 8, 8 - K) == 0", "M == 16", "K == 16"],
        ),
    ],
)
def test_layers_are_told_apart_by_their_sizes(
    layers: list[PlannedLayer],
    whens: list[str | None],
    tmp_path: Path,
    machine: Callable[..., Architecture],
) -> None:
    text = dump_mapper(layers, machine(), name="mine")
    assert conditions(text) == whens
    asked = [layer.asked for layer in layers]
    for layer, plan in zip(layers, again(text, asked, machine(), tmp_path), strict=True):
        assert plan.mapped.blocks == layer.mapped.blocks


@settings(max_examples=15)
@given(
    sizes=st.lists(
        st.tuples(*[st.sampled_from((4, 8, 12))] * 3), min_size=2, max_size=6, unique=True
    ),
    tiles=st.lists(st.integers(1, 3), min_size=6, max_size=6),
)
def test_any_layers_of_other_sizes(
    sizes: list[tuple[int, int, int]],
    tiles: list[int],
    tmp_path_factory: pytest.TempPathFactory,
    toy: Architecture,
) -> None:
    layers = [layer_of(f"l{i}", tiles[i], M=m, N=n, K=k) for i, (m, n, k) in enumerate(sizes)]
    text = dump_mapper(layers, toy, name="mine")
    plans = again(text, [each.asked for each in layers], toy, tmp_path_factory.mktemp("any"))
    for layer, plan in zip(layers, plans, strict=True):
        assert plan.mapped.blocks == layer.mapped.blocks


def test_layers_that_cannot_be_told_apart(machine: Callable[..., Architecture]) -> None:
    with pytest.raises(InputError) as caught:
        dump_mapper([layer_of("a", 2), layer_of("b", 4)], machine(), name="mine")
    assert caught.value.problems[0] == (
        "layers 'a' and 'b': both have the Einsums Z and the same sizes, but are mapped in "
        "different ways, which a mapper file cannot tell apart; write a file for each of them"
    )


def test_a_rank_that_the_dataflow_fixes_is_written(tmp_path: Path) -> None:
    on = load_architecture("fusemax", {"array_2d.rows": 64})
    layers = load_workload("attention/two-pass", {"B": 1, "H": 1, "M": 256, "P": 256}).layers
    found = planned(layers, on, "fusemax")
    text = dump_mapper(written(found), on, name="mine")
    assert "\nrewrites: {attention/two-pass: attention/one-pass}\n" in text
    assert "ranks: {M0: 64}" in text
    # The file holds on another machine too, where the dataflow itself would choose otherwise.
    larger = load_architecture("fusemax")
    assert again(text, layers, larger, tmp_path)[0].layer.cascade.sizes["M0"] == 64


def test_a_nest_of_einsums_alone_stays_one(
    matmul: Layer, machine: Callable[..., Architecture]
) -> None:
    inner = Nest((), (Compute("Y", "array"),))
    block = Block("b", Nest((Loop("M"),), (Compute("Z", "array"), inner)))
    layer = PlannedLayer(matmul, matmul, MappedLayer("mine", (block,)))
    text = dump_mapper([layer], machine(), name="mine")
    assert "- nest:\n              - {einsum: Y, on: array}\n" in text
