"""Processes as statements under conditions, or as choices between values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

from accelsim.gateware.verilog.expressions import Expressions, constant, fitted
from accelsim.gateware.verilog.flow import select_bits
from accelsim.gateware.verilog.netlist import Assign, Bits, Process, Spec, Switch, width_of

__all__ = ["Branch", "Put", "Statement", "choice", "merged", "reset_first", "statements", "written"]


@dataclass
class Put:
    """A register takes a value with the clock."""

    left: str
    right: str


@dataclass
class Branch:
    """``if``, ``else if`` and so on; the last condition is empty for ``else``."""

    conditions: tuple[str, ...]
    bodies: list[list[Statement]]


Statement: TypeAlias = Put | Branch


def statements(
    body: Sequence[Assign | Switch], register: str, words: Expressions
) -> list[Statement]:
    """The statements of a register, of the process that gives it its next value."""
    found: list[Statement] = []
    for each in body:
        if isinstance(each, Assign):
            target = Bits(register, each.left.high, each.left.low)
            if each.right != (target,):
                found.append(Put(words.bits(target), words.alone(each.right)))
        else:
            arms = [
                (condition(each.select, patterns, words), statements(inner, register, words))
                for patterns, inner in each.cases
            ]
            while arms and not arms[-1][1]:
                arms.pop()
            if arms:
                found.append(Branch(tuple(c for c, _ in arms), [b for _, b in arms]))
    return found


def reset_first(body: list[Statement], reset: str) -> list[Statement]:
    """A register that a last statement resets: the rest becomes its ``else``."""
    if not body or not isinstance(body[-1], Branch) or body[-1].conditions != (reset,):
        return body
    (inner,) = body[-1].bodies
    if len(inner) != 1 or not isinstance(inner[0], Put) or "[" in inner[0].left:
        return body
    return [Branch((reset, ""), [inner, body[:-1]])]


def merged(into: list[Statement], other: list[Statement]) -> None:
    """Put statements of one more register to those of others, under the same conditions."""
    at = 0
    for each in other:
        same = next(
            (
                place
                for place in range(at, len(into))
                if isinstance(each, Branch) and _alike(into[place], each)
            ),
            None,
        )
        if same is None:
            at = len(into)
            into.append(each)
        else:
            before = into[same]
            assert isinstance(before, Branch)
            assert isinstance(each, Branch)
            missing = len(each.conditions) - len(before.conditions)
            if missing > 0:
                before.conditions = each.conditions
                before.bodies += [[] for _ in range(missing)]
            for body, more in zip(before.bodies, each.bodies, strict=False):
                merged(body, more)
            at = same
        at += 1


def _alike(a: Statement, b: Branch) -> bool:
    """Whether the conditions of one are those with which the other begins."""
    if not isinstance(a, Branch):
        return False
    same = min(len(a.conditions), len(b.conditions))
    return a.conditions[:same] == b.conditions[:same]


def written(body: Sequence[Statement], indent: str) -> list[str]:
    """Lines of Verilog."""
    lines: list[str] = []
    for each in body:
        if isinstance(each, Put):
            lines += fitted(indent, f"{each.left} <= {each.right};")
            continue
        arms = _arms(each)
        (test, inner), *others = arms
        if not others and len(inner) == 1 and isinstance(inner[0], Put):
            lines += fitted(indent, f"if ({test}) {inner[0].left} <= {inner[0].right};")
            continue
        for at, (test, inner) in enumerate(arms):
            head = f"{indent}end else " if at else indent
            head += f"if ({test}) begin" if test else "begin"
            lines += [head, *written(inner, indent + "  ")]
        lines.append(f"{indent}end")
    return lines


def _arms(branch: Branch) -> list[tuple[str, list[Statement]]]:
    """Conditions and what follows; ``else`` of nothing but an ``if`` goes on, and so does an
    ``if`` of nothing."""
    arms = list(zip(branch.conditions, branch.bodies, strict=True))
    while arms[-1][0] == "" and len(arms[-1][1]) == 1 and isinstance(arms[-1][1][0], Branch):
        (inner,) = arms.pop()[1]
        assert isinstance(inner, Branch)
        arms += zip(inner.conditions, inner.bodies, strict=True)
    while len(arms) > 1 and not arms[-1][1]:
        arms.pop()
    if len(arms) == 2 and not arms[0][1]:
        first, second = _negated(arms[0][0]), arms[1][0]
        plain = second.replace("_", "").isalnum()
        test = f"{first} & {second if plain else f'({second})'}" if second else first
        return [(test, arms[1][1])]
    return arms


def choice(process: Process, high: int, low: int, words: Expressions) -> str:
    """What some bits of a process's wire are assigned."""
    return _chosen(process.body, "", high, low, words)


def _chosen(
    body: Sequence[Assign | Switch], before: str, high: int, low: int, words: Expressions
) -> str:
    for each in body:
        if isinstance(each, Assign):
            if each.left.low <= low and high <= each.left.high:
                offset = each.left.low
                before = words.text(select_bits(each.right, high - offset, low - offset))
            continue
        arms = [
            (condition(each.select, patterns, words), _chosen(inner, before, high, low, words))
            for patterns, inner in each.cases
        ]
        text = before if arms[-1][0] and not _all(each) else arms.pop()[1]
        for test, value in reversed(arms):
            if value != text:
                yes = f"({value})" if " ? " in value else value
                no = f"({text})" if " ? " in text and text == before else text
                text = f"{test} ? {yes} : {no}"
        before = text
    return before


def _all(switch: Switch) -> bool:
    """Whether every value that is selected by has a case."""
    found = [pattern for patterns, _ in switch.cases for pattern in patterns]
    width = width_of(switch.select)
    return not any("-" in pattern for pattern in found) and len(set(found)) == 1 << width


def condition(select: Spec, patterns: Sequence[str], words: Expressions) -> str:
    """That a value fits one of some patterns; nothing where there are none."""
    found = [_fits(select, pattern, words) for pattern in patterns]
    return " | ".join(found) if len(found) < 2 else " | ".join(f"({each})" for each in found)


def _fits(select: Spec, pattern: str, words: Expressions) -> str:
    tests, at = [], len(pattern)
    for wanted, run in groupby(pattern, lambda digit: digit != "-"):
        digits = "".join(run)
        at -= len(digits)
        if wanted:
            tests.append(_equal(select_bits(select, at + len(digits) - 1, at), digits, words))
    return tests[0] if len(tests) == 1 else " & ".join(f"({test})" for test in tests)


def _equal(value: Spec, digits: str, words: Expressions) -> str:
    text = words.text(value)
    if len(digits) > 1:
        return f"{text} == {constant(digits)}"
    if digits == "1":
        return text
    return _negated(text)


def _negated(test: str) -> str:
    return f"~{test}" if test.replace("_", "").isalnum() else f"~({test})"
