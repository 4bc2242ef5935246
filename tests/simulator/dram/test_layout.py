"""Where data lies: a bijection of addresses, and rows of runs that share none."""

import pytest

from accelsim.architecture.dram import load_dram
from accelsim.errors import InputError
from accelsim.simulator.dram.layout import Place, Transfer, columns_of, place_of

PARTS = ("ddr4", "lpddr4", "hbm2", "hbm2e", "gddr6")


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("channels", [1, 3])
def test_every_burst_has_a_place_of_its_own(part: str, channels: int) -> None:
    spec = load_dram(part)
    # A row of every bank of every channel, and one burst more.
    bursts = channels * spec.banks * spec.columns
    places = [place_of(spec, i * spec.burst_bytes, channels=channels) for i in range(bursts + 1)]
    assert len(set(places)) == bursts + 1
    assert {place.row for place in places[:-1]} == {0}
    assert places[-1] == Place(channel=0, bank=0, row=1, column=0)
    assert {place.bank for place in places} == set(range(spec.banks))
    assert max(place.column for place in places) == spec.columns - 1
    assert place_of(spec, spec.burst_bytes - 1, channels=channels) == places[0]


def test_neighbours_alternate_between_channels_then_bank_groups_then_columns() -> None:
    spec = load_dram("hbm2")
    places = [place_of(spec, 32 * i, channels=2) for i in range(10)]
    assert [place.channel for place in places] == [0, 1] * 5
    assert [place.bank for place in places] == [0, 0, 4, 4, 8, 8, 12, 12, 0, 0]
    assert [place.column for place in places] == [0] * 8 + [1, 1]
    # Four groups of 32 columns in two channels, then the next bank of each group.
    assert place_of(spec, 32 * 256, channels=2) == Place(0, 1, 0, 0)


@pytest.mark.parametrize("part", PARTS)
def test_one_run_lies_as_addresses_do(part: str) -> None:
    spec = load_dram(part)
    size = 2 * spec.banks * spec.row_bytes + 5 * spec.burst_bytes
    columns = columns_of(spec, [Transfer(size, 1, write=True)])
    places = [place_of(spec, at) for at in range(0, size, spec.burst_bytes)]
    assert [(c.bank, c.row) for c in columns] == [(p.bank, p.row) for p in places]
    assert all(column.write for column in columns)


def test_runs_share_no_row_and_go_on_in_the_next_bank_group() -> None:
    spec = load_dram("ddr4")
    columns = columns_of(spec, [Transfer(65, 3, write=False), Transfer(1, 1, write=True)])
    assert [column.bank // 4 for column in columns] == [0, 1, 2, 3, 0, 1, 2]
    assert [column.visit for column in columns] == list(range(7))
    assert len({(column.bank, column.row) for column in columns}) == 7
    assert [column.write for column in columns] == [False] * 6 + [True]


def test_an_empty_transfer_is_refused() -> None:
    with pytest.raises(InputError, match="run_bytes is 0, must be at least 1"):
        Transfer(0, 1, write=False)
    with pytest.raises(InputError, match="runs is 0, must be at least 1"):
        Transfer(64, 0, write=False)
