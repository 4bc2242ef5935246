"""Which blocks may go in rounds, what a file says of them, and what cannot be done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

import accelsim
from accelsim.architecture import Architecture
from accelsim.cli.main import main
from accelsim.errors import InputError, UnsupportedError
from accelsim.mapping import Block, Compute, Keep, Loop, MappedLayer, Nest
from accelsim.mapping.legality import check_structure
from accelsim.mapping.load import load_mapper
from accelsim.workload import cascade_from_text

Machine = Callable[..., Architecture]

PRODUCT = cascade_from_text(
    "Z[m,n] = A[m,k] * B[k,n]",
    ranks={"M": 4, "N": 3, "K": 2},
    tensors={"A": ("M", "K"), "B": ("K", "N")},
)
A, B = Keep("first", (("A",),)), Keep("second", (("B",),))


@pytest.fixture
def toy(machine: Machine) -> Architecture:
    """DRAM, two buffers, an array with registers."""
    small = machine()
    buffer = small.memories["buffer"]
    buffers = {
        "first": replace(buffer, name="first"),
        "second": replace(buffer, name="second", parent="first"),
    }
    rest = {name: small.memories[name] for name in ("DRAM", "registers")}
    array = replace(small.arrays["array"], parent="second")
    return replace(small, memories={**rest, **buffers}, arrays={"array": array})


def problems(on: Architecture, rounds: tuple[str, ...], *steps: Loop | Keep) -> list[str]:
    block = Block("b", Nest(steps, (Compute("Z", "array"),)), rounds=rounds)
    try:
        check_structure(MappedLayer("mine", (block,)), PRODUCT, on)
    except InputError as error:
        return [each.removeprefix("mapping 'mine' of 'cascade': ") for each in error.problems]
    return []


def test_two_memories_before_every_loop(toy: Architecture) -> None:
    assert problems(toy, ("first", "second"), A, B, Loop("M")) == []
    assert problems(toy, ("second", "first"), A, B, Loop("M")) == []
    assert problems(toy, (), A, Loop("M"), B) == []


@pytest.mark.parametrize("rounds", [("first",), ("first", "first")])
def test_neither_one_nor_the_same(toy: Architecture, rounds: tuple[str, ...]) -> None:
    assert f"rounds are [{', '.join(rounds)}], must be two memories" in problems(toy, rounds, A, B)


def test_which_memories(toy: Architecture) -> None:
    assert problems(toy, ("first", "DRAM"), A, B) == [
        "rounds are [first, DRAM], of which 'DRAM' is the outermost; name memories in it"
    ]
    assert problems(toy, ("registers", "second"), A, B) == [
        "rounds are [registers, second], of which 'registers' is inside the PEs; name one outside"
    ]
    (problem,) = problems(toy, ("first", "secnd"), A, B)
    assert "memory 'secnd' is unknown; did you mean 'second'?" in problem


def test_a_keep_inside_a_loop(toy: Architecture) -> None:
    (problem,) = problems(toy, ("first", "second"), A, Loop("M"), B)
    assert problem.startswith("rounds are [first, second], so '")
    assert problem.endswith("' must stand before every loop; move it")
    assert "second" in problem


def test_what_the_block_makes_is_kept_elsewhere(toy: Architecture) -> None:
    both = Keep("second", (("B",), ("Z",)))
    assert problems(toy, ("first", "second"), A, both) == [
        "rounds are [first, second] and send what is read, but 'second' keeps 'Z', which the block "
        "makes; keep it in another memory"
    ]


MAPPER = """\
name: mine
cases:
  - blocks:
      - name: product
        rounds: [{}]
        nest:
          - keep: {{results: [Z], weights: [B], activations: [A]}}
          - for: {{N: array.rows}}
          - {{einsum: Z, on: array, rows: N, columns: M, lanes: K}}
"""


def test_a_file_names_two_at_most(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(MAPPER.format("activations, weights"))
    (case,) = load_mapper(str(path)).cases
    assert case.blocks[0].rounds == ["activations", "weights"]  # type: ignore[union-attr]
    path.write_text(MAPPER.format("activations, weights, results"))
    with pytest.raises(InputError, match=r"mine\.yaml:5.*at most 2"):
        load_mapper(str(path))


def test_what_a_result_says_of_them() -> None:
    """A: 1,024 rows of 1,024 values, 2 MiB; B as much, in 512 KiB each: four parts."""
    found = accelsim.simulate("matmul", on="bitmod", mapper="bitmod-rounds")
    (block,) = found.as_json()["layers"][0]["blocks"]
    assert block["rounds"] == {"activations": 4, "weights": 1}
    assert found.traffic_bytes["DRAM"] == (4 + 1 + 1) * 2 * 2**20
    ours = accelsim.simulate("matmul", on="bitmod").as_json()
    assert ours["layers"][0]["blocks"][0]["rounds"] == {}


def test_they_cannot_be_played_out(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UnsupportedError) as caught:
        accelsim.simulate("matmul", on="bitmod", mapper="bitmod-rounds", fidelity="event")
    message = (
        "block 'product': rounds cut tiles anywhere, which cannot be played out in time; use "
        "--fidelity analytic, or a mapper without rounds"
    )
    assert str(caught.value) == message
    command = "simulate matmul --on bitmod --mapper bitmod-rounds --fidelity event"
    assert main(command.split()) == 2
    assert message in capsys.readouterr().err


def test_its_own_mapper_can_and_waits() -> None:
    """Played out, nothing is faster than the busiest component."""
    for on in ("bitmod", "bitmod-decode"):
        sizes = {"M": 40 if on == "bitmod" else 1, "N": 300, "K": 500}
        analytic, event = (
            accelsim.simulate("matmul", on=on, set=sizes, fidelity=fidelity)
            for fidelity in ("analytic", "event")
        )
        assert event.cycles >= analytic.cycles
        assert event.timing
        assert event.timing["analytic_cycles"] == analytic.cycles
        assert event.energy_pj == analytic.energy_pj
