"""The banks of one channel, command by command: what may be issued when, and what it does.

Every command is checked against every timing parameter and against the state of its bank. The
command bus is not modelled: commands to different banks may share a cycle.
"""

from __future__ import annotations

from collections import deque
from enum import Enum

from accelsim.architecture.dram import DramSpec

__all__ = ["MOST_POSTPONED", "Banks", "Command", "CommandError"]

MOST_POSTPONED = 8
"""Refreshes that may be overdue at a time; with a ninth, rows forget."""
_NEVER = -(1 << 60)
Limits = list[tuple[str, int]]


class Command(Enum):
    """What a controller sends to the banks."""

    ACT = "ACT"
    """Open a row of a bank."""
    PRE = "PRE"
    """Close the row of a bank."""
    READ = "READ"
    """Read a burst of the open row."""
    WRITE = "WRITE"
    """Write a burst of the open row."""
    REF = "REF"
    """Refresh all banks; they must be closed."""


class CommandError(ValueError):
    """A command that the banks refuse: too early, too late, or wrong in their state."""

    def __init__(self, message: str, *, parameter: str | None = None, needs: int | None = None):
        super().__init__(message)
        self.parameter = parameter
        """The violated parameter, such as ``tRCD``; None where the state is wrong."""
        self.needs = needs
        """The earliest cycle (of ``tREFI``: the first that is too late); None as above."""


