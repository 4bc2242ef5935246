"""Einsums that feed each other through an iterated rank: can they run step by step?"""

from __future__ import annotations

from collections.abc import Iterator

from accelsim.einsum.cascade import Cascade, Einsum, Gathered, TensorAccess

__all__ = ["step_problems"]


def step_problems(cascade: Cascade) -> Iterator[tuple[Einsum, str]]:
    """Einsums of a circle that read what no step has written yet, each with a message.

    A circle runs one step of one rank at a time, so that each of its Einsums may read the others
    at this step or at earlier ones only.
    """
    for names in cascade.circles:
        members = [einsum for einsum in cascade.einsums if einsum.name in names]
        ranks = sorted({einsum.iterated for einsum in members if einsum.iterated})
        if len(ranks) > 1:
            circle = ", ".join(einsum.name for einsum in members)
            yield (
                members[0],
                f"{circle} feed each other over the ranks {' and '.join(ranks)}, must be one rank",
            )
            continue
        for reader in members:
            for access in reader.inputs:
                if access.tensor in names and not _written(cascade[access.tensor], access, ranks):
                    yield (
                        reader,
                        f"cascade is cyclic: reads {access}, which depends on {reader.name} itself "
                        f"and is not written yet; read {access.tensor} at this step of {ranks[0]} "
                        "or an earlier one",
                    )


def _written(producer: Einsum, access: TensorAccess, ranks: list[str]) -> bool:
    """Whether the access takes what this step or an earlier one wrote."""
    for written, read in zip(producer.output.indices, access.indices, strict=True):
        if written.ranks == tuple(ranks):
            if isinstance(read, Gathered):
                return False
            return read.terms == written.terms and read.constant <= written.constant
    return False
