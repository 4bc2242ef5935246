"""``take``: the first case that holds, or the best; and layers that share what is tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

import accelsim
from accelsim.architecture import load_architecture
from accelsim.errors import InputError
from accelsim.search import plan as planning
from accelsim.search.draft import Draft, draft_layer
from accelsim.search.plan import plan_layers
from accelsim.workload import Layer, load_template

# Two loops around the operands: which of them is fetched again depends on the outer one. The
# buffer holds a tile of both.
CASES = """\
name: mine
{take}
cases:
  - {when}blocks:
      - name: M outside
        nest:
          - for: {{M: 32}}
          - for: {{N: 32}}
          - keep: {{buffer: [A, B]}}
          - {{einsum: Z, on: array, rows: M, columns: N}}
  - blocks:
      - name: N outside
        nest:
          - for: {{N: 32}}
          - for: {{M: 32}}
          - keep: {{buffer: [A, B]}}
          - {{einsum: Z, on: array, rows: M, columns: N}}
"""


def write(folder: Path, take: str = "", when: str = "") -> str:
    path = folder / "mine.yaml"
    path.write_text(CASES.format(take=take, when=f"when: {when}\n    " if when else ""))
    return str(path)


def chosen(mapper: str, objective: str = "latency", **sizes: int) -> str:
    found = accelsim.simulate(
        "matmul",
        on="systolic-os",
        mapper=mapper,
        objective=objective,
        set={"M": 128, "N": 128, "K": 64, **sizes},
        arch={"DRAM.bandwidth_bytes_per_s": 1e9},
    )
    return found.layers[0].blocks[0].name


# With M outside, A is fetched once and B for each of M's tiles.
MORE_OF_B, MORE_OF_A = {"N": 512}, {"M": 512}


def test_the_first_case_is_taken_where_nothing_is_said(tmp_path: Path) -> None:
    for take in ("", "take: first"):
        mapper = write(tmp_path, take)
        assert chosen(mapper, **MORE_OF_A) == chosen(mapper, **MORE_OF_B) == "M outside"


def test_the_best_case_is_taken_where_that_is_asked_for(tmp_path: Path) -> None:
    mapper = write(tmp_path, "take: best")
    assert chosen(mapper, **MORE_OF_A) == "N outside"
    assert chosen(mapper, **MORE_OF_B) == "M outside"
    assert chosen(mapper) == "M outside"  # Of equals the first.


def test_a_case_whose_condition_fails_is_not_the_best(tmp_path: Path) -> None:
    mapper = write(tmp_path, "take: best", when="N < 512")
    assert chosen(mapper, **MORE_OF_B) == "N outside"
    assert chosen(mapper) == "M outside"


def test_a_case_that_does_not_fit_is_not_the_best(tmp_path: Path) -> None:
    """With K at 8,192 a tile of each, 512 KiB apiece, is too large; smaller ones in another case
    are not."""
    path = Path(write(tmp_path, "take: best"))
    path.write_text(
        path.read_text().replace(
            "{N: 32}\n          - for: {M: 32}", "{N: 8}\n          - for: {M: 8}"
        )
    )
    assert chosen(str(path), K=8192) == "N outside"
    with pytest.raises(InputError, match="buffer holds 524,288"):
        chosen(str(path), K=1 << 20)


def test_what_take_may_be(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"mine\.yaml:2:.*'first' or 'best'"):
        chosen(write(tmp_path, "take: last"))


def test_bitmod_s_mapper_holds_what_is_fetched_less_often_then() -> None:
    """Scores of many keys and few queries, and the other way round: 4 or 1 MiB each."""
    found = {}
    for keys, queries in ((16384, 4096), (4096, 16384)):
        sizes = {"B": 1, "H": 1, "M": keys, "P": queries, "E": 128}
        result = accelsim.simulate("attention/scores", on="bitmod", set=sizes)
        found[keys] = result.layers[0].blocks[0].name, result.traffic_bytes["DRAM"]
    # 1 MiB once, 4 MiB four times, and results.
    moved = (1 + 4 * 4 + 128) * 2**20
    assert found == {
        16384: ("rows of results first", moved),
        4096: ("columns of results first", moved),
    }


# ---- layers that are alike share their drafts


@pytest.fixture
def drafted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the layers for which cases were tried."""
    names: list[str] = []

    def noted(layer: Layer, *arguments: object, **options: object) -> Draft:
        names.append(layer.name)
        return draft_layer(layer, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(planning, "draft_layer", noted)
    return names


def layers(*names_and_repeats: tuple[str, int], **sizes: int) -> list[Layer]:
    template = load_template("matmul")
    settings = {"M": 64, "N": 64, "K": 128, **sizes}
    return [Layer(name, template, settings, repeat) for name, repeat in names_and_repeats]


def planned(some: Sequence[Layer]) -> list[tuple[str, int, object]]:
    plans = plan_layers(some, load_architecture("bitmod"), "bitmod").plans
    return [(plan.layer.name, plan.layer.repeat, plan.mapped.blocks) for plan in plans]


def test_layers_that_differ_in_name_and_repeat_are_mapped_once(drafted: list[str]) -> None:
    (a, b) = planned(layers(("first", 3), ("second", 5)))
    assert drafted == ["first"]
    assert (a[:2], b[:2]) == (("first", 3), ("second", 5))
    assert a[2] == b[2]


def test_layers_of_other_sizes_or_formats_are_not_alike(drafted: list[str]) -> None:
    plain, longer = layers(("plain", 1)), layers(("longer", 1), K=256)
    narrow = [
        replace(each, name="narrow", template=replace(each.template, formats={"B": "int4"}))
        for each in plain
    ]
    planned([*plain, *longer, *narrow, *layers(("again", 2))])
    assert drafted == ["plain", "longer", "narrow"]


def test_a_network_s_layers_keep_their_own_names_kinds_and_figures() -> None:
    """Gate and up projections are alike; each counts for itself, as often as it runs."""
    found = accelsim.simulate(
        "llama-2-7b",
        on="bitmod-decode",
        set={"parts": "products", "stage": "decode", "context": 16, "weights": "bitmod-fp4-g128"},
    )
    by_name = {layer.name: layer for layer in found.layers}
    gate, up = by_name["gate_proj"], by_name["up_proj"]
    assert (gate.cycles, gate.repeat, gate.tiles) == (up.cycles, up.repeat, up.tiles)
    assert [block.name for block in up.blocks] == ["up_proj.rows of results first"]
    assert (gate.repeat, by_name["lm_head"].repeat) == (32, 1)