class Banks:
    """One channel of a part, all banks closed and none refreshed at cycle 0.

    Commands are issued in order of time. Banks of a group follow each other: bank ``b`` is of
    group ``b // spec.banks_per_group``.

    Example:
        >>> from accelsim.architecture.dram import load_dram
        >>> banks = Banks(load_dram("ddr4"))
        >>> banks.issue(Command.ACT, 0, 7, at=0)
        >>> banks.earliest(Command.READ, 0, 7)
        22
    """

    def __init__(self, spec: DramSpec, *, forgets: bool = True) -> None:
        self.spec = spec
        self.forgets = forgets
        """Whether refreshes may become overdue; False for questions about a time without them."""
        self.now = 0
        """Cycle of the last command."""
        self.refreshes = 0
        """Refreshes done."""
        self.open_rows: list[int | None] = [None] * spec.banks
        """Bank -> its open row."""
        self._act, self._pre, self._read, self._write = (_Last(spec) for _ in range(4))
        self._refresh = _NEVER
        self._window: deque[int] = deque([_NEVER] * 4, maxlen=4)

    def earliest(self, command: Command, bank: int = 0, row: int | None = None) -> int:
        """First cycle at which a command may be issued, if nothing else is issued before it.

        Raises:
            CommandError: where the banks are in no state for it, whenever it comes.
        """
        self._check_state(command, bank, row)
        return max(self.now, max(needs for _, needs in self._limits(command, bank)))

    def deadline(self) -> int:
        """First cycle at which nothing but PRE and REF may be issued: refreshes are overdue."""
        return (self.refreshes + MOST_POSTPONED + 1) * self.spec.n_refi

    def issue(self, command: Command, bank: int = 0, row: int | None = None, *, at: int) -> None:
        """Issue a command at a cycle.

        Raises:
            CommandError: where it breaks a timing parameter, which is named, or the banks are in
                no state for it. Nothing has changed then.
        """
        self._check_state(command, bank, row)
        if at < self.now:
            raise CommandError(f"{command.value} at {at}: a command was issued at {self.now}")
        parameter, needs = max(self._limits(command, bank), key=lambda limit: limit[1])
        if at < needs:
            message = f"{command.value} at {at}: {parameter} needs {needs}"
            raise CommandError(message, parameter=parameter, needs=needs)
        late = self.deadline()
        if self.forgets and at >= late and command not in (Command.PRE, Command.REF):
            message = f"{command.value} at {at}: tREFI needs REF before {late}"
            raise CommandError(message, parameter="tREFI", needs=late)
        self.now = at
        self._apply(command, bank, row, at)

    def _check_state(self, command: Command, bank: int, row: int | None) -> None:
        if command is Command.REF:
            held = [b for b, held_row in enumerate(self.open_rows) if held_row is not None]
            if held:
                raise CommandError(f"REF: bank {held[0]} is open; close it first")
            return
        if not 0 <= bank < self.spec.banks:
            raise CommandError(f"bank {bank} does not exist; the last one is {self.spec.banks - 1}")
        open_row = self.open_rows[bank]
        if command is Command.ACT:
            if open_row is not None:
                raise CommandError(f"ACT: bank {bank} is open; close it first")
            if row is None or row < 0:
                raise CommandError(f"ACT: row is {row}, must be 0 or above")
        elif open_row is None:
            raise CommandError(f"{command.value}: bank {bank} is closed; open a row first")
        elif command is not Command.PRE and row != open_row:
            raise CommandError(f"{command.value}: bank {bank} holds row {open_row}, not {row}")

    def _limits(self, command: Command, bank: int) -> Limits:
        """Parameter -> first cycle at which it is kept."""
        match command:
            case Command.ACT:
                return self._act_limits(bank)
            case Command.PRE:
                return self._pre_limits(bank)
            case Command.READ:
                return self._read_limits(bank)
            case Command.WRITE:
                return self._write_limits(bank)
            case Command.REF:
                return self._refresh_limits()

    def _act_limits(self, bank: int) -> Limits:
        spec = self.spec
        return [
            ("tRP", self._pre.of_bank[bank] + spec.n_rp),
            ("tRC", self._act.of_bank[bank] + spec.n_rc),
            ("tRRD_S", self._act.last + spec.n_rrd_s),
            ("tRRD_L", self._act.in_group(bank) + spec.n_rrd_l),
            ("tFAW", self._window[0] + spec.n_faw),
            ("tRFC", self._refresh + spec.n_rfc),
        ]

    def _pre_limits(self, bank: int) -> Limits:
        spec = self.spec
        return [
            ("tRAS", self._act.of_bank[bank] + spec.n_ras),
            ("tRTP", self._read.of_bank[bank] + spec.n_rtp),
            ("tWR", self._write.of_bank[bank] + spec.write_end + spec.n_wr),
        ]

    def _read_limits(self, bank: int) -> Limits:
        spec = self.spec
        return [
            ("tRCD", self._act.of_bank[bank] + spec.n_rcd),
            ("tCCD_S", self._read.last + spec.n_ccd_s),
            ("tCCD_L", self._read.in_group(bank) + spec.n_ccd_l),
            ("tWTR_S", self._write.last + spec.write_end + spec.n_wtr_s),
            ("tWTR_L", self._write.in_group(bank) + spec.write_end + spec.n_wtr_l),
        ]

    def _write_limits(self, bank: int) -> Limits:
        spec = self.spec
        return [
            ("tRCD", self._act.of_bank[bank] + spec.n_rcd_w),
            ("tCCD_S", self._write.last + spec.n_ccd_s),
            ("tCCD_L", self._write.in_group(bank) + spec.n_ccd_l),
            ("tRTW", self._read.last + spec.n_rtw),
        ]

    def _refresh_limits(self) -> Limits:
        spec = self.spec
        return [
            ("tRP", self._pre.last + spec.n_rp),
            ("tRC", self._act.last + spec.n_rc),
            ("tRFC", self._refresh + spec.n_rfc),
        ]

    def _apply(self, command: Command, bank: int, row: int | None, at: int) -> None:
        match command:
            case Command.ACT:
                self._act.note(bank, at)
                self._window.append(at)
                self.open_rows[bank] = row
            case Command.PRE:
                self._pre.note(bank, at)
                self.open_rows[bank] = None
            case Command.READ:
                self._read.note(bank, at)
            case Command.WRITE:
                self._write.note(bank, at)
            case Command.REF:
                self._refresh = at
                self.refreshes += 1


class _Last:
    """When a kind of command was last issued: to each bank, to each bank group, at all."""

    def __init__(self, spec: DramSpec) -> None:
        self.of_bank = [_NEVER] * spec.banks
        self.of_group = [_NEVER] * spec.bank_groups
        self.last = _NEVER
        self.banks_per_group = spec.banks_per_group

    def in_group(self, bank: int) -> int:
        return self.of_group[bank // self.banks_per_group]

    def note(self, bank: int, at: int) -> None:
        self.of_bank[bank] = at
        self.of_group[bank // self.banks_per_group] = at
        self.last = at
