"""The banks of a channel: every parameter of every part to the cycle."""

import random
from dataclasses import fields, replace
from typing import Any

import pytest

from accelsim.architecture.dram import DramSpec, load_dram
from accelsim.simulator.dram.banks import MOST_POSTPONED, Banks, Command, CommandError

ACT, PRE, READ, WRITE, REF = Command
PARTS = ("ddr4", "lpddr4", "hbm2", "hbm2e", "gddr6")
KEPT = {"n_cl", "n_cwl", "n_bl", "n_dqss", "n_turn", "n_refi"}
"""What a delay is made of, or what never binds in these cases."""


def only(spec: DramSpec, *names: str) -> DramSpec:
    """The part with every other delay as short as can be, so that one alone decides."""
    short: dict[str, Any] = {f.name: 1 for f in fields(spec) if f.name.startswith("n_")}
    for name in KEPT | set(names):
        short.pop(name)
    return replace(spec, **short)


def other_group(spec: DramSpec) -> int:
    """A bank of another group, or just another one where there are no groups."""
    return spec.banks_per_group if spec.bank_groups > 1 else 1


def written(spec: DramSpec) -> int:
    return spec.n_cwl + spec.n_dqss + spec.n_bl


Step = tuple[Command, int, int]
"""Command, bank (-1: one of another group), earliest cycle at which it is issued."""
CASES: dict[str, tuple[tuple[str, ...], list[Step], Command, int]] = {
    # Parameter -> fields kept, what is issued before, what is tested, on which bank.
    "tRCD read": (("n_rcd",), [(ACT, 0, 5)], READ, 0),
    "tRCD write": (("n_rcd_w",), [(ACT, 0, 5)], WRITE, 0),
    "tRAS": (("n_ras",), [(ACT, 0, 5)], PRE, 0),
    "tRP": (("n_rp",), [(ACT, 0, 0), (PRE, 0, 5)], ACT, 0),
    "tRP refresh": (("n_rp",), [(ACT, 0, 0), (PRE, 0, 5)], REF, 0),
    "tRC": (("n_rc",), [(ACT, 0, 5), (PRE, 0, 6)], ACT, 0),
    "tRC refresh": (("n_rc",), [(ACT, 0, 5), (PRE, 0, 6)], REF, 0),
    "tRRD_S": (("n_rrd_s",), [(ACT, 0, 5)], ACT, -1),
    "tRRD_L": (("n_rrd_l",), [(ACT, 0, 5)], ACT, 1),
    "tFAW": (("n_faw",), [(ACT, 0, 5), (ACT, 1, 6), (ACT, 2, 7), (ACT, 3, 8)], ACT, 4),
    "tCCD_S read": (("n_ccd_s",), [(ACT, 0, 0), (ACT, -1, 1), (READ, 0, 5)], READ, -1),
    "tCCD_S write": (("n_ccd_s",), [(ACT, 0, 0), (ACT, -1, 1), (WRITE, 0, 5)], WRITE, -1),
    "tCCD_L read": (("n_ccd_l",), [(ACT, 0, 0), (ACT, 1, 1), (READ, 0, 5)], READ, 1),
    "tCCD_L write": (("n_ccd_l",), [(ACT, 0, 0), (ACT, 1, 1), (WRITE, 0, 5)], WRITE, 1),
    "tRTP": (("n_rtp",), [(ACT, 0, 0), (READ, 0, 5)], PRE, 0),
    "tWR": (("n_wr",), [(ACT, 0, 0), (WRITE, 0, 5)], PRE, 0),
    "tWTR_S": (("n_wtr_s",), [(ACT, 0, 0), (ACT, -1, 1), (WRITE, 0, 5)], READ, -1),
    "tWTR_L": (("n_wtr_l",), [(ACT, 0, 0), (ACT, 1, 1), (WRITE, 0, 5)], READ, 1),
    "tRTW": ((), [(ACT, 0, 0), (ACT, -1, 1), (READ, 0, 5)], WRITE, -1),
    "tRFC": (("n_rfc",), [(REF, 0, 5)], ACT, 0),
    "tRFC again": (("n_rfc",), [(REF, 0, 5)], REF, 0),
}


def delay(case: str, spec: DramSpec) -> int:
    """From the command before (of tFAW: the first of four, of tRC: the ACT) to the tested one."""
    if case == "tRTW":
        return spec.n_cl + spec.n_bl + spec.n_turn - spec.n_cwl
    kept = int(getattr(spec, CASES[case][0][0]))
    return kept + (written(spec) if case.startswith(("tWR", "tWTR")) else 0)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("part", PARTS)
def test_a_parameter_holds_to_the_cycle(part: str, case: str) -> None:
    kept, before, command, bank = CASES[case]
    spec = only(load_dram(part), *kept)
    banks = Banks(spec)
    for sent, on, at in before:
        on = other_group(spec) if on < 0 else on
        banks.issue(sent, on, 0, at=max(at, banks.earliest(sent, on, 0)))
    bank = other_group(spec) if bank < 0 else bank
    due = 5 + delay(case, spec)
    assert banks.earliest(command, bank, 0) == due
    with pytest.raises(CommandError, match=case.split()[0]) as caught:
        banks.issue(command, bank, 0, at=due - 1)
    assert (caught.value.parameter, caught.value.needs) == (case.split()[0], due)
    banks.issue(command, bank, 0, at=due)
    assert banks.now == due


def test_every_delay_of_a_part_is_tested() -> None:
    tested = {name for kept, *_ in CASES.values() for name in kept}
    assert tested | KEPT == {f.name for f in fields(DramSpec) if f.name.startswith("n_")}


