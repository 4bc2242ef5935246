"""Many choices at once: fronts -> the front of all of them together, and the best point of it.

Latencies and energies of parts add up, so that the best choice for a part depends on the others:
the least product of energy and latency of a network is not made of the least products of its
layers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from accelsim.errors import InputError, unknown_name

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Picks = NDArray[np.int32]

__all__ = ["LIMITS", "CombinedFront", "Point", "choose", "combine", "limits_of"]

LIMITS = ("cycles", "energy_pj")
"""What may be bounded from above."""

_MOST = 10_000
"""Points of a combined front; of more, those next to each other are thinned."""
_AT_ONCE = 1_000_000
"""Sums that are held at a time."""
_SAME = 1e-12
"""Sums of floating-point numbers in another order differ by less."""


class Point(Protocol):
    """Anything with a latency and an energy."""

    @property
    def cycles(self) -> float: ...

    @property
    def energy_pj(self) -> float: ...


@dataclass(frozen=True, eq=False)
class CombinedFront:
    """Choices for several parts of which none is both slower and dearer; cheapest first."""

    cycles: Floats
    energy_pj: Floats
    picks: Picks
    """[point, part] which option of each part it takes."""

    def __len__(self) -> int:
        return len(self.cycles)

    def take(self, which: NDArray[np.int64]) -> CombinedFront:
        """Some of the points."""
        return CombinedFront(self.cycles[which], self.energy_pj[which], self.picks[which])


def combine(fronts: Sequence[Sequence[Point]], times: Sequence[int] = ()) -> CombinedFront:
    """The front of parts that run one after the other.

    Of more than 10,000 points, close neighbours are left out: of every ten-thousandth of the range
    of latencies, the cheapest and the fastest stay, and all corners of the convex hull, so that
    the least latency, energy and product of both are exact in any case.

    Args:
        fronts: the options of every part.
        times: how often each part runs, in the same way every time; once where left out.
    """
    import numpy as np

    found = CombinedFront(np.zeros(1), np.zeros(1), np.zeros((1, 0), np.int32))
    for options, often in zip(fronts, times or [1] * len(fronts), strict=True):
        cycles = np.array([option.cycles for option in options]) * often
        energy = np.array([option.energy_pj for option in options]) * often
        found = _thinned(_sum(found, cycles, energy))
    return found


def _sum(front: CombinedFront, cycles: Floats, energy: Floats) -> CombinedFront:
    """Every point with every option (a Minkowski sum), without those that others beat."""
    import numpy as np

    step = max(_AT_ONCE // len(front), 1)
    parts = []
    for start in range(0, len(cycles), step):
        here = slice(start, start + step)
        options = np.arange(len(cycles), dtype=np.int32)[here]
        old = np.repeat(np.arange(len(front)), len(options))
        new = np.tile(options, len(front))
        picks = np.concatenate((front.picks[old], new[:, None]), axis=1)
        sums = (front.cycles[:, None] + cycles[here]).ravel()
        energies = (front.energy_pj[:, None] + energy[here]).ravel()
        kept = _undominated(sums, energies)
        parts.append(CombinedFront(sums[kept], energies[kept], picks[kept]))
    joined = CombinedFront(
        *(np.concatenate([getattr(p, n) for p in parts]) for n in ("cycles", "energy_pj", "picks"))
    )
    return joined.take(_undominated(joined.cycles, joined.energy_pj))


def _undominated(cycles: Floats, energy: Floats) -> NDArray[np.int64]:
    """Positions of the points that no other one beats or equals, cheapest first."""
    import numpy as np

    order = np.lexsort((cycles, energy))
    times = cycles[order]
    before = np.concatenate(([np.inf], np.minimum.accumulate(times)[:-1]))
    kept = order[times < before * (1 - _SAME)]
    # The fastest of equally dear ones comes next to the others: it alone stays.
    energies = energy[kept]
    dearer = np.concatenate((energies[1:] > energies[:-1] * (1 + _SAME), [True]))
    return np.asarray(kept[dearer], np.int64)


def _thinned(front: CombinedFront) -> CombinedFront:
    import numpy as np

    if len(front) <= _MOST:
        return front
    low, high = front.cycles[-1], front.cycles[0]
    slices = ((front.cycles - low) / (high - low) * (_MOST // 2)).astype(np.int64)
    changes = np.flatnonzero(np.diff(slices))
    kept = {0, len(front) - 1, *changes.tolist(), *(changes + 1).tolist(), *_corners(front)}
    return front.take(np.array(sorted(kept), np.int64))


def _corners(front: CombinedFront) -> list[int]:
    """Corners of the convex hull, on the side of small figures."""
    hull: list[int] = []
    xs, ys = front.energy_pj.tolist(), front.cycles.tolist()
    for i in range(len(xs)):
        while len(hull) > 1:
            a, b = hull[-2], hull[-1]
            turn = (xs[b] - xs[a]) * (ys[i] - ys[a]) - (ys[b] - ys[a]) * (xs[i] - xs[a])
            if turn > 0:
                break
            hull.pop()
        hull.append(i)
    return hull


def limits_of(at_most: Mapping[str, float | str] | None) -> dict[str, float]:
    """Bounds as numbers.

    Raises:
        InputError: where one bounds something else, or is no number above 0.
    """
    found: dict[str, float] = {}
    problems = []
    for name, written in (at_most or {}).items():
        if name not in LIMITS:
            problems.append(unknown_name("at most: figure", str(name), LIMITS))
            continue
        try:
            found[name] = float(written) if not isinstance(written, bool) else -1.0
        except (TypeError, ValueError, OverflowError):
            found[name] = -1.0
        if not 0 < found[name] < float("inf"):
            problems.append(
                f"at most: {name} is {written!r}, must be a number above 0; such as {name}=5e6"
            )
    if problems:
        raise InputError(problems)
    return found


def choose(front: CombinedFront, objective: str, limits: Mapping[str, float], *, what: str) -> int:
    """Position of the best point within bounds; the other figure breaks ties.

    Args:
        front: the points.
        objective: ``latency``, ``energy`` or ``edp``.
        limits: the most ``cycles`` and ``energy_pj``.
        what: whose front it is, for messages.

    Raises:
        InputError: where no point is within the bounds; it says what is reachable.
    """
    import numpy as np

    within = np.ones(len(front), bool)
    for name, most in limits.items():
        within &= getattr(front, name) <= most * (1 + _SAME)
    if not within.any():
        raise InputError(_out_of_reach(front, limits, what))
    keys = {
        "latency": (front.energy_pj, front.cycles),
        "energy": (front.cycles, front.energy_pj),
        "edp": (front.cycles, front.energy_pj * front.cycles),
    }
    inside = np.flatnonzero(within)
    return int(inside[np.lexsort([key[inside] for key in keys[objective]])[0]])


def _out_of_reach(front: CombinedFront, limits: Mapping[str, float], what: str) -> list[str]:
    """Which bounds cannot be met, and the best that can be reached."""
    least = {name: float(getattr(front, name).min()) for name in LIMITS}
    problems = [
        f"{what}: at most {name}={most:.10g} is out of reach, must be at least {least[name]:.10g}, "
        "the least of all its mappings; raise the bound"
        for name, most in limits.items()
        if least[name] > most
    ]
    if problems:
        return problems
    reached = []
    for name, most in limits.items():
        (other,) = (key for key in LIMITS if key != name)
        within = getattr(front, name) <= most
        reached.append(f"at {name}={most:.10g}, {other}={getattr(front, other)[within].min():.10g}")
    return [
        f"{what}: no mapping is within both bounds; the best that is reachable: "
        f"{' and '.join(reached)}; raise one of them"
    ]
