"""Points that follow from those before: Optuna's samplers, a generation at a time.

A generation is asked for at once and told in the order in which it was asked for, so that the same
seed gives the same points however many processes evaluate them.
"""

from __future__ import annotations

import json
import warnings
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any

from accelsim.errors import UnsupportedError
from accelsim.explore.samplers.ordered import MOST_PASSED, shuffled
from accelsim.explore.samplers.sampler import Asked, Told
from accelsim.study import Parameters, Space
from accelsim.study.schema import Value

if TYPE_CHECKING:
    import optuna

__all__ = ["Adaptive"]

_FRESH = 4
"""A generation of which less than one in so many points is new is made up to that with random ones:
a search that has settled looks elsewhere, and ends once it has seen every point."""
_VIOLATION = "violation"


@dataclass
class Adaptive:
    """NSGA-II or TPE.

    Args:
        space: the points.
        most: how many are chosen at most; points that come again are not counted.
        worth: whether a point is; others are told to be beyond their constraints.
        method: ``nsga-ii`` or ``tpe``.
        objectives: how many there are.
        population: points of a generation.
        seed: of all random numbers.

    Raises:
        UnsupportedError: where Optuna is missing.
    """

    space: Space
    most: int
    worth: Callable[[Parameters], bool]
    method: str
    objectives: int
    population: int
    seed: int
    passed: int = 0
    """Points that were not worth it."""
    _study: Any = field(init=False, repr=False)
    _known: dict[str, Told] = field(default_factory=dict, repr=False)
    _generation: list[tuple[Any, str]] = field(default_factory=list, repr=False)
    _numbers: dict[int, str] = field(default_factory=dict, repr=False)
    _ready: deque[Asked] = field(default_factory=deque, repr=False)
    _chosen: int = 0
    _unseen: Iterator[int] = field(init=False, repr=False)
    _done: bool = False

    def __post_init__(self) -> None:
        self._unseen = shuffled(self.space.points, self.seed)
        with _quiet():
            self._study = _optuna_study(self.method, self.objectives, self.population, self.seed)

    @property
    def done(self) -> bool:
        """Whether no more are chosen."""
        return self._done

    def ask(self, most: int) -> list[Asked]:
        """The next points of this generation; of the next one once this is told."""
        while not self._ready and not self._numbers and not self._done:
            self._begin()
        return [self._ready.popleft() for _ in range(min(most, len(self._ready)))]

    def tell(self, told: Told) -> None:
        """What became of a point."""
        key = self._numbers.pop(told.number)
        self._known[key] = told
        if not self._numbers and not self._ready:
            self._end()

    def _begin(self) -> None:
        """Ask for a generation, and pick out what is not known yet."""
        if self._chosen >= self.most:
            self._done = True
            return
        with _quiet():
            for _ in range(self.population):
                self._try()
            while len(self._numbers) * _FRESH < self.population and self._chosen < self.most:
                point = self._fresh()
                if point is None:
                    break
                self._study.enqueue_trial(self._places(point))
                self._try()
        if not self._numbers:
            self._end()
            # Every point is known, or next to none is worth it.
            self._done = True

    def _fresh(self) -> Parameters | None:
        """A random point that is worth it and not known; None where none is found."""
        for number in islice(self._unseen, MOST_PASSED):
            point = self.space.point(number)
            key = json.dumps(point)
            if self._is_known(key):
                continue
            if self.worth(point):
                return point
            self._known[key] = Told(-1, None, 1.0)
            self.passed += 1
        return None

    def _try(self) -> None:
        """One trial: a point that is evaluated, unless it is known."""
        trial = self._study.ask()
        point = self._point(trial)
        key = json.dumps(point)
        self._generation.append((trial, key))
        if self._is_known(key):
            return
        if not self.worth(point):
            self._known[key] = Told(-1, None, 1.0)
            self.passed += 1
        elif self._chosen < self.most:
            self._ready.append(Asked(self._chosen, point))
            self._numbers[self._chosen] = key
            self._chosen += 1

    def _is_known(self, key: str) -> bool:
        return key in self._known or key in self._numbers.values()

    def _places(self, point: Parameters) -> dict[str, int]:
        """A point as Optuna has it: the place of every value among those of its parameter."""
        return {
            each.name: each.values.index(point[each.name])
            for each in self.space.parameters
            if each.name in point
        }

    def _point(self, trial: optuna.Trial) -> dict[str, Value]:
        chosen: dict[str, Value] = {}
        for each in self.space.parameters:
            if not each.applies(chosen):
                continue
            # Numbers are chosen by their place: they have an order, whatever their distances.
            at = (
                trial.suggest_int(each.name, 0, len(each.values) - 1)
                if each.is_number
                else trial.suggest_categorical(each.name, list(range(len(each.values))))
            )
            chosen[each.name] = each.values[at]
        return chosen

    def _end(self) -> None:
        """Tell the generation, in its order."""
        import optuna

        with _quiet():
            for trial, key in self._generation:
                told = self._known.get(key)
                violation = 1.0 if told is None else told.violation
                trial.set_user_attr(_VIOLATION, violation)
                if told is None or told.losses is None:
                    self._study.tell(trial, state=optuna.trial.TrialState.FAIL)
                else:
                    self._study.tell(trial, list(told.losses))
        self._generation.clear()


def _optuna_study(method: str, objectives: int, population: int, seed: int) -> Any:
    try:
        import optuna
    except ImportError:
        raise UnsupportedError(
            f"method '{method}' needs Optuna; install it: pip install 'accelsim[explore]'"
        ) from None
    optuna.logging.set_verbosity(optuna.logging.ERROR)

    def constraints(trial: optuna.trial.FrozenTrial) -> tuple[float]:
        return (trial.user_attrs.get(_VIOLATION, 0.0),)

    sampler: optuna.samplers.BaseSampler
    if method == "nsga-ii":
        sampler = optuna.samplers.NSGAIISampler(
            population_size=population, seed=seed, constraints_func=constraints
        )
    else:
        sampler = optuna.samplers.TPESampler(
            seed=seed,
            n_startup_trials=population,
            multivariate=True,
            group=True,
            constant_liar=True,
            constraints_func=constraints,
        )
    return optuna.create_study(directions=["minimize"] * objectives, sampler=sampler)


@contextmanager
def _quiet() -> Iterator[None]:
    """Optuna warns of what is experimental in it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