@pytest.mark.parametrize("part", PARTS)
def test_eight_refreshes_may_be_postponed_and_not_nine(part: str) -> None:
    spec = load_dram(part)
    banks = Banks(spec)
    late = (MOST_POSTPONED + 1) * spec.n_refi
    assert (MOST_POSTPONED, banks.deadline()) == (8, late)
    with pytest.raises(CommandError, match=f"ACT at {late}: tREFI needs REF before {late}"):
        banks.issue(ACT, 0, 0, at=late)
    banks.issue(ACT, 0, 0, at=late - 1)
    with pytest.raises(CommandError, match="tREFI") as caught:
        banks.issue(READ, 0, 0, at=late + spec.n_rcd)
    assert (caught.value.parameter, caught.value.needs) == ("tREFI", late)
    banks.issue(PRE, 0, at=late + spec.n_ras)
    banks.issue(REF, at=late + 2 * spec.n_rc)
    assert banks.deadline() == late + spec.n_refi
    banks.issue(ACT, 0, 0, at=late + 2 * spec.n_rc + spec.n_rfc)


def test_the_message_names_the_parameter() -> None:
    banks = Banks(load_dram("hbm2"))
    banks.issue(ACT, 0, 3, at=0)
    with pytest.raises(CommandError, match=r"^READ at 13: tRCD needs 14$"):
        banks.issue(READ, 0, 3, at=13)


@pytest.mark.parametrize(
    ("command", "bank", "row", "message"),
    [
        (ACT, 0, 4, "bank 0 is open; close it first"),
        (ACT, 1, None, "row is None, must be 0 or above"),
        (PRE, 1, None, "bank 1 is closed"),
        (READ, 1, 3, "READ: bank 1 is closed; open a row first"),
        (WRITE, 0, 4, "bank 0 holds row 3, not 4"),
        (REF, 0, None, "bank 0 is open; close it first"),
        (ACT, 16, 0, "bank 16 does not exist; the last one is 15"),
        (READ, -1, 3, "bank -1 does not exist"),
    ],
)
def test_what_the_state_does_not_allow(
    command: Command, bank: int, row: int | None, message: str
) -> None:
    banks = Banks(load_dram("ddr4"))
    banks.issue(ACT, 0, 3, at=0)
    with pytest.raises(CommandError, match=message):
        banks.earliest(command, bank, row)
    with pytest.raises(CommandError, match=message) as caught:
        banks.issue(command, bank, row, at=10**6)
    assert isinstance(caught.value, ValueError)
    assert (caught.value.parameter, banks.now) == (None, 0)


def test_time_does_not_run_back() -> None:
    banks = Banks(load_dram("ddr4"))
    banks.issue(ACT, 0, 3, at=50)
    with pytest.raises(CommandError, match="ACT at 49: a command was issued at 50"):
        banks.issue(ACT, 4, 3, at=49)


History = list[tuple[Command, int, int]]


def brute_force(spec: DramSpec, history: History, command: Command, bank: int) -> int:
    """First cycle by comparing with every earlier command, a rule for each pair."""
    group = bank // spec.banks_per_group
    found = [history[-1][2] if history else 0]
    acts = [at for sent, _, at in history if sent is ACT]
    if command is ACT and len(acts) >= 4:
        found.append(acts[-4] + spec.n_faw)
    for sent, on, at in history:
        near, same = on // spec.banks_per_group == group, on == bank
        ccd = spec.n_ccd_l if near else spec.n_ccd_s
        wtr = max(spec.n_wtr_s, spec.n_wtr_l if near else 0)
        rrd = max(spec.n_rc if same else 0, spec.n_rrd_l if near else spec.n_rrd_s)
        rules: dict[tuple[Command, Command], int | None] = {
            (ACT, ACT): rrd,
            (ACT, READ): spec.n_rcd if same else None,
            (ACT, WRITE): spec.n_rcd_w if same else None,
            (ACT, PRE): spec.n_ras if same else None,
            (ACT, REF): spec.n_rc,
            (PRE, ACT): spec.n_rp if same else None,
            (PRE, REF): spec.n_rp,
            (READ, READ): ccd,
            (WRITE, WRITE): ccd,
            (READ, WRITE): spec.n_cl + spec.n_bl + spec.n_turn - spec.n_cwl,
            (WRITE, READ): written(spec) + wtr,
            (READ, PRE): spec.n_rtp if same else None,
            (WRITE, PRE): written(spec) + spec.n_wr if same else None,
            (REF, ACT): spec.n_rfc,
            (REF, REF): spec.n_rfc,
        }
        if (wait := rules.get((sent, command))) is not None:
            found.append(at + wait)
    return max(found)


@pytest.mark.parametrize("part", PARTS)
def test_a_random_walk_agrees_with_brute_force(part: str) -> None:
    spec, chance = load_dram(part), random.Random(part)
    banks = Banks(spec, forgets=False)
    history: History = []
    for _ in range(250):
        bank = chance.randrange(3) * spec.banks // 4
        held = banks.open_rows[bank]
        row = chance.randrange(4) if held is None else held
        command = ACT if held is None else chance.choice((READ, WRITE, PRE, PRE))
        if all(each is None for each in banks.open_rows) and chance.random() < 0.5:
            command = REF
        at = brute_force(spec, history, command, bank)
        assert banks.earliest(command, bank, row) == at
        at += chance.choice((0, 0, 0, 1, chance.randrange(90)))
        banks.issue(command, bank, row, at=at)
        history.append((command, bank, at))
    assert {sent for sent, _, _ in history} == set(Command)
