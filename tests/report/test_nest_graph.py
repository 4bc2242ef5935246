"""Pictures of nests: what is drawn is what is mapped, and nothing covers anything else."""

import re
from collections.abc import Mapping
from itertools import combinations
from pathlib import Path

import pytest

from accelsim.architecture import Architecture, load_architecture
from accelsim.errors import InputError
from accelsim.mapping import Block, Compute, Keep, Loop, MappedLayer, Nest
from accelsim.report import nest_graph
from accelsim.report.nest_graph import nest_dot, write_nest
from accelsim.report.nest_layout import Flow, Layout, flows_of, layout_of
from accelsim.search.plan import Plan, bits_of, plan_layer
from accelsim.workload import Layer, load_template, load_workload

ATTENTION = {"B": 2, "H": 2, "M": 512, "P": 500}
DRAWN = [
    ("attention/three-pass", "flat"),
    ("attention/three-pass", "flat-edge"),
    ("attention/one-pass", "fusemax"),
    ("attention/causal", "fusemax-cascade"),
    ("attention/three-pass", "unfused"),
]


def plan_of(workload: str, on: Architecture, sizes: Mapping[str, int]) -> Plan:
    return plan_layer(load_workload(workload, sizes).layers[0], on, on.mapper)


@pytest.fixture(scope="module")
def product() -> tuple[Plan, Architecture]:
    on = load_architecture("ref3")
    layer = Layer("", load_template("matmul"), {"M": 64, "N": 32, "K": 16})
    steps = (Loop("M", 32), Keep("GLB", (("A",), ("B",))), Loop("N", 16), Keep("RF", (("Z",),)))
    nest = Nest(steps, (Compute("Z", "PEs", "M", "N", ("K",)),))
    return Plan(layer, MappedLayer("mine", (Block("b", nest),)), bits_of(layer, on)), on


def test_the_graph_of_a_small_nest(product: tuple[Plan, Architecture]) -> None:
    assert (
        nest_dot(*product)
        == """\
digraph mapping {
  label="matmul on ref3, mapped by mine";
  node [shape=box, style="rounded,filled", fontname=Helvetica];
  subgraph cluster_3 {
    label="block b";
    n0 [label="A 64 x 16 (1 KiB)\\nDRAM", fillcolor="#dbe9f6"];
    n1 [label="B 16 x 32 (512 B)\\nDRAM", fillcolor="#fde3c8"];
    n2 [label="Z 64 x 32 (2 KiB)\\nDRAM", fillcolor="#d9f0d3"];
    subgraph cluster_2 {
      label="for M in 2 x 32";
      n3 [label="A 32 x 16 (512 B)\\nGLB", fillcolor="#dbe9f6"];
      n4 [label="B 16 x 32 (512 B)\\nGLB", fillcolor="#fde3c8"];
      subgraph cluster_1 {
        label="for N in 2 x 16";
        n5 [label="Z 2 (2 B)\\nRF, in each PE", fillcolor="#d9f0d3"];
        n6 [label="Z on PEs\\nM on 16 rows, N on 16 columns\\nfor M in 2 x 16, K in 16 x 1", \
fillcolor=white, color="#3a8a34", penwidth=2];
      }
    }
  }
  n0 -> n3 [color="#2b6ca3"];
  n3 -> n6 [color="#2b6ca3"];
  n1 -> n4 [color="#c7690f"];
  n4 -> n6 [color="#c7690f"];
  n5 -> n2 [color="#3a8a34"];
  n6 -> n5 [color="#3a8a34"];
}
"""
    )


@pytest.mark.parametrize(("workload", "machine"), DRAWN)
def test_every_edge_joins_nodes_and_braces_match(workload: str, machine: str) -> None:
    on = load_architecture(machine)
    plan = plan_of(workload, on, ATTENTION)
    text = nest_dot(plan, on)
    nodes = re.findall(r"^ +(n\d+) \[label", text, re.M)
    edges = re.findall(r"^  (n\d+) -> (n\d+) ", text, re.M)
    assert len(nodes) == len(set(nodes))
    assert {end for edge in edges for end in edge} == set(nodes)
    assert text.count("{") == text.count("}")
    einsums = [einsum.name for einsum in plan.layer.cascade.einsums]
    assert all(f'label="{name} on ' in text for name in einsums)
    expected = [
        flow
        for i in range(len(plan.mapped.blocks))
        for flow in dict.fromkeys(flows_of(plan, on, i))
    ]
    assert len(edges) == len(expected)


