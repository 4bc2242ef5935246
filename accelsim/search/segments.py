"""A cascade cut into blocks: which Einsums run fused, and which apart.

Fronts of every run of neighbouring Einsums, from short ones to long ones: the best of all ways to
cut it in two, and of fusing all of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from accelsim.architecture.architecture import Architecture
from accelsim.einsum.cascade import Cascade
from accelsim.formats import Bits
from accelsim.mapping.schema import SearchFile
from accelsim.search.front import Front
from accelsim.search.fused import Choice, Fused, shared_ranks
from accelsim.search.mapspace import MapSpace
from accelsim.search.optimal import counted, problems_of
from accelsim.search.option import Option

__all__ = ["segmented_front"]


def segmented_front(
    names: Sequence[str],
    fronts: Mapping[str, Sequence[Option]],
    cascade: Cascade,
    architecture: Architecture,
    *,
    bits: Bits,
    search: SearchFile,
) -> tuple[Option, ...]:
    """The front of neighbouring Einsums, fused where that pays.

    Args:
        names: the Einsums, in the order of the cascade.
        fronts: the front of each on its own.
        cascade: their cascade.
        architecture: the machine.
        bits: tensor -> bits per element.
        search: what may be chosen.

    Returns:
        The front, cheapest first; the blocks of an option run one after the other.
    """
    known: dict[tuple[int, int], Front] = {}
    for i, name in enumerate(names):
        known[i, i] = _front(fronts[name])
    for length in range(2, len(names) + 1):
        for first in range(len(names) - length + 1):
            last = first + length - 1
            front = Front()
            for cut in range(first, last):
                one, other = known[first, cut], known[cut + 1, last]
                options = [_one_after_the_other(a, b) for a in one.found for b in other.found]
                _add(front, options)
            group = names[first : last + 1]
            if search.fuse and shared_ranks(group, cascade) is not None:
                spaces = [
                    [MapSpace(p, search) for p in problems_of(name, cascade, architecture, bits)]
                    for name in group
                ]
                fused = Fused(group, spaces, front)
                if fused.possible:
                    fused.search()
                    choices = [c for c in front.found if isinstance(c, Choice)]
                    options = [c for c in front.found if isinstance(c, Option)]
                    for choice in choices:
                        block = replace(fused.block(choice), halo=search.halo)
                        options.append(counted(block, cascade, architecture, bits))
                    front = _front(options)
            known[first, last] = front
    return tuple(known[0, len(names) - 1].found)


def _one_after_the_other(first: Option, second: Option) -> Option:
    blocks = first.blocks + second.blocks
    return Option(blocks, first.cycles + second.cycles, first.energy_pj + second.energy_pj)


def _front(options: Sequence[Option]) -> Front:
    front = Front()
    _add(front, options)
    return front


def _add(front: Front, options: Sequence[Option]) -> None:
    energy = np.array([option.energy_pj for option in options])
    cycles = np.array([option.cycles for option in options])
    front.add(energy, cycles, options)
