"""Many searches: equal ones once, known ones from the cache, the others in processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from time import perf_counter

from accelsim.errors import InputError, UnsupportedError
from accelsim.mapping.legality import check_structure
from accelsim.mapping.mapping import Block, MappedLayer
from accelsim.mapping.schema import SearchFile
from accelsim.search.block_data import renamed_block
from accelsim.search.blocks import groups_of, placeholder
from accelsim.search.cache import Cache
from accelsim.search.layer import Unit, counted, unit_front
from accelsim.search.option import Option

__all__ = ["LEAST_FOR_PROCESSES", "PATIENCE_S", "fronts_of"]

LEAST_FOR_PROCESSES = 4
"""Fewer searches than this are not worth starting processes."""
PATIENCE_S = 2.0
"""Nor are searches that take less than this together: a process needs a second to start."""

Front = tuple[Option, ...]


@dataclass(frozen=True)
class _Failure:
    """What went wrong in a search, as an error that can be handed between processes."""

    problems: tuple[str, ...]
    unsupported: bool

    def error(self) -> InputError | UnsupportedError:
        return UnsupportedError(self.problems[0]) if self.unsupported else InputError(self.problems)


def fronts_of(
    units: Sequence[Unit], *, cache: Cache | None = None, workers: int = 1
) -> tuple[Front, ...]:
    """The front of every unit.

    Units that differ in names only are searched once.

    Args:
        units: what is searched.
        cache: what is known from before, and takes what is found, search by search.
        workers: processes at most. This process begins alone; others help where the searches
            take more than two seconds and at least four are left.

    Raises:
        InputError: every problem of every search at once.
        UnsupportedError: where an Einsum cannot be counted, and nothing else is wrong.
    """
    leaders: dict[str, Unit] = {}
    for i, unit in enumerate(units):
        leaders.setdefault(_id_of(unit, i), unit)
    known: dict[str, Front | _Failure] = {}
    for name, unit in leaders.items():
        found = _from_cache(unit, cache)
        if found is not None:
            known[name] = found
    todo = {name: unit for name, unit in leaders.items() if name not in known}
    for name, outcome in _searched(todo, workers):
        known[name] = outcome
        _to_cache(todo[name], outcome, cache)
    if cache is not None and any(unit.key for unit in todo.values()):
        cache.prune()
    fronts = {name: known[name] for name in leaders}
    _raise_all([front for front in fronts.values() if isinstance(front, _Failure)])
    return tuple(
        _renamed(fronts[_id_of(unit, i)], leaders[_id_of(unit, i)], unit)
        for i, unit in enumerate(units)
    )


def _id_of(unit: Unit, position: int) -> str:
    return unit.key.text if unit.key else f"unit {position}"


def _raise_all(failures: Sequence[_Failure]) -> None:
    wrong = [failure for failure in failures if not failure.unsupported]
    if wrong:
        raise InputError(list(dict.fromkeys(p for failure in wrong for p in failure.problems)))
    if failures:
        raise failures[0].error()


def _renamed(front: Front | _Failure, leader: Unit, unit: Unit) -> Front:
    assert not isinstance(front, _Failure)
    if unit is leader or unit.key is None or leader.key is None:
        return front
    if unit.key.names == leader.key.names:
        return front
    ours, back = leader.key.names, unit.key.names.back
    ranks = {old: back.ranks[new] for old, new in ours.ranks.items()}
    tensors = {old: back.tensors[new] for old, new in ours.tensors.items()}
    return tuple(
        Option(
            tuple(renamed_block(block, ranks, tensors) for block in option.blocks),
            option.cycles,
            option.energy_pj,
        )
        for option in front
    )


# ---- the cache ------------------------------------------------------------------------------


def _from_cache(unit: Unit, cache: Cache | None) -> Front | None:
    """What the cache holds for a unit, counted anew; None where it is of no use."""
    if cache is None or unit.key is None:
        return None
    options = cache.read(unit.key.text)
    if options is None:
        return None
    back = unit.key.names.back
    try:
        blocks = [
            tuple(renamed_block(block, back.ranks, back.tensors) for block in each)
            for each in options
        ]
        return tuple(_recounted(each, unit) for each in blocks)
    except (InputError, UnsupportedError, KeyError):
        return None  # Not of this search, whatever its name says.


def _recounted(blocks: tuple[Block, ...], unit: Unit) -> Option:
    """Blocks of a unit with their figures; refused where they are not a sound mapping of it."""
    cascade, architecture = unit.cascade, unit.architecture
    every = [einsum.name for einsum in cascade.einsums]
    whole: dict[str, tuple[Block, ...]] = {}
    for group in groups_of(every, cascade, SearchFile()):
        if set(group) & set(unit.names):
            whole["these"] = blocks
        else:
            whole[group[0]] = (placeholder(group, cascade, architecture),)
    every_block = tuple(block for each in whole.values() for block in each)
    check_structure(MappedLayer("cache", every_block), cascade, architecture)
    return counted(blocks, cascade, architecture, unit.words.__getitem__)


def _to_cache(unit: Unit, outcome: Front | _Failure, cache: Cache | None) -> None:
    if cache is None or unit.key is None or isinstance(outcome, _Failure):
        return
    names = unit.key.names
    cache.write(
        unit.key.text,
        [
            [renamed_block(block, names.ranks, names.tensors) for block in option.blocks]
            for option in outcome
        ],
    )


# ---- processes ------------------------------------------------------------------------------


def _searched(todo: dict[str, Unit], workers: int) -> Iterator[tuple[str, Front | _Failure]]:
    """Every search with its outcome, in the order in which they end."""
    left, started = dict(todo), perf_counter()
    while left:
        # Those of the enumerated set are quick, and known again within this process.
        far = {name: unit for name, unit in left.items() if unit.key}
        late = perf_counter() - started >= PATIENCE_S
        if workers > 1 and late and len(far) >= LEAST_FOR_PROCESSES:
            yield from _in_processes(far, min(workers, len(far)))
            left = {name: unit for name, unit in left.items() if name not in far}
            continue
        name = next(iter(left))
        yield name, _outcome(left.pop(name))


def _outcome(unit: Unit) -> Front | _Failure:
    try:
        return unit_front(unit)
    except InputError as error:
        return _Failure(error.problems, unsupported=False)
    except UnsupportedError as error:
        return _Failure((str(error),), unsupported=True)


def _in_processes(units: dict[str, Unit], workers: int) -> Iterator[tuple[str, Front | _Failure]]:
    from concurrent.futures import ProcessPoolExecutor, as_completed
    from concurrent.futures.process import BrokenProcessPool

    # Spawned, not forked: a fork of a process with threads may hang.
    context = multiprocessing.get_context("spawn")
    before = set(multiprocessing.active_children())
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_leave_interrupts) as pool:
        try:
            futures = {pool.submit(_outcome, unit): name for name, unit in units.items()}
            for future in as_completed(futures):
                yield futures[future], future.result()
        except BrokenProcessPool:
            raise UnsupportedError(
                "a process that searched ended before it was done, perhaps for want of memory; "
                "use --workers 1"
            ) from None
        except BaseException:
            # Interrupted, or nobody wants the rest: no search is waited for.
            pool.shutdown(wait=False, cancel_futures=True)
            for child in set(multiprocessing.active_children()) - before:
                child.terminate()
            raise


def _leave_interrupts() -> None:
    """In a worker: Ctrl-C reaches all processes, and the first one alone deals with it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
