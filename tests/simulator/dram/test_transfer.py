"""The closed form of transfers against the same transfers played command by command."""

import random
from dataclasses import replace
from fractions import Fraction
from typing import Any

import pytest

from accelsim.architecture.dram import DramSpec, load_dram
from accelsim.errors import InputError
from accelsim.simulator.dram import Transfer, play, transfer_cycles, transfer_seconds
from accelsim.simulator.dram.layout import place_of
from accelsim.simulator.dram.transfer import load_of, refresh_factor

PARTS = ("ddr4", "lpddr4", "hbm2", "hbm2e", "gddr6")


def closed(spec: DramSpec, transfers: list[Transfer]) -> Fraction:
    """Transfers one after the other."""
    last: list[bool | None] = [None, *(transfer.write for transfer in transfers[:-1])]
    return sum(
        (
            transfer_cycles(spec, transfer, last_write=before)
            for transfer, before in zip(transfers, last, strict=True)
        ),
        Fraction(0),
    )


def some_transfer(spec: DramSpec, chance: random.Random, most: int) -> Transfer:
    """Mostly short runs: they are limited by rows."""
    bursts = chance.choice((1, 2, 3, 4, 5, 7, 8, chance.randint(1, 64), chance.randint(1, most)))
    runs = chance.randint(1, max(1, most // bursts))
    return Transfer(bursts * spec.burst_bytes, runs, chance.random() < 0.5)


def test_a_burst_by_hand() -> None:
    """ACT, READ 22 cycles later, data 22 cycles after that, 4 cycles of it."""
    spec = load_dram("ddr4")
    assert play(spec, [Transfer(64, 1, write=False)]).cycles == 22 + 22 + 4
    assert play(spec, [Transfer(64, 1, write=True)]).cycles == 22 + 16 + 4
    lpddr4 = load_dram("lpddr4")
    assert play(lpddr4, [Transfer(32, 1, write=True)]).cycles == 29 + 14 + 1 + 8


def test_rows_of_one_bank_take_a_row_cycle_each() -> None:
    spec = replace(load_dram("ddr4"), banks=1, bank_groups=1, n_ccd_l=4, n_rrd_l=4, n_wtr_l=4)
    assert play(spec, [Transfer(64, 5, write=False)]).cycles == 4 * 74 + 22 + 22 + 4
    # ACT to WRITE, its data, recovery, PRE: longer than tRC.
    assert play(spec, [Transfer(64, 5, write=True)]).cycles == 4 * (22 + 20 + 24 + 22) + 42
    for write, cycle in ((False, 74), (True, 88)):
        runs = [Transfer(64, 1, write), Transfer(64, 101, write)]
        assert closed(spec, [runs[0]]) + 100 * cycle == closed(spec, [runs[1]])


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("write", [False, True])
def test_a_stream_is_exact(part: str, write: bool) -> None:
    spec = load_dram(part)
    stripe = spec.columns * spec.bank_groups
    for bursts in (32, 33, 34, 35, stripe - 1, stripe, stripe + 1, 3 * stripe + 3):
        transfer = Transfer(bursts * spec.burst_bytes, 1, write)
        cycles = play(spec, [transfer]).cycles
        assert cycles == closed(spec, [transfer])
        # No burst waits for another: what is above the data itself is the beginning.
        assert cycles - bursts * spec.n_bl == closed(spec, [transfer]) - bursts * spec.n_ccd_s


@pytest.mark.parametrize("part", PARTS)
def test_a_change_of_direction_is_exact(part: str) -> None:
    spec = load_dram(part)
    chance = random.Random(part)
    for _ in range(3):
        streams = [
            Transfer(chance.randint(130, 400) * spec.burst_bytes, 1, chance.random() < 0.5)
            for _ in range(6)
        ]
        assert play(spec, streams).cycles == closed(spec, streams)


def test_a_change_of_direction_by_hand() -> None:
    spec = load_dram("ddr4")
    stream = Transfer(2**16, 1, write=True)
    alone = transfer_cycles(spec, stream, last_write=True)
    # To the data bus: two cycles for it to turn; tWTR_S and the latency of the read.
    assert transfer_cycles(spec, stream, last_write=False) - alone == 2
    read = replace(stream, write=False)
    assert transfer_cycles(spec, read, last_write=True) - alone == 4 + 22
    # One bank group: the next burst is in the one that was written.
    single = load_dram("lpddr4")
    difference = transfer_cycles(single, read, last_write=True) - transfer_cycles(
        single, read, last_write=False
    )
    assert difference == 16 + 28


@pytest.mark.parametrize("part", PARTS)
def test_scattered_runs_are_within_a_window_of_four_rows(part: str) -> None:
    """Exact where the data bus limits; else the first four rows are opened faster than later ones.

    So a play may end earlier than the long-run rate says, by less than tFAW, and never later.
    """
    spec = load_dram(part)
    chance = random.Random(part)
    # Runs of HBM2E in which data, rows and banks nearly tie: none may drift with their number.
    ties = [Transfer(n * spec.burst_bytes, 40, write) for n in (13, 14) for write in (False, True)]
    for transfer in [*ties, *(some_transfer(spec, chance, 300) for _ in range(25))]:
        difference = play(spec, [transfer]).cycles - closed(spec, [transfer])
        assert -spec.n_faw < difference <= 0, transfer
        size = transfer.run_bytes * transfer.runs
        load = load_of(
            spec,
            channels=1,
            size_bytes=Fraction(size),
            run_bytes=transfer.run_bytes,
            write=transfer.write,
        )
        if load.data_cycles(spec) == load.cycles(spec):
            assert difference == 0, transfer


@pytest.mark.parametrize("part", PARTS)
def test_transfers_in_a_row_are_within_rows_opened_ahead(part: str) -> None:
    """Rows of a transfer are opened in the idle time and the data of those before it.

    So the sum of closed forms may be longer: by the row of each bank, and by the idle time. It is
    never shorter by more than the window of four rows.
    """
    spec = load_dram(part)
    chance = random.Random(part)
    for _ in range(20):
        transfers = [some_transfer(spec, chance, 150) for _ in range(chance.randint(2, 8))]
        alone = [replace(each, write=transfers[0].write) for each in transfers]
        idle = closed(spec, transfers) - closed(spec, alone)
        ahead = len(transfers) * spec.banks * Fraction(spec.n_faw, 4)
        difference = play(spec, transfers).cycles - closed(spec, transfers)
        assert -ahead - max(idle, 0) <= difference <= spec.n_faw, transfers


@pytest.mark.parametrize("part", PARTS)
def test_what_limits_short_runs(part: str) -> None:
    """Long enough that no end matters: a burst in a row each, and whole rows."""
    spec = load_dram(part)
    rows = 400
    short = Transfer(spec.burst_bytes, rows, write=False)
    each = max(Fraction(spec.n_rrd_s), Fraction(spec.n_faw, 4))
    cycles = transfer_cycles(spec, short, last_write=False)
    assert cycles == rows * each
    assert play(spec, [short]).cycles / rows == pytest.approx(float(each), rel=0.05)
    assert play(spec, [short]).activates == rows


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("write", [False, True])
def test_refreshes_take_their_share(part: str, write: bool) -> None:
    """The share of tRFC in tREFI is exact; closing and opening rows around it is not counted."""
    spec = load_dram(part)
    times = 2
    bursts = times * spec.n_refi // spec.n_ccd_s
    stream = Transfer(bursts * spec.burst_bytes, 1, write)
    played = play(spec, [stream], refresh=True)
    assert times <= played.refreshes <= times + 1
    without = closed(spec, [stream])
    recovery = spec.write_end + spec.n_wr if write else spec.n_rtp
    # From the last burst before a refresh to the first one after it.
    around = max(recovery, spec.n_ras) + spec.n_rp + spec.n_rcd
    around += (spec.bank_groups - 1) * spec.n_rrd_s
    lost = played.cycles - without - played.refreshes * spec.n_rfc
    assert 0 < lost <= played.refreshes * around
    assert played.cycles == pytest.approx(float(without * refresh_factor(spec)), rel=0.03)
    factor = refresh_factor(spec)
    assert factor - 1 == factor * spec.n_rfc / spec.n_refi


def seconds(spec: DramSpec, size: Fraction | int, run: int, channels: int = 1) -> Fraction:
    """Of a read behind a read."""
    return transfer_seconds(
        spec,
        channels=channels,
        size_bytes=Fraction(size),
        run_bytes=run,
        write=False,
        last_write=False,
    )


@pytest.mark.parametrize("part", PARTS)
def test_no_transfer_is_faster_than_the_pins(part: str) -> None:
    spec = load_dram(part)
    chance = random.Random(part)
    for _ in range(100):
        size = Fraction(chance.randint(1, 10**6), chance.randint(1, 7))
        channels, run = chance.randint(1, 40), chance.choice((1, 7, 64, 100, 4096, 10**6))
        for last in (None, False, True):
            took = transfer_seconds(
                spec,
                channels=channels,
                size_bytes=size,
                run_bytes=run,
                write=chance.random() < 0.5,
                last_write=last,
            )
            assert took >= size / (channels * spec.peak_bytes_per_s)
            assert isinstance(took, Fraction)


@pytest.mark.parametrize("part", PARTS)
def test_seconds_are_the_cycles_of_a_channel_with_refreshes(part: str) -> None:
    spec = load_dram(part)
    cycles = transfer_cycles(spec, Transfer(1000, 30, write=False), last_write=False)
    assert seconds(spec, 30_000, 1000) == cycles * refresh_factor(spec) / spec.clock_hz


@pytest.mark.parametrize("part", PARTS)
def test_more_takes_longer_and_longer_runs_are_faster(part: str) -> None:
    spec = load_dram(part)
    for channels in (1, 4, 32):
        sizes = [seconds(spec, size, 300, channels) for size in range(0, 20_000, 211)]
        assert sizes == sorted(sizes)
        assert sizes[0] == 0
        runs = [seconds(spec, 2**20, 2**power, channels) for power in range(5, 21)]
        assert runs == sorted(runs, reverse=True)


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("channels", [1, 2, 5, 32])
def test_channels_share_what_the_addresses_say(part: str, channels: int) -> None:
    """The load of one run is that of the busiest channel, counted burst by burst."""
    spec = load_dram(part)
    stripe = channels * spec.bank_groups * spec.columns
    for bursts in (1, 3, channels, channels + 1, 4 * channels + 3, stripe, stripe + 9):
        size = bursts * spec.burst_bytes
        places = [place_of(spec, at, channels=channels) for at in range(0, size, spec.burst_bytes)]
        in_channel = [place for place in places if place.channel == 0]
        rows = {(place.bank, place.row) for place in in_channel}
        load = load_of(
            spec, channels=channels, size_bytes=Fraction(size), run_bytes=size, write=False
        )
        assert load.bursts == len(in_channel)
        # Rows are shared out evenly where the addresses give some channels one more.
        assert len(rows) - 1 <= load.rows <= len(rows)
        assert channels > 1 or load.rows == len(rows)


def test_a_part_of_a_burst_is_a_burst_and_a_part_of_a_run_is_shorter() -> None:
    spec = load_dram("ddr4")

    def load(size: Fraction | int, run: int) -> tuple[int, int]:
        found = load_of(spec, channels=1, size_bytes=Fraction(size), run_bytes=run, write=False)
        return found.bursts, found.rows

    assert load(Fraction(1, 3), 64) == (1, 1)
    assert load(65, 10**6) == (2, 2)
    assert load(300, 100) == (6, 6)
    assert load(301, 100) == (7, 7)
    assert load(2**16, 2**15) == (1024, 8)


@pytest.mark.parametrize(
    ("field", "value"), [("channels", 0), ("run_bytes", 0), ("size_bytes", Fraction(-1))]
)
def test_figures_out_of_range(field: str, value: int | Fraction) -> None:
    figures: dict[str, Any] = {"channels": 1, "size_bytes": Fraction(1), "run_bytes": 1}
    figures[field] = value
    with pytest.raises(InputError, match=f"DRAM 'DDR4-3200': {field} is {value}, must be at least"):
        transfer_seconds(load_dram("ddr4"), write=False, last_write=None, **figures)
