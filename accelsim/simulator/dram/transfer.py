"""How long a transfer holds a memory, in closed form.

Three things hold a channel: its data bus (a burst after the other), its row commands (four ACTs in
a window), and its banks (a row cycle each). With rows opened ahead they overlap, so that a transfer
takes as long as the longest. A change of direction leaves the data bus empty for a while, the
first transfer opens its rows before data moves, and refreshes take their share of all time.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import ceil

from accelsim.architecture.dram import DramSpec
from accelsim.errors import InputError
from accelsim.simulator.dram.layout import Transfer

__all__ = ["Load", "load_of", "refresh_factor", "transfer_cycles", "transfer_seconds"]


@dataclass(frozen=True)
class Load:
    """What a transfer asks of the channel that it asks most of."""

    bursts: int
    rows: int
    together: int
    """Rows that a run opens at once: one in each bank group that it reaches."""
    write: bool

    def data_cycles(self, spec: DramSpec) -> Fraction:
        """What the data bus needs; neighbours alternate between bank groups."""
        return self.bursts * _step(spec)

    def activate_cycles(self, spec: DramSpec) -> Fraction:
        """What opening the rows needs, in the long run."""
        same_group = Fraction(spec.n_rrd_l, spec.bank_groups)
        return self.rows * max(Fraction(spec.n_rrd_s), same_group, Fraction(spec.n_faw, 4))

    def bank_cycles(self, spec: DramSpec) -> Fraction:
        """What the banks need, with rows spread over all of them."""
        if not self.rows:
            return Fraction(0)
        opened = spec.n_rcd_w if self.write else spec.n_rcd
        closing = spec.write_end + spec.n_wr if self.write else spec.n_rtp
        # Bursts of a row come once in a turn of the bank groups.
        between = (Fraction(self.bursts, self.rows) - 1) * spec.bank_groups * _step(spec)
        held = max(Fraction(spec.n_ras), opened + between + closing)
        cycle = max(Fraction(spec.n_rc), held + spec.n_rp) + self.stagger(spec)
        return cycle * self.rows / spec.banks

    def stagger(self, spec: DramSpec) -> Fraction:
        """Rows that are needed together are opened more slowly than bursts follow each other."""
        return (self.together - 1) * max(spec.n_rrd_s - _step(spec), Fraction(0))

    def cycles(self, spec: DramSpec) -> Fraction:
        """How long the transfer holds the channel."""
        return max(self.data_cycles(spec), self.activate_cycles(spec), self.bank_cycles(spec))


def _step(spec: DramSpec) -> Fraction:
    """From a burst to the next of the same direction, in the long run."""
    return max(Fraction(spec.n_ccd_s), Fraction(spec.n_ccd_l, spec.bank_groups))


def _before(spec: DramSpec, load: Load, last_write: bool | None) -> Fraction:
    """Cycles before the first data in which the data bus is idle."""
    latency = spec.write_latency if load.write else spec.n_cl
    if last_write is None:
        opened = spec.n_rcd_w if load.write else spec.n_rcd
        return opened + latency + load.stagger(spec)
    if last_write == load.write:
        return Fraction(0)
    if load.write:
        idle = spec.n_rtw + spec.write_latency - spec.n_cl - _step(spec)
    else:
        # The first read is in the next bank group; the last written one comes round later.
        around = (spec.bank_groups - 1) * spec.n_ccd_s
        waits = max(spec.n_wtr_s, spec.n_wtr_l - around)
        idle = spec.write_end + waits + spec.n_cl - spec.write_latency - _step(spec)
    return max(Fraction(idle), Fraction(0))


def transfer_cycles(
    spec: DramSpec, transfer: Transfer, *, last_write: bool | None = None
) -> Fraction:
    """Cycles that a transfer holds one channel, refreshes left out.

    Args:
        spec: the part.
        transfer: what this channel moves.
        last_write: whether the transfer before it wrote; None where there was none.

    Example:
        >>> from accelsim.architecture.dram import load_dram
        >>> transfer_cycles(load_dram("ddr4"), Transfer(4096, 1, write=False))
        Fraction(300, 1)
    """
    bursts, rows = _run_load(spec, transfer.run_bytes, 1)
    together = min(spec.bank_groups, rows)
    load = Load(bursts * transfer.runs, rows * transfer.runs, together, transfer.write)
    return load.cycles(spec) + _before(spec, load, last_write)


def _run_load(spec: DramSpec, run_bytes: int, channels: int) -> tuple[int, int]:
    """Bursts of a run, and rows that it lies in, over all channels."""
    bursts = ceil(Fraction(run_bytes, spec.burst_bytes))
    stripe = channels * spec.bank_groups
    whole, rest = divmod(bursts, stripe * spec.columns)
    return bursts, whole * stripe + min(rest, stripe)


def load_of(
    spec: DramSpec, *, channels: int, size_bytes: Fraction, run_bytes: int, write: bool
) -> Load:
    """What a transfer asks of each of several channels, spread evenly, rounded up.

    The last run is shorter where the size is no whole number of runs.
    """
    runs = size_bytes // run_bytes
    bursts, rows = _run_load(spec, run_bytes, channels) if runs else (0, 0)
    rest = _run_load(spec, ceil(size_bytes - runs * run_bytes), channels)
    total_bursts, total_rows = runs * bursts + rest[0], runs * rows + rest[1]
    together = min(spec.bank_groups, ceil(Fraction(max(rows, rest[1]), channels)))
    return Load(
        bursts=ceil(Fraction(total_bursts, channels)),
        rows=ceil(Fraction(total_rows, channels)),
        together=together,
        write=write,
    )


def refresh_factor(spec: DramSpec) -> Fraction:
    """How much longer everything takes because of refreshes: one of tRFC every tREFI."""
    return Fraction(spec.n_refi, spec.n_refi - spec.n_rfc)


@lru_cache(maxsize=1 << 16)
def transfer_seconds(
    spec: DramSpec,
    *,
    channels: int,
    size_bytes: Fraction,
    run_bytes: int,
    write: bool,
    last_write: bool | None,
) -> Fraction:
    """Seconds that a transfer holds a memory of several channels, refreshes included.

    Never less than the pins need: ``size_bytes / (channels * spec.peak_bytes_per_s)``.

    Args:
        spec: the part.
        channels: how many, side by side; bursts alternate between them.
        size_bytes: what is moved.
        run_bytes: neighbouring bytes; each run starts with a burst and lies in rows of its own.
        write: whether it is written.
        last_write: whether the transfer before it wrote; None where there was none. Only then the
            time includes opening the first rows and the latency of the part.

    Raises:
        InputError: where a figure is out of range.
    """
    problems = [
        f"DRAM '{spec.name}': {field} is {value}, must be at least {least}; mend it"
        for field, value, least in (
            ("channels", channels, 1),
            ("size_bytes", size_bytes, 0),
            ("run_bytes", run_bytes, 1),
        )
        if value < least
    ]
    if problems:
        raise InputError(problems)
    if not size_bytes:
        return Fraction(0)
    load = load_of(spec, channels=channels, size_bytes=size_bytes, run_bytes=run_bytes, write=write)
    cycles = load.cycles(spec) + _before(spec, load, last_write)
    return cycles * refresh_factor(spec) / spec.clock_hz
