"""Stalls, critical chain and copies as text and as plain data."""

import json
from fractions import Fraction

import pytest

from accelsim.report.stalls import (
    chain_text,
    copies_text,
    share_text,
    stalls_text,
    timing_text,
)
from accelsim.simulator.timing import BlockTiming, LayerTiming, Link, stall_table, timing_json

F = Fraction


@pytest.fixture
def layers() -> list[LayerTiming]:
    first = BlockTiming(
        name="scores",
        cycles=F(1000),
        stalls={
            "array_2d": {"busy": F(900), "input": F(99), "barrier": F(1)},
            "DRAM": {"busy": F(1000, 3), "space": F(1000, 3), "idle": F(1000, 3)},
        },
        chain=(Link("array_2d", "BQK", F(900)), Link("DRAM", "K", F(100))),
        spans=(),
        skips=(),
        copies={"global_buffer": {"K": 2, "Q": 1, "V": 2}, "registers": {}},
        events=40,
    )
    second = BlockTiming(
        name="values",
        cycles=F(200),
        stalls={"array_2d": {"busy": F(100), "resource": F(100)}},
        chain=(Link("array_2d", "AV", F(200)),),
        spans=(),
        skips=(),
        copies={"global_buffer": {"K": 1, "Q": 3}},
        events=2,
    )
    return [LayerTiming("encoder", 10, (first,)), LayerTiming("last", 1, (second,))]


def test_the_whole_text(layers: list[LayerTiming]) -> None:
    assert timing_text(layers) == (
        """\
share of the time   busy  input  output space  resource  barrier   idle
array_2d           89.2%   9.7%             -      1.0%    <0.1%      -
DRAM               32.7%      -         32.7%         -        -  34.6%
(input, output space, resource: waiting for it)

cycles     busy  input  output space  resource  barrier   idle
array_2d  9,100    990             -       100       10      -
DRAM      3,333      -         3,333         -        -  3,533

critical chain: array_2d BQK 88.2%, DRAM K 9.8%, array_2d AV 2.0%

tiles in global_buffer: 3 of Q; 2 of K, V"""
    )


def test_a_share_never_reads_as_what_it_is_not() -> None:
    whole = F(10**6)
    assert share_text(F(0), whole) == "-"
    assert share_text(F(999), whole) == "<0.1%"
    assert share_text(F(1000), whole) == "0.1%"
    assert share_text(F(999_000), whole) == "99.9%"
    assert share_text(F(999_001), whole) == ">99.9%"
    assert share_text(whole, whole) == "100.0%"
    assert share_text(F(0), F(0)) == "-"


def test_long_chains_end_with_the_rest() -> None:
    links = [Link("array", f"E{i}", F(10)) for i in range(10)] + [Link("array", "none", F(0))]
    text = chain_text(links)
    assert text.startswith("critical chain: array E0 10.0%, array E1 10.0%")
    assert text.endswith("array E7 10.0%, 2 more 20.0%")
    assert "more" not in chain_text(links[:8])


def test_less_than_a_cycle_is_not_nothing() -> None:
    text = stalls_text({"array": {"busy": F(1, 2), "idle": F(5000)}})
    assert text.splitlines()[-1].split() == ["array", "<1", "-", "-", "-", "-", "5,000"]


def test_nothing_gives_no_text() -> None:
    assert timing_text([]) == ""
    assert stalls_text({}) == ""
    assert chain_text([]) == ""
    assert copies_text([]) == ""
    empty = BlockTiming("b", F(0), {"array": {}}, (), (), (), {}, 0)
    rows = stalls_text(stall_table([LayerTiming("", 1, (empty,))]))
    assert rows.splitlines()[1].split() == ["array", *["-"] * 6]


def test_the_json_is_plain_and_complete(layers: list[LayerTiming]) -> None:
    data = timing_json(layers)
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert set(data) == {"stalls", "critical_chain", "copies", "events"}
    assert data["stalls"]["array_2d"] == {
        **{"busy": 9100.0, "input": 990.0, "space": 0.0},
        **{"resource": 100.0, "barrier": 10.0, "idle": 0.0},
    }
    for row in data["stalls"].values():
        assert sum(row.values()) == pytest.approx(10_200, rel=1e-12)
    assert data["critical_chain"] == [
        {"component": "array_2d", "what": "BQK", "cycles": 9000.0},
        {"component": "DRAM", "what": "K", "cycles": 1000.0},
        {"component": "array_2d", "what": "AV", "cycles": 200.0},
    ]
    assert data["copies"] == {"global_buffer": {"K": 2, "Q": 3, "V": 2}}
    assert data["events"] == 42
