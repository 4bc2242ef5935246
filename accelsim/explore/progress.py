"""How far a study is: points, rate, the best so far, time left."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from time import monotonic

from accelsim.study import Study
from accelsim.units import number_text

__all__ = ["Progress"]

_EVERY_S = 2.0


@dataclass
class Progress:
    """Tells on stderr, every few seconds, how far a study is.

    Args:
        study: the study.
        expected: points that will be evaluated at most.
        tell: is handed each line.
    """

    study: Study
    expected: int
    tell: Callable[[str], None] = field(default=lambda line: print(line, file=sys.stderr))
    _started: float = field(default_factory=monotonic)
    _last: float = field(default_factory=monotonic)
    _best: dict[str, float] = field(default_factory=dict)
    _reused: int = 0

    def better(self, objectives: Mapping[str, float]) -> None:
        """Take note of a point that fulfils its constraints."""
        for each in self.study.objectives:
            value = objectives[each.name]
            known = self._best.get(each.name)
            if known is None or each.sign * value < each.sign * known:
                self._best[each.name] = value

    def reused(self, points: int) -> None:
        """Take note of points that were known before."""
        self._reused += points

    def show(self, evaluated: int, failed: int) -> None:
        """Tell, where the last time is long enough ago."""
        now = monotonic()
        if now - self._last < _EVERY_S:
            return
        self._last = now
        worked = evaluated - self._reused
        rate = worked / max(now - self._started, 1e-9)
        left = ""
        if rate and self.expected > evaluated:
            left = f", {_time_text((self.expected - evaluated) / rate)} left"
        failures = f" ({failed:,} failed)" if failed else ""
        best = ", ".join(f"{name} {value:.4g}" for name, value in self._best.items())
        best = f"; best {best}" if best else ""
        self.tell(
            f"{evaluated:,} of {self.expected:,} points{failures}, {number_text(rate)} a second"
            f"{left}{best}"
        )


def _time_text(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