@pytest.mark.parametrize(("workload", "machine"), DRAWN)
def test_nothing_covers_anything_else(workload: str, machine: str) -> None:
    on = load_architecture(machine)
    layout = layout_of(plan_of(workload, on, ATTENTION), on)
    for one, other in combinations(layout.boxes, 2):
        # One thing in a row.
        assert one.top + one.height < other.top or other.top + other.height < one.top
    for pair in combinations(layout.frames, 2):
        outer, inner = sorted(pair, key=lambda frame: frame.depth)
        apart = outer.bottom <= inner.top or inner.bottom <= outer.top
        assert apart or (outer.top < inner.top and inner.bottom < outer.bottom)
    for left, right in zip(layout.lanes, layout.lanes[1:], strict=False):
        assert left.right < right.left
    columns = {lane.name: (lane.left, lane.right) for lane in layout.lanes}
    assert {box.lane for box in layout.boxes} == set(columns)
    for wire in layout.wires:
        for (x, y), (to_x, to_y) in zip(wire.points, wire.points[1:], strict=False):
            assert x == to_x or y == to_y
            if x == to_x and y != to_y:
                assert not any(low < x < high for low, high in columns.values())
        assert all(0 < x < layout.width and 0 < y < layout.height for x, y in wire.points)
        _check_ends(wire.points, layout)
    verticals = [(w.tensor, w.points[1], w.points[2]) for w in layout.wires]
    for (a, p, q), (b, r, s) in combinations(verticals, 2):
        if a != b and p[0] == r[0]:
            spans = sorted((sorted((p[1], q[1])), sorted((r[1], s[1]))))
            assert spans[0][1] < spans[1][0]


def _check_ends(points: tuple[tuple[float, float], ...], layout: Layout) -> None:
    columns = {lane.name: (lane.left, lane.right) for lane in layout.lanes}
    for x, y in (points[0], points[-1]):
        assert any(
            x in columns[box.lane] and box.top < y < box.top + box.height for box in layout.boxes
        )


@pytest.mark.parametrize("kind", [".png", ".svg", ".dot"])
def test_files(kind: str, product: tuple[Plan, Architecture], tmp_path: Path) -> None:
    heads = {".png": b"\x89PNG", ".svg": b"<?xml", ".dot": b"digraph"}
    first, second = tmp_path / f"a{kind}", tmp_path / f"b{kind}"
    write_nest(*product, first)
    write_nest(*product, second)
    assert first.read_bytes().startswith(heads[kind])
    assert first.read_bytes() == second.read_bytes()


def test_a_fused_block_is_drawn(tmp_path: Path) -> None:
    on = load_architecture("flat")
    write_nest(plan_of("attention/three-pass", on, ATTENTION), on, tmp_path / "flat.png")
    assert (tmp_path / "flat.png").stat().st_size > 20_000


def test_other_suffixes_and_large_nests(
    product: tuple[Plan, Architecture], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InputError, match=r"must end in .dot, .png or .svg"):
        write_nest(*product, tmp_path / "a.pdf")
    monkeypatch.setattr(nest_graph, "_MOST_BOXES", 6)
    with pytest.raises(InputError, match="7 tiles and Einsums are too many"):
        write_nest(*product, tmp_path / "a.png")
    write_nest(*product, tmp_path / "a.dot")


def test_what_is_forwarded_goes_from_einsum_to_einsum() -> None:
    on = load_architecture("flat")
    flows = list(flows_of(plan_of("attention/three-pass", on, ATTENTION), on, 0))
    assert Flow("SN", (0, "einsum", "SN"), (0, "einsum", "SD")) in flows
    assert Flow("Q", (0, "root", "Q"), (0, "einsum", "QK")) in flows
